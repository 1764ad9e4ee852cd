//! What campaign routes answer.

use domain::campaign::{Campaign, CampaignData, CampaignDerived, CampaignStatus, Segment, Stats};
use domain::customer::{Engagement, LevelCode, Lifecycle};
use domain::message::CustomerChannel;
use domain::message_template::SUBJECT;
use domain::money::Amount;
use domain::time::Day;
use domain::value::Text;
use domain::{TeamId, Time, UserId};
use edge::application::Preview;

contract::answer! {
    /// How the messages of a campaign fared.
    pub struct CampaignStats {
        /// Customers of the segment that were found so far: the sum of the other four.
        pub targeted: u64,
        /// Messages on their way.
        pub queued: u64,
        /// Messages that were handed over.
        pub sent: u64,
        /// Messages that were given up on.
        pub failed: u64,
        /// Messages that are not sent; each says why.
        pub skipped: u64,
    }
}

impl From<Stats> for CampaignStats {
    fn from(Stats { targeted, queued, sent, failed, skipped }: Stats) -> Self {
        Self { targeted, queued, sent, failed, skipped }
    }
}

contract::answer! {
    /// Which customers a campaign is for: those that are in each list, of which an empty one has everybody.
    pub struct CampaignSegment {
        /// Where they stand.
        pub lifecycle: Vec<Lifecycle>,
        /// How lately they were heard of.
        pub engagement: Vec<Engagement>,
        /// Their loyalty levels.
        pub level_codes: Vec<LevelCode>,
        /// Whose customers.
        pub owner_ids: Vec<UserId>,
        /// At least so much spent, minor units.
        pub min_total_spent: Option<Amount>,
        /// No call, e-mail or meeting on this day or later, or never.
        pub not_contacted_since: Option<Day>,
    }
}

impl From<Segment> for CampaignSegment {
    fn from(segment: Segment) -> Self {
        let Segment { lifecycle, engagement, level_codes, owner_ids, min_total_spent, not_contacted_since } = segment;
        Self { lifecycle, engagement, level_codes, owner_ids, min_total_spent, not_contacted_since }
    }
}

contract::row! {
    /// A campaign as lists show it: without its body and segment.
    pub struct CampaignRow of Campaign, (stats: Stats)
    data CampaignData {
        name: Text<200>,
        /// Through what it goes.
        channel: CustomerChannel,
        /// The subject of a mail, with placeholders.
        subject: Option<Text<SUBJECT>>,
        status: CampaignStatus,
        /// When it starts by itself.
        scheduled_at: Option<Time>,
        /// When it was started.
        started_at: Option<Time>,
        /// When it was over, or called off.
        finished_at: Option<Time>,
        owner_id: UserId,
    } hidden {}
    derived CampaignDerived {
        owner_name: Option<String>,
        team_id: Option<TeamId>,
        /// Who started it, or scheduled it or changed it since: it goes to customers inside that one's reach.
        starter_id: Option<UserId>,
        /// Why it is FAILED.
        error: Option<String>,
    } hidden { resolved }
    computed {
        /// How its messages fared so far.
        stats: CampaignStats = |_campaign| stats.into(),
    }
}

contract::whole! {
    /// A whole campaign.
    pub struct CampaignOut of Campaign as CampaignRow, (stats: Stats) {
        /// What it says, with placeholders.
        body: String = |campaign| campaign.text.body.clone(),
        /// To whom.
        segment: CampaignSegment = |campaign| campaign.text.segment.clone().into(),
    }
}

contract::answer! {
    /// Whom a segment has inside the caller's reach.
    pub struct SegmentPreview {
        /// How many customers are in it.
        pub customers: u64,
        /// How many of these can be written to now: neither opted out nor without an address for the channel.
        pub reachable: u64,
        /// Whether these are all; else there may be more.
        pub complete: bool,
    }
}

impl From<Preview> for SegmentPreview {
    fn from(Preview { customers, reachable, complete }: Preview) -> Self {
        Self { customers, reachable, complete }
    }
}
