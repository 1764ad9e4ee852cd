//! Domain events: what happened, to what, by whom. An event is written in the transaction of the
//! change it tells of; that one item is the outbox, the feed entry and the audit record.

use crate::id::{EventId, TeamId, UserId};
use crate::job::RunState;
use crate::personal::without_values;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use uuid::Uuid;

crate::choice! {
    /// The catalogue of events.
    pub enum EventKind {
        /// A user was registered.
        UserCreated = "user.created",
        /// A user's fields changed.
        UserUpdated = "user.updated",
        /// A user was disabled.
        UserDeleted = "user.deleted",
        /// A user was given another role.
        UserRoleChanged = "user.role_changed",
        /// A user has another password: his own, or one that somebody set.
        UserPasswordChanged = "user.password_changed",
        /// A session of a user was ended, since a refresh token of it was misused.
        SessionReuseDetected = "session.reuse_detected",
        /// A user moved to another team.
        UserTeamChanged = "user.team_changed",
        /// A team was created.
        TeamCreated = "team.created",
        /// A team's name, manager or members changed.
        TeamUpdated = "team.updated",
        /// A team was deleted.
        TeamDeleted = "team.deleted",
        /// The grants of a role changed.
        RoleUpdated = "role.updated",
        /// The settings changed.
        SettingsUpdated = "settings.updated",
        /// A message template changed.
        TemplateUpdated = "template.updated",
        /// A message that had failed was given up for good.
        DeadLetterDiscarded = "deadletter.discarded",
        /// A run of a job ended.
        JobFinished = "job.finished",
        /// A lead was created.
        LeadCreated = "lead.created",
        /// A lead's fields changed.
        LeadUpdated = "lead.updated",
        /// A lead got another owner.
        LeadAssigned = "lead.assigned",
        /// A lead's status changed.
        LeadStatusChanged = "lead.status_changed",
        /// A lead was archived.
        LeadArchived = "lead.archived",
        /// An archived lead came back.
        LeadRestored = "lead.restored",
        /// A lead was deleted for good.
        LeadDeleted = "lead.deleted",
        /// A lead became a customer.
        LeadConverted = "lead.converted",
        /// A customer was created.
        CustomerCreated = "customer.created",
        /// A customer's fields changed.
        CustomerUpdated = "customer.updated",
        /// A customer was archived.
        CustomerArchived = "customer.archived",
        /// An archived customer came back.
        CustomerRestored = "customer.restored",
        /// A customer got another owner.
        CustomerAssigned = "customer.assigned",
        /// A customer's engagement changed.
        CustomerEngagementChanged = "customer.engagement_changed",
        /// A customer's lifecycle changed.
        CustomerLifecycleChanged = "customer.lifecycle_changed",
        /// A communication or note was logged.
        ActivityLogged = "activity.logged",
        /// A communication or note changed.
        ActivityUpdated = "activity.updated",
        /// A communication or note was deleted.
        ActivityDeleted = "activity.deleted",
        /// A follow-up was scheduled.
        FollowUpScheduled = "followup.scheduled",
        /// A follow-up's date, notes or assignee changed.
        FollowUpUpdated = "followup.updated",
        /// A follow-up was done.
        FollowUpCompleted = "followup.completed",
        /// A follow-up was called off.
        FollowUpCancelled = "followup.cancelled",
        /// A follow-up made by mistake was deleted.
        FollowUpDeleted = "followup.deleted",
        /// A follow-up is due, today or since.
        FollowUpDue = "followup.due",
        /// A task was created.
        TaskCreated = "task.created",
        /// A task's fields or owner changed.
        TaskUpdated = "task.updated",
        /// A task's status changed.
        TaskStatusChanged = "task.status_changed",
        /// A task was deleted.
        TaskDeleted = "task.deleted",
        /// A task is due, today or since.
        TaskDue = "task.due",
        /// A project was created.
        ProjectCreated = "project.created",
        /// A project's fields, members or status changed.
        ProjectUpdated = "project.updated",
        /// Work was logged.
        WorkLogCreated = "worklog.created",
        /// A work log was removed.
        WorkLogDeleted = "worklog.deleted",
        /// A product was created.
        ProductCreated = "product.created",
        /// A product's fields changed.
        ProductUpdated = "product.updated",
        /// An order was placed.
        OrderCreated = "order.created",
        /// An order's status changed.
        OrderStatusChanged = "order.status_changed",
        /// A payment or refund was recorded.
        TransactionRecorded = "transaction.recorded",
        /// A loyalty level changed.
        LevelUpdated = "level.updated",
        /// A customer's loyalty level changed.
        CustomerLevelChanged = "customer.level_changed",
        /// A promotion was created.
        PromotionCreated = "promotion.created",
        /// A promotion's fields or status changed.
        PromotionUpdated = "promotion.updated",
        /// A promotion is over.
        PromotionEnded = "promotion.ended",
        /// A customer was given a promotion.
        PromotionAssigned = "promotion.assigned",
        /// A customer's promotion discounted an order.
        PromotionRedeemed = "promotion.redeemed",
        /// A customer's promotion was taken back.
        PromotionRevoked = "promotion.revoked",
        /// A campaign was created.
        CampaignCreated = "campaign.created",
        /// A campaign's fields, owner or status changed.
        CampaignUpdated = "campaign.updated",
        /// A campaign began to send its messages.
        CampaignStarted = "campaign.started",
        /// A campaign ended.
        CampaignFinished = "campaign.finished",
        /// A message to a customer waits to be sent.
        MessageQueued = "message.queued",
        /// A message to a customer was handed over.
        MessageSent = "message.sent",
        /// A message to a customer was given up on.
        MessageFailed = "message.failed",
        /// A notification waits to be sent.
        NotificationQueued = "notification.queued",
        /// A notification was handed over.
        NotificationSent = "notification.sent",
        /// A notification was given up on.
        NotificationFailed = "notification.failed",
    }
}

