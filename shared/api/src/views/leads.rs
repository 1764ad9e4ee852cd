//! Leads as they are answered.

use super::NamedUser;
use super::overview::{LeadCounts, NextFollowUp, NoteOut, shown};
use domain::input::{Json, Show, extended};
use domain::lead::{CloseReason, Lead, LeadStatus};
use domain::{CustomerId, LeadId, Record, TeamId, Time, UserId};
use serde_json::{Map, Value};
use store::Overview;

domain::answer! {
    /// A lead as lists show it: without long fields.
    pub struct LeadRow {
        pub id: LeadId,
        pub title: String,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub email: Option<String>,
        pub phone: Option<String>,
        pub company: Option<String>,
        pub source: Option<String>,
        pub status: LeadStatus,
        pub status_changed_at: Time,
        pub close_reason: Option<CloseReason>,
        pub close_note: Option<String>,
        pub owner_id: Option<UserId>,
        pub owner_name: Option<String>,
        pub team_id: Option<TeamId>,
        pub last_contacted_at: Option<Time>,
        pub next_follow_up_at: Option<Time>,
        pub converted_customer_id: Option<CustomerId>,
        pub converted_at: Option<Time>,
        pub archived: bool,
        pub archived_at: Option<Time>,
        pub created_at: Time,
        pub updated_at: Time,
        pub created_by: Option<UserId>,
        pub version: u64,
    }
}

impl From<Record<Lead>> for LeadRow {
    fn from(lead: Record<Lead>) -> Self {
        let (data, kept) = (lead.data, lead.kept);
        Self {
            id: lead.id,
            title: data.title.to_string(),
            first_name: data.first_name.map(|value| value.to_string()),
            last_name: data.last_name.map(|value| value.to_string()),
            email: data.email.map(|value| value.to_string()),
            phone: data.phone.map(|value| value.to_string()),
            company: data.company.map(|value| value.to_string()),
            source: data.source.map(|value| value.to_string()),
            status: data.status,
            status_changed_at: data.status_changed_at,
            close_reason: data.close_reason,
            close_note: data.close_note.map(|value| value.to_string()),
            owner_id: data.owner_id,
            owner_name: kept.owner_name,
            team_id: kept.team_id,
            last_contacted_at: kept.last_contacted_at,
            next_follow_up_at: kept.next_follow_up_at,
            converted_customer_id: data.converted_customer_id,
            converted_at: data.converted_at,
            archived: data.archived_at.is_some(),
            archived_at: data.archived_at,
            created_at: lead.created_at,
            updated_at: lead.updated_at,
            created_by: lead.created_by,
            version: lead.version,
        }
    }
}

/// A whole lead.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LeadOut {
    #[serde(flatten)]
    row: LeadRow,
    owner: Option<NamedUser>,
    description: Option<String>,
    metadata: Option<Map<String, Value>>,
}

impl Show for LeadOut {
    fn schema() -> Json {
        let more = [
            ("owner", <Option<NamedUser>>::schema()),
            ("description", <Option<String>>::schema()),
            ("metadata", <Option<Map<String, Value>>>::schema()),
        ];
        extended(LeadRow::schema(), more)
    }
}

impl From<Record<Lead>> for LeadOut {
    fn from(mut lead: Record<Lead>) -> Self {
        let (description, metadata) = (lead.text.description.take(), lead.text.metadata.take());
        let row = LeadRow::from(lead);
        let owner = row.owner_id.zip(row.owner_name.clone()).map(|(id, name)| NamedUser { id, name });
        Self { row, owner, description: description.map(|text| text.to_string()), metadata }
    }
}

/// A lead with what stands beside it.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeadPage {
    #[serde(flatten)]
    lead: LeadOut,
    counts: LeadCounts,
    latest_notes: Vec<NoteOut>,
    next_follow_up: Option<NextFollowUp>,
}

impl Show for LeadPage {
    fn schema() -> Json {
        let more = [("counts", LeadCounts::schema()), ("latestNotes", <Vec<NoteOut>>::schema()), ("nextFollowUp", <Option<NextFollowUp>>::schema())];
        extended(LeadOut::schema(), more)
    }
}

impl LeadPage {
    /// A lead and what stands beside it.
    pub fn new(lead: Record<Lead>, overview: Overview) -> Self {
        let mut lead = LeadOut::from(lead);
        let counts = LeadCounts::from(&overview);
        let (latest_notes, next_follow_up) = shown(overview);
        // The list's own column follows within a second; the page has it at first hand.
        lead.row.next_follow_up_at = next_follow_up.as_ref().map(|next| next.due_at);
        Self { lead, counts, latest_notes, next_follow_up }
    }
}
