//! What a create and a change of a campaign take.

use contract::{Body, Components, Errors, Json, List, Parse, Patch};
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
        /// Where they stand.
        pub lifecycle: Option<List<Lifecycle, 3>>,
        /// How lately they were heard of.
        pub engagement: Option<List<Engagement, 3>>,
        /// Their loyalty levels.
        pub level_codes: Option<List<LevelCode, 4>>,
        /// Whose customers: active users inside reach.
        pub owner_ids: Option<List<UserId, MAX_OWNERS>>,
        /// At least so much spent, minor units.
        pub min_total_spent: Option<Amount>,
        /// No call, e-mail or meeting on this day or later, or never.
        pub not_contacted_since: Option<Day>,
    }
}

/// A segment as it was sent. What of it did not parse is wrong, and looked at no further; the rest is.
#[derive(Debug, Clone)]
pub struct SentSegment(pub <SegmentInput as Body>::Sent);

impl Parse for SentSegment {
    fn parse(value: &Json, errors: &mut Errors) -> Option<Self> {
        SegmentInput::read(value, errors).map(Self)
    }

    fn schema(components: &mut Components) -> Json {
        SegmentInput::schema(components)
    }
}

impl SentSegment {
    /// The segment that it says.
    pub fn segment(&self) -> Segment {
        fn list<T: Clone, const MOST: usize>(sent: &Option<Option<List<T, MOST>>>) -> Vec<T> {
            sent.as_ref().and_then(Option::as_ref).map(|list| list.0.clone()).unwrap_or_default()
        }
        let sent = &self.0;
        Segment {
            lifecycle: list(&sent.lifecycle),
            engagement: list(&sent.engagement),
            level_codes: list(&sent.level_codes),
            owner_ids: list(&sent.owner_ids),
            min_total_spent: sent.min_total_spent.flatten(),
            not_contacted_since: sent.not_contacted_since.flatten(),
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
        /// Plain text of at most 1000 characters, 600 with the channel SMS, with `{{ name }}`, `{{ firstName }}` and `{{ company }}`, and
        /// `{% if firstName %}…{% else %}…{% endif %}`.
        body: CampaignBody,
        /// All customers inside reach when not given.
        segment: Option<SentSegment>,
    }
    change {
        /// Plain text of at most 1000 characters, 600 with the channel SMS, with `{{ name }}`, `{{ firstName }}` and `{{ company }}`, and
        /// `{% if firstName %}…{% else %}…{% endif %}`.
        body: Patch<CampaignBody>,
        /// All of it anew.
        segment: Patch<SentSegment>,
        /// DRAFT or SCHEDULED to the other of the two or CANCELLED, RUNNING to CANCELLED. Without it the status follows `scheduledAt`.
        status: Patch<CampaignStatus>,
    }
    elsewhere { status, started_at, finished_at, owner_id }
}
