//! A recount of the whole table: what is kept beside the records against the records themselves.

use crate::items::Raw;
use crate::people::text;
use domain::search::Findable;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How much can be expected to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// What one transaction wrote.
    AtOnce,
    /// Also what the projector keeps beside records, but no figures: there are records that were never counted.
    Uncounted,
    /// Also the figures of dashboards: everything has settled.
    Settled,
    /// Also the inboxes: all that happened was under this release, and every queue is empty.
    Told,
}

/// Something that is kept, by where it stands: expected or found.
type Kept = BTreeMap<String, BTreeSet<String>>;

struct Recount<'a> {
    items: &'a [Raw],
    /// The items of each type.
    kinds: BTreeMap<&'a str, Vec<&'a Raw>>,
    wrong: Vec<String>,
}

/// What does not agree with the records, in a deployment whose days are those of UTC.
pub fn disagreements(items: &[Raw], look: Look) -> Vec<String> {
    disagreements_in(&TimeZone::UTC, items, look)
}

/// What does not agree with the records, in a deployment in this zone.
pub fn disagreements_in(zone: &TimeZone, items: &[Raw], look: Look) -> Vec<String> {
    let mut kinds: BTreeMap<&str, Vec<&Raw>> = BTreeMap::new();
    for item in items {
        kinds.entry(item.text("type")).or_default().push(item);
    }
    let mut recount = Recount { items, kinds, wrong: Vec::new() };
    recount.markers();
    recount.events();
    recount.counts();
    recount.companions();
    recount.conversions();
    recount.payments();
    if look != Look::AtOnce {
        recount.rows();
        recount.dates();
        recount.timelines();
    }
    if [Look::Settled, Look::Told].contains(&look) {
        recount.figures(zone);
    }
    if look == Look::Told {
        recount.told();
    }
    recount.wrong
}

/// The record or the kind's id of a record: `LEAD#x` is `x`.
fn id(item: &Raw) -> &str {
    item.text("pk").split_once('#').map(|(_, id)| id).unwrap_or_default()
}

/// The lead or customer of a child, as its partition key.
fn party(child: &Raw) -> String {
    let data = child.at("data");
    match (data["customerId"].as_str(), data["leadId"].as_str()) {
        (Some(customer), _) => format!("CUSTOMER#{customer}"),
        (None, Some(lead)) => format!("LEAD#{lead}"),
        (None, None) => String::new(),
    }
}

/// Beside whom an activity stands: its lead or customer, and the customer that its lead became.
fn parties(activity: &Raw) -> Vec<String> {
    let became = activity.at("derived")["customerId"].as_str().map(|customer| format!("CUSTOMER#{customer}"));
    std::iter::once(party(activity)).chain(became).collect()
}

/// The sources under which a lead is found: as it was typed, and from the second shape on as it is compared.
fn sources(lead: &Raw) -> BTreeSet<String> {
    let typed = lead.at("data")["source"].as_str();
    let shaped = lead.at("head")["s"].is_u64() && &lead.at("head")["s"] == lead.at("rev") && lead.at("v").as_u64() >= Some(2);
    let compared = typed.filter(|_| shaped).map(domain::lead::source_key);
    typed.map(str::to_owned).into_iter().chain(compared).collect()
}

fn is_contact(activity: &Raw) -> bool {
    activity.at("data")["type"] != "NOTE"
}

fn is_pending(follow_up: &Raw) -> bool {
    follow_up.at("data")["status"] == "PENDING"
}

fn is_open(task: &Raw) -> bool {
    task.at("data")["status"] == "TODO" || task.at("data")["status"] == "IN_PROGRESS"
}

