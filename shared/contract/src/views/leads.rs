//! Leads as they are answered.

use super::NamedUser;
use super::overview::{LeadCounts, NextFollowUp, NoteOut, shown};
use domain::json::Metadata;
use domain::lead::{CloseReason, Lead, LeadData, LeadDerived, LeadStatus};
use domain::value::{Email, Phone, Prose, Text};
use domain::{CustomerId, Overview, Record, TeamId, Time, UserId};

crate::row! {
    /// A lead as lists show it: without long fields.
    pub struct LeadRow of Lead, ()
    data LeadData {
        title: Text<200>,
        first_name: Option<Text<100>>,
        last_name: Option<Text<100>>,
        email: Option<Email>,
        phone: Option<Phone>,
        company: Option<Text<200>>,
        source: Option<Text<50>>,
        status: LeadStatus,
        status_changed_at: Time,
        close_reason: Option<CloseReason>,
        close_note: Option<Text<500>>,
        owner_id: Option<UserId>,
        converted_customer_id: Option<CustomerId>,
        converted_at: Option<Time>,
        archived_at: Option<Time>,
    } hidden {}
    derived LeadDerived {
        owner_name: Option<String>,
        team_id: Option<TeamId>,
        /// Latest call, e-mail or meeting.
        last_contacted_at: Option<Time>,
        /// Earliest pending follow-up.
        next_follow_up_at: Option<Time>,
    } hidden { source_key }
    computed {
        archived: bool = |lead| lead.data.archived_at.is_some(),
    }
}

crate::whole! {
    /// A whole lead.
    pub struct LeadOut of Lead as LeadRow, () {
        owner: Option<NamedUser> = |lead| NamedUser::of(lead.data.owner_id, lead.derived.owner_name.as_deref()),
        description: Option<Prose> = |lead| lead.text.description.clone(),
        /// Free data of the frontend.
        metadata: Option<Metadata> = |lead| lead.text.metadata.clone(),
    } kept [owner]
}

crate::page! {
    /// A lead with what stands beside it.
    pub struct LeadPage of LeadOut {
        counts: LeadCounts,
        latest_notes: Vec<NoteOut>,
        next_follow_up: Option<NextFollowUp>,
    }
}

impl LeadPage {
    /// A lead and what stands beside it.
    pub fn new(lead: Record<Lead>, overview: Overview) -> Self {
        let mut whole = LeadOut::new(lead);
        let counts = LeadCounts::from(&overview);
        let (latest_notes, next_follow_up) = shown(overview);
        // The list's own column follows within a second; the page has it at first hand.
        whole.row.next_follow_up_at = next_follow_up.as_ref().map(|next| next.due_at);
        Self { whole, counts, latest_notes, next_follow_up }
    }
}
