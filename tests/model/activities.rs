//! Random edits of activities, some of them at once, while leads become customers: afterwards the
//! dates of the last contact, the counts, the latest notes and the timelines are those of a recount.
//!
//! Edits made at once are no sequence that could be shrunk, and the workers run beside them on purpose:
//! what is looked for here are the meetings that `random_calls` cannot have.

use crate::model::calendar::later;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tests::people::text;
use tests::random::Random;
use tests::{Crm, Person, Reply, eventually, number_in_environment, together};

/// How many seeds run, each on a CRM of its own, and how many edits each makes at least.
const SEEDS: u64 = 4;
const EDITS: usize = 152;
/// How many edits are made at once, where some are.
const AT_ONCE: usize = 5;
/// How many leads a seed converts at most.
const CONVERSIONS: usize = 6;
/// How long the background may take.
const SOON: Duration = Duration::from_secs(40);
/// After how many looks what disagrees is told: most of that time.
const PATIENCE: usize = 500;

/// A lead or customer.
#[derive(Debug, Clone, PartialEq)]
struct Party {
    id: String,
    is_lead: bool,
    /// The customer that a lead became.
    customer: Option<String>,
}

/// An activity that was made.
#[derive(Debug, Clone)]
struct Activity {
    id: String,
    /// The lead or customer it was made for.
    party: String,
    kind: &'static str,
    occurred: String,
    body: String,
    created: String,
    deleted: bool,
}

/// An edit.
#[derive(Debug, Clone)]
enum Edit {
    Create {
        party: Party,
        kind: &'static str,
        occurred: String,
        body: String,
    },
    Change {
        id: String,
        kind: Option<&'static str>,
        occurred: Option<String>,
        body: Option<String>,
    },
    Delete {
        id: String,
    },
    /// Of a lead, to a new customer or to this one.
    Convert {
        lead: String,
        customer: Option<String>,
    },
}

/// The kinds of activity; all but the first are contacts.
const KINDS: [&str; 4] = ["NOTE", "CALL", "EMAIL", "MEETING"];

/// What happened in one seed.
struct Run {
    seed: u64,
    random: Random,
    admin: Person,
    parties: Vec<Party>,
    activities: Vec<Activity>,
    /// Texts in the order of their making, so that each is another.
    texts: usize,
    history: Vec<String>,
}

/// Sends an edit.
async fn send(admin: Person, edit: Edit) -> Reply {
    match edit {
        Edit::Create { party, kind, occurred, body } => {
            let parent = if party.is_lead { "leadId" } else { "customerId" };
            admin.post("/activities", json!({parent: party.id, "type": kind, "occurredAt": occurred, "body": body})).await
        }
        Edit::Change { id, kind, occurred, body } => {
            let fields = [("type", kind.map(str::to_owned)), ("occurredAt", occurred), ("body", body)];
            let sent = fields.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), Value::String(value))));
            admin.patch(&format!("/activities/{id}"), Value::Object(sent.collect())).await
        }
        Edit::Delete { id } => admin.delete(&format!("/activities/{id}")).await,
        Edit::Convert { lead, customer } => admin.post(&format!("/leads/{lead}/convert"), json!({"customerId": customer})).await,
    }
}

impl Run {
    async fn start(seed: u64) -> Self {
        let admin = Crm::start().await.admin().await;
        let mut run = Self { seed, random: Random::new(seed), admin, parties: Vec::new(), activities: Vec::new(), texts: 0, history: Vec::new() };
        for _ in 0..2 {
            let customer = run.admin.customer(json!({})).await;
            run.parties.push(Party { id: text(&customer["id"]), is_lead: false, customer: None });
            run.add_lead().await;
        }
        run
    }

    async fn add_lead(&mut self) {
        let title = format!("Lead {}", self.parties.len());
        let lead = self.admin.post("/leads", json!({"title": title})).await.expect(201);
        self.parties.push(Party { id: text(&lead.data()["id"]), is_lead: true, customer: None });
    }

    /// Ends the test with what is needed to run it again.
    fn fail(&self, what: &str) -> ! {
        let latest = &self.history[self.history.len().saturating_sub(30)..];
        panic!("{what}\nMODEL_SEED={} cargo test --workspace --test crm model::activities\nthe latest edits:\n{}", self.seed, latest.join("\n"));
    }

    /// A time in the past; there are few, so that some fall together.
    fn moment(&mut self) -> String {
        let days = i64::try_from(self.random.below(10)).unwrap_or_default();
        let hour = *self.random.of(&["08", "12", "20"]);
        later(&format!("2026-03-{:02}T{hour}:30:00.000Z", 20), -days)
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        format!("Said {}", self.texts)
    }

