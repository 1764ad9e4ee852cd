//! What fields are for that mean the same wherever they stand, and what stands in them in examples.
//!
//! A declaration's own doc comment comes first; a field that is neither there nor here has no
//! description, which a test over the document does not let pass.

use serde_json::Value;

/// The description of a field of this name; empty where it is not known.
pub(crate) fn description(name: &str) -> &'static str {
    FIELDS.iter().find(|(known, ..)| *known == name).map_or("", |(_, description, _)| description)
}

/// What stands in the field of this name of a type in examples, by both names where the type's is
/// there. Whoever asks has to look whether the field takes it.
pub(crate) fn example(of: &str, name: &str) -> Option<Value> {
    let found = |wanted: &str| FIELDS.iter().find(|(known, _, example)| *known == wanted && !example.is_empty());
    let (.., example) = found(&format!("{of}.{name}")).or_else(|| found(name))?;
    serde_json::from_str(example).ok()
}

/// (name, or type and name where only the example differs; description; example as JSON).
const FIELDS: &[(&str, &str, &str)] = &[
    ("Component.name", "", r#""table""#),
    ("Component.state", "", r#""up""#),
    ("Component.detail", "", "null"),
    ("Health.status", "", r#""ok""#),
    ("Health.version", "", r#""0.1.0""#),
    ("Level.name", "", r#""Bronze""#),
    ("Me.name", "", r#""Grace Hopper""#),
    ("NamedUser.name", "", r#""Grace Hopper""#),
    ("Permission.description", "", r#""Sees customers.""#),
    ("Permission.name", "", r#""customers:read_own""#),
    ("Project.description", "", r#""A machine that computes and prints tables.""#),
    ("Project.name", "", r#""Difference engine""#),
    ("Project.status", "", r#""PLANNED""#),
    ("QueueDepth.depth", "", "0"),
    ("QueueDepth.dead", "", "1"),
    ("QueueDepth.name", "", r#""work""#),
    ("Ready.status", "", r#""ok""#),
    ("Customer.rfm", "", "null"),
    ("GrantedRole.description", "", r#""Sells: sees and changes their own records""#),
    ("GrantedRole.version", "", "0"),
    ("Task.title", "", r#""Write the offer""#),
    ("Team.name", "", r#""North""#),
    ("TeamName.name", "", r#""North""#),
    ("User.name", "", r#""Grace Hopper""#),
    ("WorkLog.description", "", r#""Wrote the offer""#),
    ("accessToken", "The token to send as `Authorization: Bearer …`.", r#""eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl""#),
    ("activities", "How many activities there are.", "4"),
    ("address", "The postal address.", ""),
    ("allowDuplicate", "Goes on although another lead or customer has the same e-mail address or phone number.", ""),
    ("archived", "Whether it is archived.", "false"),
    ("archivedAt", "When it was archived; null while it is not.", "null"),
    ("assigneeId", "The user who is to do it.", ""),
    ("attempts", "How often it was tried.", "5"),
    ("authorName", "The name of who wrote it.", r#""Grace Hopper""#),
    ("birthday", "The day of birth.", r#""1906-12-09""#),
    ("body", "The text.", r#""Asked for an offer by the end of the month.""#),
    ("cause", "Why.", r#""the message is not JSON""#),
    ("city", "The town.", r#""Berlin""#),
    ("closeNote", "What was noted when it was closed.", "null"),
    ("closeReason", "Why it was closed; null while it is not.", "null"),
    ("code", "The short name of it.", ""),
    ("commit", "The commit that was built.", r#""f6c935a""#),
    ("company", "The company.", r#""Analytical Engines Ltd""#),
    ("completedAt", "When it was completed; null while it is not.", "null"),
    ("convertedAt", "When it became a customer; null while it has not.", "null"),
    ("convertedCustomerId", "The customer it became; null while it has not.", "null"),
    ("convertedFromLeadId", "The lead it was; null where there was none.", "null"),
    ("country", "The country.", r#""DE""#),
    ("counts", "How much hangs below it.", ""),
    ("createdAt", "When it was made.", r#""2025-09-01T10:30:00.000Z""#),
    ("createdBy", "The user who made it; null where the system did.", ""),
    ("currency", "The currency of every amount, ISO 4217.", r#""EUR""#),
    ("currentPassword", "The present password.", r#""a long enough password""#),
    ("cursor", "The `nextCursor` of the page before, with the same filters and order.", ""),
    ("customer", "The customer.", ""),
    ("customerId", "The customer.", ""),
    ("description", "The long text.", r#""Wants a machine that computes and prints tables.""#),
    ("direction", "Who began it.", r#""INBOUND""#),
    ("dueAt", "When it is due.", r#""2025-09-01T10:30:00Z""#),
    ("dueSoonDays", "How many days from today count as soon.", "7"),
    ("durationMin", "How long it took, minutes.", "15"),
    ("email", "The e-mail address.", r#""grace@example.com""#),
    ("emailStatus", "Whether e-mail arrives at the address.", ""),
    ("endDate", "The last day.", r#""2025-09-01""#),
    ("engagement", "How warm the contact is.", ""),
    ("engagementChangedAt", "When the engagement changed.", r#""2025-09-01T10:30:00.000Z""#),
    ("every", "How many units lie between one time and the next.", "1"),
    ("expiresIn", "For how many seconds the access token counts.", "900"),
    ("failedAt", "When it was given up on.", r#""2025-09-01T10:30:00.000Z""#),
    ("firstName", "The first name.", r#""Grace""#),
    ("followUpsPending", "How many follow-ups are pending.", "1"),
    ("frequency", "Orders a year from which a customer has the scores 5 to 2.", "[20, 10, 5, 2]"),
    ("id", "The id, a UUIDv7.", ""),
    ("lastContactedAt", "", r#""2025-09-01T10:30:00.000Z""#),
    ("lastLoginAt", "When the user signed in last.", r#""2025-09-01T10:30:00.000Z""#),
    ("lastName", "The last name.", r#""Hopper""#),
    ("lastOrderAt", "When the last order was placed.", "null"),
    ("latestNotes", "The five newest notes, newest first.", ""),
    ("lead", "The lead.", ""),
    ("leadId", "The lead.", ""),
    ("leadSources", "Sources that are suggested for leads.", r#"["web", "referral"]"#),
    ("level", "The loyalty level.", ""),
    ("levelCode", "The loyalty level.", ""),
    ("lifecycle", "Where the customer stands.", r#""CUSTOMER""#),
    ("limit", "How many items a page has at most.", "20"),
    ("line1", "Street and number.", r#""1 Market Street""#),
    ("line2", "What else belongs to the street.", "null"),
    ("locale", "The language, as a tag.", r#""en-GB""#),
    ("loggedMinutes", "The minutes that were logged.", "90"),
    ("manager", "Who leads it; null where nobody does.", ""),
    ("managerId", "The user who leads it; null where nobody does.", ""),
    ("marketingOptOut", "Whether campaigns leave this customer out.", "false"),
    ("memberIds", "The users who belong to it.", ""),
    ("metadata", "Free data of the frontend.", r#"{"importedFrom": "spreadsheet"}"#),
    ("minutes", "How long it took, minutes.", "90"),
    ("monetary", "Minor units a year from which a customer has the scores 5 to 2.", "[10000, 5000, 1000, 100]"),
    ("mustChangePassword", "Whether a password of one's own has to be set first.", "false"),
    ("name", "The name.", r#""Analytical Engines Ltd""#),
    ("newPassword", "The new password, 10 to 200 characters.", r#""another long password""#),
    ("nextFollowUp", "The earliest pending follow-up; null where there is none.", ""),
    ("nextFollowUpAt", "", r#""2025-09-08T10:30:00.000Z""#),
    ("notes", "What it is about.", r#""Ask what came of the offer.""#),
    ("notificationPrefs", "", r#"{"task.assigned": {"email": true}}"#),
    ("occurredAt", "When it took place.", r#""2025-09-01T10:30:00Z""#),
    ("orders", "How many orders there are.", "0"),
    ("orderCount", "", "0"),
    ("outcome", "What came of it.", r#""Wants an offer""#),
    ("owner", "Who owns it; null where nobody does.", ""),
    ("ownerId", "The user who owns it; null where nobody does.", ""),
    ("ownerName", "The name of who owns it; null where nobody does.", r#""Grace Hopper""#),
    ("password", "The password.", r#""a long enough password""#),
    ("permissions", "", r#"["customers:read_own"]"#),
    ("phone", "The phone number.", r#""+4930123456""#),
    ("postalCode", "The postal code.", r#""10115""#),
    ("priority", "How urgent it is.", r#""NORMAL""#),
    ("projectId", "The project.", ""),
    ("projects", "How many projects there are.", "1"),
    ("pushTokens", "", r#"["device-token"]"#),
    ("queue", "The queue.", r#""work""#),
    ("reach", "", r#""OWN""#),
    ("recency", "", "5"),
    ("recencyDays", "Days since the last order up to which a customer has the scores 5 to 2.", "[30, 60, 90, 180]"),
    ("recurrence", "How it comes again; null where it does not.", ""),
    ("referredById", "The customer who brought this one.", ""),
    (
        "refreshToken",
        "The token for `POST /auth/refresh`, to be used once.",
        r#""bGF0ZXItYW5kLWxhdGVyLWFuZC1sYXRlci1hbmQtbGF0ZXItYW5kLWxhdGVyLWFuZC1sYXRlci1hbmQtbGF0ZX""#,
    ),
    ("region", "The state or county.", "null"),
    ("rfm", "The thresholds of the RFM scoring.", ""),
    ("role", "The role.", r#""SALES_REP""#),
    ("scopes", "", r#"["customers:read_own"]"#),
    ("sort", "The order; `-` is descending. Where it is not given, the first of the values.", ""),
    ("source", "Where it came from.", r#""web""#),
    ("startDate", "The first day.", r#""2025-09-01""#),
    ("state", "", r#""up""#),
    ("status", "Where it stands.", ""),
    ("statusChangedAt", "When the status changed.", r#""2025-09-01T10:30:00.000Z""#),
    ("taskId", "The task.", ""),
    ("tasks", "How many tasks there are.", "3"),
    ("tasksDone", "How many tasks are done.", "1"),
    ("tasksOpen", "How many tasks are open.", "2"),
    ("team", "The team; null where there is none.", ""),
    ("teamId", "The team; null where there is none.", ""),
    ("templateId", "", "null"),
    ("timeZone", "", r#""Europe/Berlin""#),
    ("title", "The title.", r#""A machine for tables""#),
    ("tokenType", "", r#""Bearer""#),
    ("totalSpentMinor", "", "0"),
    ("type", "What kind it is.", ""),
    ("unit", "The unit of `every`.", ""),
    ("until", "", r#""2026-09-01""#),
    ("updatedAt", "When it was changed last.", r#""2025-09-01T10:30:00.000Z""#),
    ("user", "The user.", ""),
    ("userId", "The user.", ""),
    ("username", "The username.", r#""grace""#),
    ("version", "Counts the changes that people make; the number in the `ETag`.", "1"),
    ("welcomedAt", "When the welcome message was sent.", "null"),
    ("workDate", "The day of the work.", r#""2025-09-01""#),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_is_known_once_and_every_example_is_json() {
        let names: BTreeSet<&str> = FIELDS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), FIELDS.len());
        for (name, _, text) in FIELDS {
            assert!(text.is_empty() || example("", name).is_some(), "{name}: {text}");
        }
    }
}