crate::choice! {
    /// The kinds of record that events are about, as [`crate::Entity::KIND`] has them.
    pub enum EntityType {
        /// A communication or note.
        Activity = "ACTIVITY",
        /// A campaign.
        Campaign = "CAMPAIGN",
        /// A customer.
        Customer = "CUSTOMER",
        /// A promotion that a customer has.
        CustomerPromotion = "CUSTOMERPROMOTION",
        /// A follow-up.
        FollowUp = "FOLLOWUP",
        /// A lead.
        Lead = "LEAD",
        /// A loyalty level.
        Level = "LEVEL",
        /// A message to a customer.
        Message = "MESSAGE",
        /// A notification.
        Notification = "NOTIFICATION",
        /// An order.
        Order = "ORDER",
        /// A product.
        Product = "PRODUCT",
        /// A project.
        Project = "PROJECT",
        /// A promotion.
        Promotion = "PROMOTION",
        /// A role with its grants.
        Role = "ROLE",
        /// The settings.
        Settings = "SETTINGS",
        /// A task.
        Task = "TASK",
        /// A team.
        Team = "TEAM",
        /// A message template.
        Template = "TEMPLATE",
        /// A payment or refund of an order.
        Transaction = "TRANSACTION",
        /// A user.
        User = "USER",
        /// A work log.
        WorkLog = "WORKLOG",
    }
}

impl EventKind {
    /// The bus source: `crm.customer`.
    pub fn source(self) -> String {
        let module = self.as_str().split('.').next().unwrap_or_default();
        format!("crm.{module}")
    }

    /// What of it the feed tells: nobody does anything where something becomes due, a job that did what it should is no news,
    /// of a notification it is told where it did not arrive, and of messages to customers by their campaign.
    pub fn in_feed(self) -> InFeed {
        match self {
            Self::FollowUpDue | Self::TaskDue | Self::NotificationQueued | Self::NotificationSent => InFeed::Never,
            Self::MessageQueued | Self::MessageSent | Self::MessageFailed => InFeed::Never,
            Self::JobFinished => InFeed::UnlessSucceeded,
            _ => InFeed::Always,
        }
    }
}

/// What the feed tells of a kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFeed {
    /// Each.
    Always,
    /// Those whose `state` is another than `SUCCEEDED`.
    UnlessSucceeded,
    /// None.
    Never,
}

/// Who acts and when. The only source of time and ids in the rules.
#[derive(Clone)]
pub struct Act {
    /// Now.
    pub at: Time,
    /// The acting user; `None` is the system.
    pub actor: Option<UserId>,
    /// The acting user's name, `System` for the system.
    pub actor_name: String,
    /// The id of the request that asked for it; `None` where the clock did.
    pub request: Option<Arc<str>>,
    /// Makes ids.
    pub ids: Arc<dyn Fn() -> Uuid + Send + Sync>,
}