impl<'a> Recount<'a> {
    fn of(&self, kind: &str) -> std::vec::IntoIter<&'a Raw> {
        self.kinds.get(kind).cloned().unwrap_or_default().into_iter()
    }

    fn compare(&mut self, what: &str, mut expected: Kept, found: Kept) {
        for (place, found) in found {
            let expected = expected.remove(&place).unwrap_or_default();
            if expected != found {
                self.wrong.push(format!("{what} {place}: {found:?}, expected {expected:?}"));
            }
        }
        expected.retain(|_, wanted| !wanted.is_empty());
        self.wrong.extend(expected.into_iter().map(|(place, wanted)| format!("{what} {place} is missing for {wanted:?}")));
    }

    /// Who stands under which e-mail address and phone.
    fn markers(&mut self) {
        let mut expected = Kept::new();
        let records = self.of("CUSTOMER").map(|item| ("customers", item)).chain(self.of("LEAD").map(|item| ("leads", item)));
        for (set, record) in records {
            let data = record.at("data");
            let closed = set == "leads" && (data["status"] == "CLOSED" || data["status"] == "CONVERTED");
            if data["archivedAt"].is_string() || closed {
                continue;
            }
            for (space, field) in [("EMAIL", "email"), ("PHONE", "phone")] {
                if let Some(value) = data[field].as_str() {
                    expected.entry(format!("UNIQUE#{space}#{value} {set}")).or_default().insert(id(record).to_owned());
                }
            }
        }
        let mut found = Kept::new();
        let is_contact = |pk: &str| pk.starts_with("UNIQUE#EMAIL#") || pk.starts_with("UNIQUE#PHONE#");
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        for marker in self.of("UNIQUE").filter(|marker| is_contact(marker.text("pk"))) {
            for (set, count) in [("customers", "customerCount"), ("leads", "leadCount")] {
                let place = format!("{} {set}", marker.text("pk"));
                counted.insert(place.clone(), marker.at(count).as_u64().unwrap_or_default() as usize);
                found.insert(place, marker.set(set).into_iter().collect());
            }
        }
        for holder in self.of("HOLDER") {
            let (kind, id) = holder.text("sk").trim_start_matches("HOLDER#").split_once('#').unwrap_or_default();
            let set = if kind == "LEAD" { "leads" } else { "customers" };
            found.entry(format!("{} {set}", holder.text("pk"))).or_default().insert(id.to_owned());
        }
        for (place, count) in counted {
            let holders = expected.get(&place).map_or(0, BTreeSet::len);
            if count != holders {
                self.wrong.push(format!("marker {place} counts {count}, expected {holders}"));
            }
        }
        self.compare("marker", expected, found);
        self.unique();
    }

    /// Who has a value that nobody else of the kind may have.
    fn unique(&mut self) {
        let (mut expected, mut found) = (Kept::new(), Kept::new());
        for product in self.of("PRODUCT") {
            let sku = product.at("data")["sku"].as_str().unwrap_or_default().to_lowercase();
            expected.entry(format!("UNIQUE#SKU#{sku}")).or_default().insert(id(product).to_owned());
        }
        for marker in self.of("UNIQUE").filter(|marker| marker.text("pk").starts_with("UNIQUE#SKU#")) {
            found.entry(marker.text("pk").to_owned()).or_default().insert(marker.text("id").to_owned());
        }
        for promotion in self.of("PROMOTION") {
            let code = promotion.at("data")["code"].as_str().unwrap_or_default();
            expected.entry(format!("UNIQUE#PROMOTION#{code}")).or_default().insert(id(promotion).to_owned());
        }
        for marker in self.of("UNIQUE").filter(|marker| marker.text("pk").starts_with("UNIQUE#PROMOTION#")) {
            found.entry(marker.text("pk").to_owned()).or_default().insert(marker.text("id").to_owned());
        }
        for transaction in self.of("TRANSACTION") {
            let data = transaction.at("data");
            if let Some(reference) = data["externalRef"].as_str() {
                let place = format!("UNIQUE#TRANSACTION#{}#{reference}", data["method"].as_str().unwrap_or_default());
                expected.entry(place).or_default().insert(id(transaction).to_owned());
            }
        }
        for marker in self.of("UNIQUE").filter(|marker| marker.text("pk").starts_with("UNIQUE#TRANSACTION#")) {
            found.entry(marker.text("pk").to_owned()).or_default().insert(marker.text("id").to_owned());
        }
        for message in self.of("MESSAGE") {
            let key = message.at("data")["dedupeKey"].as_str().unwrap_or_default();
            expected.entry(format!("UNIQUE#MESSAGE#{key}")).or_default().insert(id(message).to_owned());
        }
        for marker in self.of("UNIQUE").filter(|marker| marker.text("pk").starts_with("UNIQUE#MESSAGE#")) {
            found.entry(marker.text("pk").to_owned()).or_default().insert(marker.text("id").to_owned());
        }
        self.compare("unique", expected, found);
    }

    /// Each version came with at least one event, and none came without.
    fn events(&mut self) {
        let mut by_record: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        // Where something becomes due nobody changes it, and what a night says is no person's change.
        let by_itself = |event: &&Raw| {
            let (kind, actor) = (text(&event.at("data")["type"]), &event.at("data")["actorId"]);
            kind.ends_with(".due") || (["customer.engagement_changed", "customer.level_changed"].contains(&&*kind) && actor.is_null())
        };
        for event in self.of("EVENT").filter(|event| !by_itself(event)) {
            by_record.entry(event.text("pk")).or_default().push(event.at("data")["at"].as_str().unwrap_or_default());
        }
        for kind in ["CUSTOMER", "LEAD", "ACTIVITY", "FOLLOWUP", "TASK", "PROJECT", "WORKLOG", "PRODUCT", "ORDER", "TRANSACTION"] {
            for record in self.of(kind) {
                let at = by_record.get(record.text("pk")).cloned().unwrap_or_default();
                let moments: BTreeSet<&str> = at.iter().copied().collect();
                let version = record.at("version").as_u64().unwrap_or_default();
                if (at.len() as u64) < version || moments.len() as u64 > version {
                    self.wrong.push(format!("{} at version {version} has {} events at {} moments", record.text("pk"), at.len(), moments.len()));
                }
            }
        }
    }

    /// Who was given something by somebody else was told so, once for each time in the application and once by mail.
    fn told(&mut self) {
        let mut expected: BTreeMap<(String, String, &str), usize> = BTreeMap::new();
        for event in self.of("EVENT") {
            let (event, details) = (event.at("data"), &event.at("data")["data"]);
            let (given, before) = match event["type"].as_str() {
                Some("lead.assigned" | "customer.assigned") => (&details["new"], &details["old"]),
                Some("task.created") => (&details["ownerId"], &Value::Null),
                Some("task.updated") => (&details["ownerId"], &details["oldOwnerId"]),
                _ => continue,
            };
            if event["actorId"].is_string() && given.is_string() && given != before && *given != event["actorId"] {
                for channel in ["IN_APP", "EMAIL"] {
                    *expected.entry((text(&event["entityId"]), text(given), channel)).or_default() += 1;
                }
            }
        }
        let mut found: BTreeMap<(String, String, &str), usize> = BTreeMap::new();
        for notification in self.of("NOTIFICATION").filter(|notification| text(&notification.at("data")["event"]).ends_with("_ASSIGNED")) {
            let data = notification.at("data");
            if data["status"] == "QUEUED" {
                self.wrong.push(format!("{} still waits to be sent", id(notification)));
            }
            let channel = data["type"].as_str().unwrap_or_default();
            *found.entry((text(&data["entityId"]), text(&data["recipientId"]), channel)).or_default() += 1;
        }
        // Who was disabled or wants none, and what was gone or another's, when the event came is not told of.
        let wants = |user: &&Raw| user.at("data")["status"] == "ACTIVE" && !user.at("text")["notificationPrefs"].to_string().contains("IN_APP");
        let active: BTreeSet<&str> = self.of("USER").filter(wants).map(id).collect();
        let there: BTreeMap<&str, &Value> = ["LEAD", "CUSTOMER", "TASK"]
            .into_iter()
            .flat_map(|kind| self.of(kind))
            .map(|record| (id(record), &record.at("data")["ownerId"]))
            .collect();
        for ((record, person, channel), times) in &expected {
            let told = found.get(&(record.clone(), person.clone(), channel)).copied().unwrap_or_default();
            let has_to = active.contains(person.as_str()) && there.get(record.as_str()).is_some_and(|owner| *owner == person);
            // Given, taken away and given again, the first may have come when it was another's: who has it now is told once at least.
            if told > *times || (has_to && told == 0) {
                self.wrong.push(format!("{person} was given {record} {times} times and told {told} times ({channel})"));
            }
        }
        self.wrong.extend(found.keys().filter(|key| !expected.contains_key(*key)).map(|key| format!("{key:?} was told and not given")));
    }

    /// How many children each record has, and how many minutes were logged.
    fn counts(&mut self) {
        let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
        let mut add = |place: String, name: &str, amount: i64| {
            if amount != 0 && !place.is_empty() {
                *expected.entry((place, name.to_owned())).or_default() += amount;
            }
        };
        for activity in self.of("ACTIVITY") {
            parties(activity).into_iter().for_each(|party| add(party, "activities", 1));
        }
        for follow_up in self.of("FOLLOWUP") {
            add(party(follow_up), "followUpsPending", i64::from(is_pending(follow_up)));
        }
        for task in self.of("TASK") {
            let data = task.at("data");
            for (kind, field) in [("CUSTOMER", "customerId"), ("LEAD", "leadId"), ("PROJECT", "projectId")] {
                let Some(parent) = data[field].as_str() else { continue };
                add(format!("{kind}#{parent}"), "tasksOpen", i64::from(is_open(task)));
                if kind == "PROJECT" {
                    add(format!("{kind}#{parent}"), "tasks", 1);
                    add(format!("{kind}#{parent}"), "tasksDone", i64::from(data["status"] == "DONE"));
                }
            }
        }
        for project in self.of("PROJECT") {
            add(format!("CUSTOMER#{}", project.at("data")["customerId"].as_str().unwrap_or_default()), "projects", 1);
        }
        for order in self.of("ORDER") {
            let customer = format!("CUSTOMER#{}", order.at("data")["customerId"].as_str().unwrap_or_default());
            if counts(order) {
                add(format!("{customer} PLACED~SALES"), "orders", 1);
                add(format!("{customer} PLACED~SALES"), "spentMinor", order.at("data")["totalMinor"].as_i64().unwrap_or_default());
            }
            add(customer, "orders", 1);
        }
        for held in self.of("CUSTOMERPROMOTION") {
            let data = held.at("data");
            let (status, of) = (data["status"].as_str().unwrap_or_default(), |field: &str| data[field].as_str().unwrap_or_default());
            // What discounted an order that stands counts, also where what brought it was taken back.
            let given = i64::from(["ASSIGNED", "REDEEMED"].contains(&status) || (status == "REVOKED" && data["orderId"].is_string()));
            add(format!("CUSTOMER#{} HELD#{}", of("customerId"), of("promotionId")), "given", given);
            add(format!("PROMOTION#{}", of("promotionId")), "given", given);
            add(format!("PROMOTION#{}", of("promotionId")), "assigned", i64::from(status == "ASSIGNED"));
        }
        for message in self.of("MESSAGE").filter(|message| message.at("data")["campaignId"].is_string()) {
            let data = message.at("data");
            let counter = match data["status"].as_str().unwrap_or_default() {
                "QUEUED" | "SENDING" => "queued",
                "SENT" => "sent",
                "FAILED" => "failed",
                _ => "skipped",
            };
            add(format!("CAMPAIGN#{}", data["campaignId"].as_str().unwrap_or_default()), counter, 1);
        }
        for notification in self.of("NOTIFICATION") {
            let data = notification.at("data");
            let unread = data["type"] == "IN_APP" && data["readAt"].is_null();
            add(format!("USER#{}", data["recipientId"].as_str().unwrap_or_default()), "unread", i64::from(unread));
        }
        for log in self.of("WORKLOG") {
            let data = log.at("data");
            for (kind, field) in [("CUSTOMER", "customerId"), ("PROJECT", "projectId"), ("TASK", "taskId"), ("USER", "userId")] {
                let (Some(owner), Some(day)) = (data[field].as_str(), data["workDate"].as_str()) else { continue };
                add(format!("{kind}#{owner} MINUTES#{}", &day[..7]), &format!("d{}", &day[8..]), data["minutes"].as_i64().unwrap_or_default());
            }
        }
        let mut found: BTreeMap<(String, String), i64> = BTreeMap::new();
        let (of_record, of_dates) = (["NOTE~COUNTS", "PLACED~SALES"], "MINUTES#");
        let counters = self.items.iter().filter(|item| of_record.contains(&item.text("sk")) || item.text("sk").starts_with(of_dates));
        for item in counters.chain(self.items.iter().filter(|item| item.text("type") == "HELD")) {
            let place = match item.text("sk") {
                "NOTE~COUNTS" => item.text("pk").to_owned(),
                sk => format!("{} {sk}", item.text("pk")),
            };
            let counters = item.0.iter().filter(|(name, _)| !["pk", "sk", "type", "v", "seq", "convertedTo"].contains(&name.as_str()));
            found.extend(counters.filter_map(|(name, count)| Some(((place.clone(), name.clone()), count.as_i64().filter(|count| *count != 0)?))));
        }
        // What hangs below something that was deleted for good is on its way out.
        let there: BTreeSet<&str> = self.items.iter().map(|item| item.text("pk")).collect();
        expected.retain(|(place, _), _| place.contains(' ') || !place.starts_with("LEAD#") || there.contains(place.as_str()));
        if expected != found {
            let differ = |a: &BTreeMap<(String, String), i64>, b: &BTreeMap<(String, String), i64>| {
                a.iter().filter(|(key, value)| b.get(*key) != Some(value)).map(|(key, value)| format!("{key:?} {value}")).collect::<Vec<_>>()
            };
            self.wrong.push(format!("counts: {:?}, expected {:?}", differ(&found, &expected), differ(&expected, &found)));
        }
    }

    /// Contacts, notes and pending dates beside leads and customers; rows for more parents and for
    /// members.
    fn companions(&mut self) {
        let mut expected = Kept::new();
        let mut stand = |place: String, key: String| {
            if !place.is_empty() {
                expected.entry(place).or_default().insert(key);
            }
        };
        for activity in self.of("ACTIVITY") {
            let at = |time: &Value| format!("{}#{}", time.as_str().unwrap_or_default(), id(activity));
            for party in parties(activity) {
                match is_contact(activity) {
                    true => stand(party, format!("CONTACT#{}", at(&activity.at("data")["occurredAt"]))),
                    false => stand(party, format!("NOTE#{}", at(&activity.at("head")["c"]))),
                }
            }
            if let Some(customer) = activity.at("derived")["customerId"].as_str() {
                let row = format!("ROW#CUSTOMER at version {} in CUSTOMER#{customer}#ACTIVITY", activity.at("version"));
                stand(activity.text("pk").to_owned(), row);
            }
        }
        for follow_up in self.of("FOLLOWUP").filter(|follow_up| is_pending(follow_up)) {
            let due = follow_up.at("data")["dueAt"].as_str().unwrap_or_default();
            stand(party(follow_up), format!("PENDING#{due}#{}", id(follow_up)));
        }
        for order in self.of("ORDER").filter(|order| counts(order)) {
            let (data, key) = (order.at("data"), |at: &Value| format!("PLACED#{}#{}", at.as_str().unwrap_or_default(), id(order)));
            stand(party(order), key(&data["placedAt"]));
        }
        for held in self.of("CUSTOMERPROMOTION").filter(|held| held.at("data")["status"] == "ASSIGNED") {
            let (data, key) = (held.at("data"), |at: &Value| format!("{}#{}", at.as_str().unwrap_or_default(), id(held)));
            stand(party(held), format!("HELD#{}#{}", data["promotionId"].as_str().unwrap_or_default(), key(&data["assignedAt"])));
        }
        for campaign in self.of("CAMPAIGN").filter(|campaign| campaign.at("data")["status"] == "SCHEDULED") {
            stand(campaign.text("pk").to_owned(), "DUE#START in DUE#CAMPAIGN".to_owned());
        }
        for promotion in self.of("PROMOTION") {
            let (data, occasion) = (promotion.at("data"), |field: &str, value: &str| promotion.at("data")[field] == value);
            let runs = occasion("status", "ACTIVE") || occasion("status", "PAUSED");
            if runs && data["endsAt"].is_string() {
                stand(promotion.text("pk").to_owned(), "DUE#END in DUE#PROMOTION".to_owned());
            }
            let trigger = match data["trigger"].as_str().unwrap_or_default() {
                "MANUAL" => continue,
                "CUSTOMER_LEVEL" if occasion("applyTo", "NEXT_ORDER") => "LEVEL",
                "REFERRAL" => "REFERRAL",
                _ => "ORDER",
            };
            if occasion("status", "ACTIVE") {
                stand("PROMOTIONS".to_owned(), format!("{trigger}#{} at version {}", id(promotion), promotion.at("version")));
            }
        }
        for transaction in self.of("TRANSACTION") {
            stand(transaction.text("pk").to_owned(), format!("ROW#CUSTOMER at version {}", transaction.at("version")));
        }
        for message in self.of("MESSAGE").filter(|message| message.at("data")["campaignId"].is_string()) {
            stand(message.text("pk").to_owned(), format!("ROW#CAMPAIGN at version {}", message.at("version")));
        }
        for (kind, fields) in [
            ("TASK", [("CUSTOMER", "customerId"), ("LEAD", "leadId"), ("PROJECT", "projectId")]),
            ("WORKLOG", [("CUSTOMER", "customerId"), ("PROJECT", "projectId"), ("TASK", "taskId")]),
        ] {
            for record in self.of(kind) {
                let parents = fields.iter().filter(|(_, field)| record.at("data")[*field].is_string());
                for (parent, _) in parents.skip(1) {
                    stand(record.text("pk").to_owned(), format!("ROW#{parent} at version {}", record.at("version")));
                }
            }
        }
        for template in self.of("TASK") {
            if let Some(next) = template.at("derived")["nextOccurrenceAt"].as_str() {
                stand(template.text("pk").to_owned(), format!("DUE#RECURRENCE in DUE#TASK#{}", &next[..10]));
            }
        }
        for customer in self.of("CUSTOMER").filter(|customer| customer.at("data")["archivedAt"].is_null()) {
            if let Some(due) = customer.at("derived")["rfmReviewAt"].as_str() {
                stand(customer.text("pk").to_owned(), format!("DUE#RFM in DUE#RFM#{}", &due[..13]));
            }
        }
        let mut found = Kept::new();
        for item in self.items {
            let sk = item.text("sk");
            let dated = ["CONTACT#", "NOTE#", "PENDING#", "PLACED#"].iter().any(|prefix| sk.starts_with(prefix)) || item.text("type") == "WAITING";
            let key = match item.text("d") {
                "" if dated => sk.to_owned(),
                "" if item.text("pk").starts_with("ACTIVITY#") => format!("{sk} at version {} in {}", item.at("version"), item.text("p")),
                "" => format!("{sk} at version {}", item.at("version")),
                day => format!("{sk} in {day}"),
            };
            if dated || sk.starts_with("ROW#") || sk.starts_with("DUE#") || item.text("pk") == "PROMOTIONS" {
                found.entry(item.text("pk").to_owned()).or_default().insert(key);
            }
        }
        self.compare("beside", expected, found);
    }

    /// Under which customer a lead stands, and how many stand under one.
    fn conversions(&mut self) {
        let (mut expected, mut found) = (Kept::new(), Kept::new());
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for lead in self.of("LEAD") {
            let became = lead.at("data")["convertedCustomerId"].as_str().map(|customer| format!("CUSTOMER#{customer}"));
            expected.insert(lead.text("pk").to_owned(), became.iter().map(|customer| format!("{customer}#LEAD")).collect());
            found.insert(lead.text("pk").to_owned(), lead.0.get("p").and_then(Value::as_str).map(str::to_owned).into_iter().collect());
            became.into_iter().for_each(|customer| *counts.entry(customer).or_default() += 1);
        }
        for customer in self.of("CUSTOMER") {
            let (pk, count) = (customer.text("pk").to_owned(), customer.at("derived")["leadCount"].as_u64().unwrap_or_default());
            expected.insert(pk.clone(), BTreeSet::from([format!("{} leads", counts.get(&pk).copied().unwrap_or_default())]));
            found.insert(pk, BTreeSet::from([format!("{count} leads")]));
        }
        self.compare("conversions", expected, found);
    }

    /// The activities of a converted lead are its customer's as well.
    fn timelines(&mut self) {
        let (mut expected, mut found) = (Kept::new(), Kept::new());
        let leads: BTreeMap<&str, &Value> = self.of("LEAD").map(|lead| (id(lead), &lead.at("data")["convertedCustomerId"])).collect();
        for activity in self.of("ACTIVITY") {
            let became = activity.at("data")["leadId"].as_str().and_then(|lead| leads.get(lead)).and_then(|customer| customer.as_str());
            let of = |customer: Option<&str>| customer.map(str::to_owned).into_iter().collect();
            expected.insert(activity.text("pk").to_owned(), of(became));
            found.insert(activity.text("pk").to_owned(), of(activity.at("derived")["customerId"].as_str()));
        }
        self.compare("timelines", expected, found);
    }

    /// The rows by which leads, customers, projects, products, promotions and campaigns are found: words, values and orders.
    fn rows(&mut self) {
        let mut expected = Kept::new();
        let fields: [(&str, &[&str]); 6] = [
            ("CUSTOMER", &["name", "company", "firstName", "lastName"]),
            ("LEAD", &["title", "company", "firstName", "lastName"]),
            ("PROJECT", &["name"]),
            ("PRODUCT", &["name", "sku", "category"]),
            ("PROMOTION", &["name", "code"]),
            ("CAMPAIGN", &["name"]),
        ];
        for (kind, fields) in fields {
            for record in self.of(kind) {
                let (data, derived, head) = (record.at("data"), record.at("derived"), record.at("head"));
                let names = fields.iter().filter_map(|field| data[*field].as_str()).collect();
                let person = [data["firstName"].as_str(), data["lastName"].as_str()];
                let findable = Findable { email: data["email"].as_str(), phone: data["phone"].as_str(), names, person };
                let state = if data["archivedAt"].is_string() { "ARCHIVED" } else { "LIVE" };
                let words = domain::search::record_words(&findable);
                // (place, beginning of the sort key)
                let words = words.looked_up().cloned().map(|word| (format!("{state}#Q#{}", word.chars().take(1).collect::<String>()), word));
                let words: Vec<(String, String)> = words.collect();
                let level = derived["levelCode"].as_str().unwrap_or("BRONZE");
                let values: Vec<String> = match kind {
                    "CUSTOMER" => data["lifecycle"].as_str().map(|lifecycle| format!("{lifecycle}-{level}")).into_iter().collect(),
                    _ => sources(record).into_iter().map(|source| format!("source:{source}")).collect(),
                };
                let at = head["c"].as_str().unwrap_or_default();
                let mut own: Vec<(String, String)> = values.into_iter().map(|value| (format!("{state}#={value}"), at.to_owned())).collect();
                if ["CUSTOMER", "LEAD"].contains(&kind) {
                    let name = domain::search::folded(data[fields[0]].as_str().unwrap_or_default());
                    own.push((format!("{state}#~name"), format!("{}\t", name.chars().take(100).collect::<String>())));
                    own.push((format!("{state}#~updated"), head["u"].as_str().unwrap_or_default().to_owned()));
                }
                let owner = data["ownerId"].as_str();
                let group = match (derived["teamId"].as_str(), owner) {
                    (Some(team), _) => format!("TEAM#{team}"),
                    (None, None) => "USER#NONE".to_owned(),
                    (None, Some(_)) => "ALL".to_owned(),
                };
                let rows = expected.entry(record.text("pk").to_owned()).or_default();
                for (place, sort) in words.iter().chain(&own) {
                    let owner_place = owner.map(|owner| format!("USER#{owner}#{kind}#{place}")).unwrap_or_default();
                    rows.insert(format!("{group}#{kind}#{place} / {sort} in {owner_place}"));
                }
                let members = data["memberIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
                for member in members.filter(|member| Some(*member) != owner) {
                    for (place, sort) in words.iter().chain(&[("LIVE#=shared".to_owned(), at.to_owned())]) {
                        rows.insert(format!("USER#{member}#{kind}#{place} / {sort} in USER#{member}#{kind}#{place}"));
                    }
                }
            }
        }
        let mut found = Kept::new();
        for row in self.items.iter() {
            let Some(kind) = row.text("type").strip_prefix("FOUND#").filter(|kind| *kind != "USER") else { continue };
            let (pk, sk) = (plain(row.text("pk")), row.text("sk"));
            let (sort, id) = sk.rsplit_once('#').unwrap_or_default();
            let sort = if pk.contains("#Q#") { sort.split('#').next().unwrap_or_default() } else { sort };
            found.entry(format!("{kind}#{id}")).or_default().insert(format!("{pk} / {sort} in {}", row.text("o")));
        }
        self.compare("rows", expected, found);
    }

    /// The figures of dashboards, the marks of what was counted, and who has how many active customers.
    fn figures(&mut self, zone: &TimeZone) {
        let latest = self.of("EVENT").filter_map(|event| event.at("data")["at"].as_str()).max().unwrap_or_default();
        // (whose, figure), each of them once a record
        let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
        let (mut marks, mut found_marks) = (Kept::new(), Kept::new());
        let mark = |(whose, figure, amount): &(String, String, i64)| match amount {
            1 => format!("{whose} {figure}"),
            amount => format!("{whose} {figure} {amount}"),
        };
        for record in self.items.iter().filter(|item| ["CUSTOMER", "LEAD", "TASK", "FOLLOWUP", "ACTIVITY", "ORDER"].contains(&item.text("type"))) {
            let adds = adds(record, zone);
            marks.insert(record.text("pk").to_owned(), adds.iter().map(mark).collect());
            adds.into_iter().for_each(|(whose, figure, amount)| *expected.entry((whose, figure)).or_default() += amount);
        }
        for mark in self.of("COUNTED") {
            let lines = mark.text("adds").lines().map(|line| line.replacen('T', "TEAM#", usize::from(line.starts_with('T'))));
            let lines = lines.map(|line| line.replacen('U', "USER#", usize::from(line.starts_with('U'))));
            found_marks.insert(mark.text("pk").to_owned(), lines.collect());
        }
        self.compare("counted", marks, found_marks);
        let mut found: BTreeMap<(String, String), i64> = BTreeMap::new();
        let (mut reps, mut found_reps) = (Kept::new(), Kept::new());
        for ((whose, figure), count) in &expected {
            if let Some(team) = figure.strip_prefix("a:") {
                let row = format!("{:010}#{}", 9_999_999_999 - count, whose.trim_start_matches("USER#"));
                reps.entry(format!("TEAM#{team}")).or_default().insert(row);
            }
        }
        for row in self.of("REP") {
            let row_of = row.text("pk").trim_start_matches("FIGURES#").to_owned();
            found_reps.entry(row_of).or_default().insert(row.text("sk").trim_start_matches("REP#").to_owned());
        }
        self.compare("reps", reps, found_reps);
        for item in self.of("FIGURES") {
            let (whose, sk) = (item.text("pk").trim_start_matches("FIGURES#"), item.text("sk").split('~').next().unwrap_or_default());
            for (name, amount) in &item.0 {
                let Some(amount) = amount.as_i64().filter(|_| !["pk", "sk", "type", "seq", "ttl"].contains(&name.as_str())) else { continue };
                let figure = match sk.strip_prefix("DAYS#") {
                    Some(month) => format!("{}{month}-{}", &name[..1], &name[1..]),
                    None => name.clone(),
                };
                *found.entry((whose.to_owned(), figure)).or_default() += amount;
            }
        }
        // What is due counts in its month as well, and days end 40 days after their month.
        let every: BTreeMap<(String, String), i64> = found.keys().map(|key| (key.clone(), 0)).chain(expected.clone()).collect();
        for ((whose, figure), count) in every {
            let Some((daily, day)) = figure.split_at_checked(1).filter(|(_, day)| day.len() == 10 && day.as_bytes()[4] == b'-') else { continue };
            if count > 0 && (daily == "t" || daily == "f") {
                // Months are told apart from 2000 to 2099.
                let month = Ord::clamp(&day[..7], "2000-01", "2099-12");
                *expected.entry((whose.clone(), format!("{daily}{month}"))).or_default() += count;
            }
            let date: jiff::civil::Date = day.parse().expect("a day");
            let last = date.last_of_month().saturating_add(jiff::Span::new().days(41)).to_string();
            if &*last <= latest.get(..10).unwrap_or_default() {
                expected.remove(&(whose.clone(), figure.clone()));
                found.remove(&(whose, figure));
            }
        }
        found.retain(|_, amount| *amount != 0);
        let whole: Vec<String> =
            found.iter().filter(|(key, amount)| expected.get(key) != Some(amount)).map(|(key, amount)| format!("{key:?} {amount}")).collect();
        let missing = expected.iter().filter(|(key, amount)| found.get(key) != Some(amount)).map(|(key, amount)| format!("{key:?} {amount}"));
        let missing: Vec<String> = missing.collect();
        if !whole.is_empty() || !missing.is_empty() {
            self.wrong.push(format!("figures: {whole:?}, expected {missing:?}"));
        }
    }

    /// The latest contact and the next follow-up of leads, and of customers with the leads they were; and what customers bought.
    fn dates(&mut self) {
        let mut wrong = Vec::new();
        // By lead or customer, and by the customer that a lead became.
        let became: BTreeMap<&str, String> = self
            .of("LEAD")
            .filter_map(|lead| Some((lead.text("pk"), format!("CUSTOMER#{}", lead.at("data")["convertedCustomerId"].as_str()?))))
            .collect();
        let grouped = |children: Vec<&'a Raw>| {
            let mut groups: BTreeMap<String, Vec<&'a Raw>> = BTreeMap::new();
            for child in children {
                let party = party(child);
                if let Some(customer) = became.get(&*party) {
                    groups.entry(customer.clone()).or_default().push(child);
                }
                groups.entry(party).or_default().push(child);
            }
            groups
        };
        let contacts = grouped(self.of("ACTIVITY").filter(|activity| is_contact(activity)).collect());
        let pending = grouped(self.of("FOLLOWUP").filter(|follow_up| is_pending(follow_up)).collect());
        let bought = grouped(self.of("ORDER").filter(|order| counts(order)).collect());
        for record in self.of("LEAD").chain(self.of("CUSTOMER")) {
            let of = |groups: &BTreeMap<String, Vec<&'a Raw>>| groups.get(record.text("pk")).cloned().unwrap_or_default().into_iter();
            let last = of(&contacts).filter_map(|activity| activity.at("data")["occurredAt"].as_str()).max();
            let next = of(&pending).filter_map(|follow_up| follow_up.at("data")["dueAt"].as_str()).min();
            let derived = record.at("derived");
            if (derived["lastContactedAt"].as_str(), derived["nextFollowUpAt"].as_str()) != (last, next) {
                wrong.push(format!("{}: {derived}, expected lastContactedAt {last:?} and nextFollowUpAt {next:?}", record.text("pk")));
            }
        }
        for customer in self.of("CUSTOMER") {
            let orders = bought.get(customer.text("pk")).cloned().unwrap_or_default();
            let spent: i64 = orders.iter().filter_map(|order| order.at("data")["totalMinor"].as_i64()).sum();
            let last = orders.iter().filter_map(|order| order.at("data")["placedAt"].as_str()).max();
            let (derived, number) = (customer.at("derived"), |value: &Value| value.as_i64().unwrap_or_default());
            let shown = (number(&derived["orderCount"]), number(&derived["totalSpentMinor"]), derived["lastOrderAt"].as_str());
            if shown != (orders.len() as i64, spent, last) {
                wrong.push(format!("{}: {derived}, expected {} orders of {spent}, the last at {last:?}", customer.text("pk"), orders.len()));
            }
        }
        self.wrong.extend(wrong);
    }

    /// What was paid of each order, within its total; and that no two orders have one number.
    fn payments(&mut self) {
        let number = |value: &Value| value.as_i64().unwrap_or_default();
        let mut succeeded: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for transaction in self.of("TRANSACTION").map(|transaction| transaction.at("data")).filter(|data| data["status"] == "SUCCEEDED") {
            let of = (transaction["orderId"].as_str().unwrap_or_default(), transaction["type"].as_str().unwrap_or_default());
            *succeeded.entry(of).or_default() += number(&transaction["amountMinor"]);
        }
        let mut numbers = BTreeSet::new();
        let mut wrong = Vec::new();
        for order in self.of("ORDER") {
            let (data, derived) = (order.at("data"), order.at("derived"));
            let of = |kind: &str| succeeded.get(&(id(order), kind)).copied().unwrap_or_default();
            let (paid, refunded) = (of("PAYMENT"), of("REFUND"));
            if (number(&derived["paidMinor"]), number(&derived["refundedMinor"])) != (paid, refunded) {
                wrong.push(format!("{}: {derived}, expected {paid} paid and {refunded} refunded", order.text("pk")));
            }
            if !(0..=number(&data["totalMinor"])).contains(&(paid - refunded)) || !numbers.insert(text(&data["number"])) {
                wrong.push(format!("{}: {data} with {paid} paid and {refunded} refunded", order.text("pk")));
            }
        }
        self.wrong.extend(wrong);
    }
}

