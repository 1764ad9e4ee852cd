//! What a create and a change of a campaign take.

use contract::{List, Patch};
use domain::campaign::{CampaignBody, CampaignData, CampaignStatus, CampaignText, MAX_OWNERS, Segment};
use domain::customer::{Engagement, LevelCode, Lifecycle};
use domain::message::CustomerChannel;
use domain::message_template::SUBJECT;
use domain::money::Amount;
use domain::time::Day;
use domain::value::Text;
use domain::{Time, UserId};

contract::body! {
    /// Which customers a campaign is for: those that are in each list; one that is empty or not given has everybody. Archived ones
    /// never are.
    pub struct SegmentInput {
        pub lifecycle: Option<List<Lifecycle, 3>>,
        pub engagement: Option<List<Engagement, 3>>,
        pub level_codes: Option<List<LevelCode, 4>>,
        /// Whose customers: active users inside reach.
        pub owner_ids: Option<List<UserId, MAX_OWNERS>>,
        /// At least so much spent, minor units.
        pub min_total_spent: Option<Amount>,
        /// No call, e-mail or meeting on this day or later, or never.
        pub not_contacted_since: Option<Day>,
    }
}

impl From<&SegmentInput> for Segment {
    fn from(sent: &SegmentInput) -> Self {
        fn list<T: Clone, const MOST: usize>(sent: &Option<List<T, MOST>>) -> Vec<T> {
            sent.as_ref().map(|list| list.0.clone()).unwrap_or_default()
        }
        Self {
            lifecycle: list(&sent.lifecycle),
            engagement: list(&sent.engagement),
            level_codes: list(&sent.level_codes),
            owner_ids: list(&sent.owner_ids),
            min_total_spent: sent.min_total_spent,
            not_contacted_since: sent.not_contacted_since,
        }
    }
}

contract::editable! {
    /// A new campaign.
    create CreateCampaign,
    /// The fields to change, while it is DRAFT or SCHEDULED; what runs can only be cancelled.
    change UpdateCampaign,
    data CampaignData {
        name: Text<200>,
        /// Through what it goes; there is no other way for those whom it does not lead to.
        channel: CustomerChannel,
        /// The subject of a mail, with placeholders; null for SMS.
        subject: Option<Text<SUBJECT>>,
        /// When it starts by itself, in the future. With one it is SCHEDULED, which takes `campaigns:execute` as well.
        scheduled_at: Option<Time>,
    }
    defaulted {}
    text CampaignText {}
    create {
        /// Plain text of at most 1000 characters with `{{ name }}`, `{{ firstName }}` and `{{ company }}`, and
        /// `{% if firstName %}…{% else %}…{% endif %}`.
        body: CampaignBody,
        /// All customers inside reach when not given.
        segment: Option<SegmentInput>,
    }
    change {
        /// Plain text of at most 1000 characters with `{{ name }}`, `{{ firstName }}` and `{{ company }}`, and
        /// `{% if firstName %}…{% else %}…{% endif %}`.
        body: Patch<CampaignBody>,
        /// All of it anew.
        segment: Patch<SegmentInput>,
        /// DRAFT or SCHEDULED to the other of the two or CANCELLED, RUNNING to CANCELLED. Without it the status follows `scheduledAt`.
        status: Patch<CampaignStatus>,
    }
    elsewhere { status, started_at, finished_at, owner_id }
}