    fn converted(&self) -> usize {
        self.parties.iter().filter(|party| party.customer.is_some()).count()
    }

    /// Whether an activity is one of a lead that was converted before this step.
    fn was_converted(&self, id: &str, converting: Option<&String>) -> bool {
        let party = self.activities.iter().find(|activity| activity.id == id).map(|activity| &activity.party);
        party != converting && self.parties.iter().any(|lead| Some(&lead.id) == party && lead.customer.is_some())
    }

    /// The next edit.
    fn edit(&mut self) -> Edit {
        let open: Vec<Party> = self.parties.iter().filter(|party| party.customer.is_none()).cloned().collect();
        // Seldom one of a converted lead, which is refused.
        let any = self.random.below(10) == 0;
        let editable = |activity: &&Activity| !activity.deleted && (any || open.iter().any(|party| party.id == activity.party));
        let alive: Vec<String> = self.activities.iter().filter(editable).map(|activity| activity.id.clone()).collect();
        match self.random.below(20) {
            0 if self.converted() < CONVERSIONS => {
                let leads: Vec<&Party> = open.iter().filter(|party| party.is_lead).collect();
                let customers: Vec<&Party> = open.iter().filter(|party| !party.is_lead).collect();
                let to_one_that_exists = self.random.below(3) > 0;
                let customer = to_one_that_exists.then(|| self.random.of(&customers).id.clone());
                Edit::Convert { lead: self.random.of(&leads).id.clone(), customer }
            }
            1..=9 if !alive.is_empty() => {
                let id = self.random.of(&alive).clone();
                let mut edit = (None, None, None);
                match self.random.below(6) {
                    0..=1 => edit.0 = Some(*self.random.of(&KINDS)),
                    2..=3 => edit.1 = Some(self.moment()),
                    4 => edit.2 = Some(self.text()),
                    _ => edit = (Some(*self.random.of(&KINDS)), Some(self.moment()), Some(self.text())),
                }
                Edit::Change { id, kind: edit.0, occurred: edit.1, body: edit.2 }
            }
            10..=12 if !alive.is_empty() => Edit::Delete { id: self.random.of(&alive).clone() },
            _ => {
                let (party, kind) = (self.random.of(&open).clone(), *self.random.of(&KINDS));
                Edit::Create { party, kind, occurred: self.moment(), body: self.text() }
            }
        }
    }

    /// Makes one edit, or some at once, and keeps what came of it; gives how many there were.
    async fn step(&mut self) -> usize {
        let at_once = if self.random.below(3) == 0 { AT_ONCE } else { 1 };
        let mut edits: Vec<Edit> = Vec::new();
        while edits.len() < at_once {
            let edit = self.edit();
            let converts = |edit: &Edit| matches!(edit, Edit::Convert { .. });
            // One conversion in a group, so that it is known where each lead went.
            if !(converts(&edit) && edits.iter().any(converts)) {
                edits.push(edit);
            }
        }
        let converting = edits.iter().find_map(|edit| if let Edit::Convert { lead, .. } = edit { Some(lead.clone()) } else { None });
        let (admin, sent) = (self.admin.clone(), edits.clone());
        let replies = together(at_once, |place| send(admin.clone(), sent[place].clone())).await;
        // Answers out of memory are there without waiting, and others have to have their turn.
        tokio::task::yield_now().await;
        for (edit, reply) in edits.iter().zip(&replies) {
            self.history.push(format!("{}{edit:?} -> {} {}", if at_once > 1 { "at once: " } else { "" }, reply.status, reply.code()));
        }
        let deleted: BTreeSet<String> = edits
            .iter()
            .zip(&replies)
            .filter_map(|(edit, reply)| if let (Edit::Delete { id }, 204) = (edit, reply.status) { Some(id.clone()) } else { None })
            .collect();
        for (edit, reply) in edits.iter().zip(&replies) {
            self.keep(edit, reply, &deleted, converting.as_ref());
        }
        let made: Vec<Edit> = edits.iter().zip(&replies).filter(|(_, reply)| reply.status == 200).map(|(edit, _)| edit.clone()).collect();
        self.look_at_what_met(&made).await;
        if converting.is_some() {
            self.add_lead().await;
        }
        at_once
    }

