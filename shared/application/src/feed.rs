//! The feed: what happened lately, as far as the caller reaches it.

use crate::app::App;
use crate::error::Error;
use crate::reach::Purpose;
use domain::activity::Activity;
use domain::campaign::Campaign;
use domain::customer::{Customer, LevelCode};
use domain::customer_promotion::{CustomerPromotion, CustomerPromotionId};
use domain::event::{EntityType, Event};
use domain::follow_up::FollowUp;
use domain::lead::Lead;
use domain::level::CustomerLevel;
use domain::message::{Message, MessageId};
use domain::message_template::{MessageTemplate, TemplateKind};
use domain::notification::Notification;
use domain::order::Order;
use domain::permission::RoleGrants;
use domain::product::Product;
use domain::project::Project;
use domain::promotion::Promotion;
use domain::settings::Settings;
use domain::settings::SettingsId;
use domain::task::Task;
use domain::team::Team;
use domain::text::{Invalid, TextValue};
use domain::transaction::Transaction;
use domain::user::User;
use domain::work_log::WorkLog;
use domain::{
    Access, ActivityId, CampaignId, CustomerId, FollowUpId, LeadId, NotificationId, OrderId, Permission, ProductId, ProjectId, PromotionId, Reach,
    Role, Scope, TaskId, TeamId, TransactionId, UserId, WorkLogId,
};
use store::{Lately, Page, Paging, Stored};

/// How far back the feed goes, days. Events stay as long as their record.
pub const FEED_DAYS: i64 = 90;

/// Of what events are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FeedOf {
    /// Everything inside reach.
    Everything,
    /// Records of a kind.
    Kind(EntityType),
    /// One record.
    One(RecordId),
}

macro_rules! records {
    ($($variant:ident: $entity:ty, $id:ty, $reading:expr;)*) => {
        /// A record of any kind that events are about.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub enum RecordId {
            $(
                #[doc = stringify!($variant)]
                $variant($id),
            )*
        }

        impl RecordId {
            /// The record of this kind and id.
            pub fn read(kind: EntityType, id: &str) -> Result<Self, Invalid> {
                Ok(match kind {
                    $(EntityType::$variant => Self::$variant(<$id>::read(id)?),)*
                })
            }

            /// Its kind, and its id as text.
            fn parts(self) -> (EntityType, String) {
                match self {
                    $(Self::$variant(id) => (EntityType::$variant, id.to_string()),)*
                }
            }
        }

        impl App {
            /// Whether the caller may open a record, and by the feed's permission as well.
            async fn follows(&self, scope: &Scope, record: RecordId) -> Result<bool, Error> {
                match record {
                    $(RecordId::$variant(id) => self.follows_one::<$entity>(scope, $reading, id).await,)*
                }
            }
        }

        #[cfg(test)]
        mod tests {
            use super::*;
            use domain::Entity;

            #[test]
            fn a_kind_of_record_has_one_name() {
                $(assert_eq!(EntityType::$variant.as_str(), <$entity>::KIND);)*
            }
        }
    };
}

records! {
    Activity: Activity, ActivityId, Some(Permission::ActivitiesRead);
    Campaign: Campaign, CampaignId, Some(Permission::CampaignsRead);
    Customer: Customer, CustomerId, Some(Permission::CustomersRead);
    CustomerPromotion: CustomerPromotion, CustomerPromotionId, Some(Permission::CustomersRead);
    FollowUp: FollowUp, FollowUpId, Some(Permission::FollowupsRead);
    Lead: Lead, LeadId, Some(Permission::LeadsRead);
    Message: Message, MessageId, Some(Permission::MessagesRead);
    Notification: Notification, NotificationId, Some(Permission::NotificationsRead);
    Order: Order, OrderId, Some(Permission::OrdersRead);
    Product: Product, ProductId, Some(Permission::ProductsRead);
    Project: Project, ProjectId, Some(Permission::ProjectsRead);
    Promotion: Promotion, PromotionId, Some(Permission::PromotionsRead);
    Role: RoleGrants, Role, Some(Permission::RolesRead);
    Settings: Settings, SettingsId, None;
    Task: Task, TaskId, Some(Permission::TasksRead);
    Team: Team, TeamId, Some(Permission::TeamsRead);
    Level: CustomerLevel, LevelCode, Some(Permission::LevelsRead);
    Template: MessageTemplate, TemplateKind, Some(Permission::MessageTemplatesRead);
    Transaction: Transaction, TransactionId, Some(Permission::TransactionsRead);
    User: User, UserId, Some(Permission::UsersRead);
    WorkLog: WorkLog, WorkLogId, Some(Permission::WorklogsRead);
}

impl App {
    /// What happened lately, newest first: to records that were inside reach then; of one record, if it is
    /// inside reach now. What was deleted is inside the reach of everything alone.
    pub async fn list_feed(&self, scope: &Scope, of: FeedOf, paging: Paging<'_>) -> Result<Page<Event>, Error> {
        let now = self.clock.now();
        let lately = Lately { since: now.plus_seconds(-FEED_DAYS * 86_400), now };
        let kind = match of {
            FeedOf::Everything => None,
            // Nobody's by nature, so nothing of them is inside a narrower reach.
            FeedOf::Kind(
                EntityType::Level | EntityType::Product | EntityType::Promotion | EntityType::Role | EntityType::Settings | EntityType::Template,
            ) if scope.reach() != Reach::All => {
                return Ok(Page::empty());
            }
            FeedOf::Kind(kind) => Some(kind),
            FeedOf::One(record) => {
                let (kind, id) = record.parts();
                let page = async { Ok(self.store().feed_of_record(kind, &id, lately, paging).await?) };
                let (reached, page) = tokio::try_join!(self.follows(scope, record), page)?;
                return if reached { Ok(page) } else { Err(Error::NotFound) };
            }
        };
        Ok(self.store().feed(scope, kind, lately, paging).await?)
    }

    async fn follows_one<E: Stored>(&self, scope: &Scope, reading: Option<Permission>, id: E::Id) -> Result<bool, Error> {
        let reading = reading.map_or_else(|| Some(scope.clone()), |permission| scope.by(permission));
        let Some(scope) = reading.map(|reading| reading.at_most(scope.reach())) else { return Ok(false) };
        if scope.reach() == Reach::All {
            return Ok(true);
        }
        let Some(record) = self.store().get::<E>(id).await? else { return Ok(false) };
        // What everybody may look at is not everybody's to follow.
        if E::access(&record) == Access::Everyone {
            return Ok(record.inside(&scope));
        }
        match self.check(&scope, record, Purpose::Read).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