/// Whether an order is one of its customer's totals.
fn counts(order: &Raw) -> bool {
    order.at("data")["status"] != "CANCELLED"
}

/// What a record adds to which figures, and how much.
fn adds(record: &Raw, zone: &TimeZone) -> Vec<(String, String, i64)> {
    if record.text("type") == "ORDER" {
        return sold(record, zone);
    }
    ones(record, zone).into_iter().map(|(whose, figure)| (whose, figure, 1)).collect()
}

/// What an order adds to the figures of its team.
fn sold(order: &Raw, zone: &TimeZone) -> Vec<(String, String, i64)> {
    let (data, team) = (order.at("data"), format!("TEAM#{}", order.at("derived")["teamId"].as_str().unwrap_or("NONE")));
    let day = zone.to_datetime(text(&data["placedAt"]).parse().expect("a time")).date();
    let total = data["totalMinor"].as_i64().unwrap_or_default();
    let adds = [(team.clone(), format!("o{day}"), 1), (team, format!("r{day}"), total)];
    adds.into_iter().filter(|(.., amount)| counts(order) && *amount != 0).collect()
}

/// What a record adds one to.
fn ones(record: &Raw, zone: &TimeZone) -> Vec<(String, String)> {
    let (data, derived) = (record.at("data"), record.at("derived"));
    let team = format!("TEAM#{}", derived["teamId"].as_str().unwrap_or("NONE"));
    let person = data["ownerId"].as_str().or(data["assigneeId"].as_str()).map(|user| format!("USER#{user}"));
    let archived = data["archivedAt"].is_string();
    let day = |time: &Value| time.as_str().map(|time| zone.to_datetime(time.parse().expect("a time")).date().to_string());
    let mut shared: Vec<String> = Vec::new();
    let mut adds: Vec<(String, String)> = Vec::new();
    match record.text("type") {
        "CUSTOMER" if !archived => {
            let engagement = text(&data["engagement"]);
            adds.push((team.clone(), format!("l:{}", derived["levelCode"].as_str().unwrap_or("BRONZE"))));
            if engagement != "INACTIVE" {
                adds.extend(person.iter().map(|person| (person.clone(), format!("a:{}", &team[5..]))));
            }
            shared.push(format!("e:{engagement}"));
        }
        "LEAD" => {
            shared.extend((!archived).then(|| format!("s:{}", text(&data["status"]))));
            shared.extend(day(&record.at("head")["c"]).map(|day| format!("l{day}")));
        }
        "TASK" if is_open(record) => {
            shared.push("tasks".to_owned());
            shared.extend(day(&data["dueAt"]).map(|day| format!("t{day}")));
        }
        "FOLLOWUP" if is_pending(record) => {
            shared.push("followUps".to_owned());
            shared.extend(day(&data["dueAt"]).map(|day| format!("f{day}")));
        }
        "ACTIVITY" if is_contact(record) => {
            adds.extend(day(&data["occurredAt"]).map(|day| (team.clone(), format!("c{day}"))));
        }
        _ => {}
    }
    for figure in shared {
        adds.extend([Some(&team), person.as_ref()].into_iter().flatten().map(|whose| (whose.clone(), figure.clone())));
    }
    adds
}

/// A partition without its shard: `ALL~3#…` as `ALL#…`.
fn plain(partition: &str) -> String {
    match partition.split_once('#') {
        Some((scope, rest)) => format!("{}#{rest}", scope.split('~').next().unwrap_or_default()),
        None => partition.to_owned(),
    }
}