    /// Takes an answer into the books. A create may meet the conversion of its lead: it is then
    /// carried out before, or refused. A change or deletion may meet a deletion.
    fn keep(&mut self, edit: &Edit, reply: &Reply, deleted: &BTreeSet<String>, converting: Option<&String>) {
        match edit {
            Edit::Create { party, kind, occurred, body } => match (reply.status, reply.code()) {
                (201, _) => {
                    let data = reply.data();
                    let (id, created) = (text(&data["id"]), text(&data["createdAt"]));
                    let (party, occurred, body) = (party.id.clone(), occurred.clone(), body.clone());
                    self.activities.push(Activity { id, party, kind, occurred, body, created, deleted: false });
                }
                (409, "LEAD_CONVERTED") | (503, _) if converting == Some(&party.id) => {}
                _ => self.fail(&format!("a new activity: {}", reply.text)),
            },
            // What was said to a converted lead stays; in the moment of the conversion both can be.
            Edit::Change { id, .. } | Edit::Delete { id } if reply.status == 409 => {
                let party = self.activities.iter().find(|activity| activity.id == *id).map(|activity| &activity.party);
                let became = self.parties.iter().any(|lead| Some(&lead.id) == party && lead.customer.is_some());
                if reply.code() != "LEAD_CONVERTED" || !(became || converting == party) {
                    self.fail(&format!("of an activity: {}", reply.text));
                }
            }
            Edit::Change { id, .. } if self.was_converted(id, converting) => self.fail(&format!("a change of {id}: {}", reply.text)),
            Edit::Delete { id } if self.was_converted(id, converting) => self.fail(&format!("a deletion of {id}: {}", reply.text)),
            Edit::Change { id, kind, occurred, body } => {
                let gone = deleted.contains(id);
                if let Some(activity) = self.activities.iter_mut().find(|activity| activity.id == *id && reply.status == 200) {
                    activity.kind = kind.unwrap_or(activity.kind);
                    activity.occurred = occurred.clone().unwrap_or(activity.occurred.clone());
                    activity.body = body.clone().unwrap_or(activity.body.clone());
                } else if !(gone && reply.status == 404) {
                    self.fail(&format!("a change: {}", reply.text));
                }
            }
            Edit::Delete { id } => {
                let known = self.activities.iter_mut().find(|activity| activity.id == *id);
                match (reply.status, known) {
                    (204, Some(activity)) if !activity.deleted => activity.deleted = true,
                    (404, _) if deleted.contains(id) => {}
                    _ => self.fail(&format!("a deletion: {} {}", reply.status, reply.text)),
                }
            }
            Edit::Convert { lead, customer } => {
                if reply.status != 200 {
                    self.fail(&format!("a conversion: {}", reply.text));
                }
                let became = text(&reply.data()["customer"]["id"]);
                match customer {
                    Some(wanted) if *wanted != became => self.fail(&format!("the lead became {became}")),
                    Some(_) => {}
                    None => self.parties.push(Party { id: became.clone(), is_lead: false, customer: None }),
                }
                if let Some(party) = self.parties.iter_mut().find(|party| party.id == *lead) {
                    party.customer = Some(became);
                }
            }
        }
    }