impl Act {
    /// A fresh id of any kind.
    pub fn id<T: From<Uuid>>(&self) -> T {
        T::from((self.ids)())
    }

    /// A fresh event id.
    pub fn event_id(&self) -> EventId {
        self.id()
    }
}

impl std::fmt::Debug for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Act").field("at", &self.at).field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its id; consumers count an event once by it.
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When.
    pub at: Time,
    /// Who did it; `None` is the system.
    #[serde(rename = "actorId")]
    pub actor: Option<UserId>,
    /// Who did it, for people.
    pub actor_name: String,
    /// The id of the request that it came of, however many queues lie between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The kind of record: `CUSTOMER`.
    #[serde(rename = "entityType")]
    pub entity: String,
    /// The record's id (a role's code for roles).
    pub entity_id: String,
    /// The record's name then.
    #[serde(rename = "entityLabel")]
    pub label: String,
    /// One sentence for the feed.
    pub summary: String,
    /// The record's owner then.
    #[serde(rename = "ownerId")]
    pub owner: Option<UserId>,
    /// The record's team then.
    #[serde(rename = "teamId")]
    pub team: Option<TeamId>,
    /// Details by kind.
    #[serde(default)]
    pub data: Value,
    /// Old and new values of changed fields.
    #[serde(default)]
    pub changes: Map<String, Value>,
}

impl Event {
    /// Something that happened to what has this kind, id and name, and no owner.
    pub fn new(act: &Act, kind: EventKind, (entity, id, label): (&str, String, String), summary: String, data: Value) -> Self {
        Self {
            id: act.event_id(),
            kind,
            at: act.at,
            actor: act.actor,
            actor_name: act.actor_name.clone(),
            request_id: act.request.as_deref().map(str::to_owned),
            entity: entity.to_owned(),
            entity_id: id,
            label,
            summary,
            owner: None,
            team: None,
            data,
            changes: Map::new(),
        }
    }

    /// Whether the feed tells of it.
    pub fn is_in_feed(&self) -> bool {
        match self.kind.in_feed() {
            InFeed::Always => true,
            InFeed::UnlessSucceeded => self.data["state"] != RunState::Succeeded.as_str(),
            InFeed::Never => false,
        }
    }

    /// With the old and new values of the fields that changed.
    #[must_use]
    pub fn with_changes(mut self, changes: Map<String, Value>) -> Self {
        self.changes = changes;
        self
    }

    /// Seen by whom a record of this owner and team is seen: a child's event goes by its parent.
    #[must_use]
    pub fn seen_by(mut self, owner: Option<UserId>, team: Option<TeamId>) -> Self {
        (self.owner, self.team) = (owner, team);
        self
    }

    /// What consumers get from the bus: what is somebody's is named as changed and stays in the table.
    pub fn envelope(&self) -> Envelope {
        Envelope {
            id: self.id,
            kind: self.kind,
            at: self.at,
            actor: self.actor,
            request_id: self.request_id.clone(),
            entity: EntityRef { kind: self.entity.clone(), id: self.entity_id.clone() },
            owner: self.owner,
            team: self.team,
            data: self.data.clone(),
            changes: without_values(&self.changes),
        }
    }
}

/// An event as the bus carries it: without what is for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The event's id; consumers count an event once by it.
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When.
    pub at: Time,
    /// Who did it; `None` is the system.
    #[serde(rename = "actorId")]
    pub actor: Option<UserId>,
    /// The id of the request that it came of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// To what.
    pub entity: EntityRef,
    /// The record's owner then.
    #[serde(rename = "ownerId")]
    pub owner: Option<UserId>,
    /// The record's team then.
    #[serde(rename = "teamId")]
    pub team: Option<TeamId>,
    /// Details by kind.
    #[serde(default)]
    pub data: Value,
    /// Old and new values of changed fields; of personal ones their names alone.
    #[serde(default)]
    pub changes: Map<String, Value>,
}

/// The record that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityRef {
    /// Its kind: `CUSTOMER`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id (a role's code for roles).
    pub id: String,
}