    /// Changes of one field of one activity at once leave it as one of them wanted it: which one is
    /// for the CRM to say.
    async fn look_at_what_met(&mut self, edits: &[Edit]) {
        for place in 0..self.activities.len() {
            let activity = self.activities[place].clone();
            let (mut kinds, mut moments, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
            let mut changes = 0;
            for edit in edits {
                if let Edit::Change { id, kind, occurred, body } = edit
                    && *id == activity.id
                {
                    changes += 1;
                    kinds.extend(*kind);
                    moments.extend(occurred.clone());
                    bodies.extend(body.clone());
                }
            }
            if changes < 2 || activity.deleted {
                continue;
            }
            let reply = self.admin.get(&format!("/activities/{}", activity.id)).await.expect(200);
            let found = |name: &str| text(&reply.data()[name]);
            let (kind, occurred, body) = (found("type"), found("occurredAt"), found("body"));
            let kind = KINDS.into_iter().find(|known| *known == kind).unwrap_or_default();
            let is_wanted = (kinds.contains(&kind) || kinds.is_empty() && kind == activity.kind)
                && (moments.contains(&occurred) || moments.is_empty() && occurred == activity.occurred)
                && (bodies.contains(&body) || bodies.is_empty() && body == activity.body);
            if !is_wanted {
                self.fail(&format!("nobody wanted it like this: {}", reply.text));
            }
            self.activities[place] = Activity { kind, occurred, body, ..activity };
        }
    }

    /// The activities that count for a lead or customer: its own, and those of the leads that
    /// became it.
    fn of(&self, party: &Party) -> Vec<&Activity> {
        let leads = self.parties.iter().filter(|lead| lead.customer.as_ref() == Some(&party.id)).map(|lead| &lead.id);
        let sources: Vec<&String> = leads.chain([&party.id]).collect();
        self.activities.iter().filter(|activity| !activity.deleted && sources.contains(&&activity.party)).collect()
    }

    /// How the pages, lists and timelines differ from a recount.
    async fn differences(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut differ = |party: &Party, what: &str, found: &Value, expected: &Value| {
            if found != expected {
                wrong.push(format!("{party:?}: {what} is {found}, expected {expected}"));
            }
        };
        let leads = self.rows("/leads?limit=100").await;
        let customers = self.rows("/customers?limit=100").await;
        for (place, party) in self.parties.iter().enumerate() {
            let activities = self.of(party);
            let last = activities.iter().filter(|activity| activity.kind != "NOTE").map(|activity| &activity.occurred).max();
            let mut notes: Vec<&&Activity> = activities.iter().filter(|activity| activity.kind == "NOTE").collect();
            notes.sort_by_key(|note| std::cmp::Reverse((&note.created, &note.id)));
            let notes: Vec<Value> = notes.iter().take(5).map(|note| json!([note.id, note.body])).collect();
            let mut timeline = activities.clone();
            timeline.sort_by_key(|activity| std::cmp::Reverse((&activity.occurred, &activity.id)));
            let timeline: Vec<Value> = timeline.iter().map(|activity| json!([activity.id, activity.kind, activity.occurred])).collect();

            let (kind, filter, rows) = if party.is_lead { ("leads", "leadId", &leads) } else { ("customers", "customerId", &customers) };
            let page = self.admin.get(&format!("/{kind}/{}", party.id)).await.expect(200).data().clone();
            let shown = |notes: &Value| notes.as_array().into_iter().flatten().map(|note| json!([note["id"], note["body"]])).collect::<Value>();
            let row = rows.iter().find(|row| row["id"] == *party.id).cloned().unwrap_or_default();
            let limit = [3, 7, 20, 100][place % 4];
            let found = self.rows(&format!("/activities?{filter}={}&limit={limit}", party.id)).await;
            let found: Value = found.iter().map(|row| json!([row["id"], row["type"], row["occurredAt"]])).collect();
            differ(party, "the last contact on its page", &page["lastContactedAt"], &json!(last));
            differ(party, "the last contact in the list", &row["lastContactedAt"], &json!(last));
            differ(party, "the count", &page["counts"]["activities"], &json!(activities.len()));
            differ(party, "the latest notes", &shown(&page["latestNotes"]), &json!(notes));
            differ(party, "the timeline", &found, &json!(timeline));
        }
        wrong
    }

    /// The rows of a list, page by page to its end.
    async fn rows(&self, path: &str) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.admin.get(&format!("{path}{cursor}")).await.expect(200);
            rows.extend(page.data().as_array().into_iter().flatten().cloned());
            match page.body["meta"]["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }

    /// Waits until everything agrees; fails with what does not.
    async fn recount(&self) {
        let looks = AtomicUsize::new(0);
        eventually("everything agrees", SOON, || async {
            let wrong = self.differences().await;
            if !wrong.is_empty() && looks.fetch_add(1, Ordering::SeqCst) > PATIENCE {
                self.fail(&wrong.join("\n"));
            }
            wrong.is_empty().then_some(())
        })
        .await;
    }
}

/// One seed: its edits, counted over now and then; gives how many there were.
async fn run(seed: u64) -> usize {
    let mut run = Run::start(seed).await;
    let mut edits = 0;
    for part in 1..=2 {
        while edits < EDITS * part / 2 {
            edits += run.step().await;
        }
        run.recount().await;
    }
    let parked = run.admin.get("/admin/dead-letters").await.expect(200);
    assert_eq!(parked.data(), &json!([]), "seed {seed}");
    edits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_from_random_edits_of_activities_is_what_a_recount_gives() {
    let running: Vec<_> =
        number_in_environment("MODEL_SEED").map_or(1..SEEDS + 1, |seed| seed..seed + 1).map(|seed| tokio::spawn(run(seed))).collect();
    let mut edits = 0;
    for run in running {
        edits += run.await.expect("the run of a seed");
    }
    assert!(edits >= EDITS, "{edits} edits");
}
