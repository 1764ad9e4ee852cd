//! What dashboards have to tell, worked out of the records one by one.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::items::Raw;
use tests::people::text;

/// What a dashboard tells, without what is read elsewhere.
#[derive(Debug, PartialEq)]
pub struct Told {
    totals: Value,
    engagement: Value,
    levels: Value,
    statuses: Value,
    per_day: Value,
    /// How many active customers the first have, the most first.
    top: Vec<(String, i64)>,
}

impl Told {
    /// What an answer tells.
    pub fn of(data: &Value) -> Self {
        let rep = |rep: &Value| {
            assert!(!text(&rep["name"]).is_empty(), "{rep}");
            (text(&rep["userId"]), rep["activeCustomers"].as_i64().unwrap_or_default())
        };
        Self {
            totals: data["totals"].clone(),
            engagement: data["customersByEngagement"].clone(),
            levels: data["customersByLevel"].clone(),
            statuses: data["leadsByStatus"].clone(),
            per_day: data["leadsPerDay"].clone(),
            top: data["topReps"].as_array().into_iter().flatten().map(rep).collect(),
        }
    }
}

fn kind<'a>(items: &'a [Raw], kind: &'a str) -> impl Iterator<Item = &'a Raw> {
    items.iter().filter(move |item| item.text("type") == kind)
}

fn owner(item: &Raw) -> Option<&str> {
    item.at("data")["ownerId"].as_str().or(item.at("data")["assigneeId"].as_str())
}

/// So many days after another date.
fn shifted(day: &str, days: i64) -> String {
    let date: jiff::civil::Date = day.parse().expect("a date");
    date.saturating_add(jiff::Span::new().days(days)).to_string()
}

fn day(time: &Value) -> &str {
    time.as_str().map_or("", |time| &time[..10])
}

fn by<'a>(names: &[&str], all: impl Iterator<Item = &'a str>) -> Value {
    let mut counts: BTreeMap<&str, i64> = names.iter().map(|name| (*name, 0)).collect();
    all.for_each(|name| *counts.get_mut(name).expect("a known name") += 1);
    json!(counts)
}

const STATUSES: [&str; 6] = ["NEW", "CONTACTED", "IN_PROGRESS", "QUALIFIED", "CONVERTED", "CLOSED"];

fn per_day(leads: &[&Raw], today: &str) -> Value {
    let count = |date: &str| leads.iter().filter(|lead| day(&lead.at("head")["c"]) == date).count();
    (0..14).map(|back| shifted(today, back - 13)).map(|date| json!({"date": date, "count": count(&date)})).collect()
}

fn live(item: &&&Raw) -> bool {
    item.at("data")["archivedAt"].is_null()
}

fn open(task: &Raw) -> bool {
    ["TODO", "IN_PROGRESS"].contains(&&*text(&task.at("data")["status"]))
}

fn pending(follow_up: &Raw) -> bool {
    follow_up.at("data")["status"] == "PENDING"
}

/// How many are due from one day to another, both included.
fn due(of: &[&Raw], from: &str, to: &str) -> usize {
    of.iter().filter(|item| item.at("data")["dueAt"].is_string() && (from..=to).contains(&day(&item.at("data")["dueAt"]))).count()
}

/// What a dashboard tells of those records that belong in it, by their owner and their team.
pub fn told(items: &[Raw], now: &str, inside: impl Fn(Option<&str>, Option<&String>) -> bool) -> Told {
    let today = &now[..10];
    let of = |name: &'static str| -> Vec<&Raw> {
        let team = |item: &Raw| item.at("derived")["teamId"].as_str().map(str::to_owned);
        kind(items, name).filter(|item| inside(owner(item), team(item).as_ref())).collect()
    };
    let (customers, leads, tasks, follow_ups, activities) = (of("CUSTOMER"), of("LEAD"), of("TASK"), of("FOLLOWUP"), of("ACTIVITY"));
    let tasks: Vec<&Raw> = tasks.into_iter().filter(|task| open(task)).collect();
    let follow_ups: Vec<&Raw> = follow_ups.into_iter().filter(|follow_up| pending(follow_up)).collect();
    let customers: Vec<&Raw> = customers.iter().filter(live).copied().collect();
    let (yesterday, soon, week) = (shifted(today, -1), shifted(today, 7), shifted(today, -6));
    let recent = |item: &&&Raw| item.at("data")["type"] != "NOTE" && (&*week..=today).contains(&day(&item.at("data")["occurredAt"]));
    let month = shifted(today, -29);
    let placed = |order: &&&Raw| order.at("data")["status"] != "CANCELLED" && (&*month..=today).contains(&day(&order.at("data")["placedAt"]));
    let orders = of("ORDER");
    let sold: Vec<&&Raw> = orders.iter().filter(placed).collect();
    let mut active: BTreeMap<&str, i64> = BTreeMap::new();
    for customer in customers.iter().filter(|customer| customer.at("data")["engagement"] != "INACTIVE") {
        owner(customer).into_iter().for_each(|owner| *active.entry(owner).or_default() += 1);
    }
    let mut top: Vec<(String, i64)> = active.into_iter().map(|(user, count)| (user.to_owned(), count)).collect();
    top.sort_by_key(|(user, count)| (-count, user.clone()));
    top.truncate(5);
    let live_leads: Vec<&Raw> = leads.iter().filter(live).copied().collect();
    Told {
        totals: json!({
            "customers": customers.len(),
            "leads": live_leads.len(),
            "openTasks": tasks.len(),
            "overdueTasks": due(&tasks, "0", &yesterday),
            "followUpsPending": follow_ups.len(),
            "followUpsOverdue": due(&follow_ups, "0", &yesterday),
            "followUpsDueSoon": due(&follow_ups, today, &soon),
            "communicationsLast7Days": activities.iter().filter(recent).count(),
            "ordersLast30Days": sold.len(),
            "revenueLast30DaysMinor": sold.iter().filter_map(|order| order.at("data")["totalMinor"].as_i64()).sum::<i64>(),
        }),
        engagement: by(&["HOT", "WARM", "INACTIVE"], customers.iter().filter_map(|customer| customer.at("data")["engagement"].as_str())),
        levels: by(
            &["BRONZE", "SILVER", "GOLD", "PLATINUM"],
            customers.iter().map(|customer| customer.at("derived")["levelCode"].as_str().unwrap_or("BRONZE")),
        ),
        statuses: by(&STATUSES, live_leads.iter().filter_map(|lead| lead.at("data")["status"].as_str())),
        per_day: per_day(&leads, today),
        top,
    }
}

/// What somebody's own dashboard tells.
pub fn own(items: &[Raw], now: &str, person: &str) -> Value {
    let today = &now[..10];
    let of = |name: &'static str| -> Vec<&Raw> { kind(items, name).filter(|item| owner(item) == Some(person)).collect() };
    let (leads, customers) = (of("LEAD"), of("CUSTOMER"));
    let tasks: Vec<&Raw> = of("TASK").into_iter().filter(|task| open(task)).collect();
    let follow_ups: Vec<&Raw> = of("FOLLOWUP").into_iter().filter(|follow_up| pending(follow_up)).collect();
    json!({
        "myOpenTasks": tasks.len(),
        "overdueTasks": due(&tasks, "0", &shifted(today, -1)),
        "tasksDueToday": due(&tasks, today, today),
        "followUpsPending": follow_ups.len(),
        "followUpsOverdue": due(&follow_ups, "0", &shifted(today, -1)),
        "myLeadsByStatus": by(&STATUSES, leads.iter().filter(live).filter_map(|lead| lead.at("data")["status"].as_str())),
        "myCustomers": customers.iter().filter(live).count(),
        "leadsPerDay": per_day(&leads, today),
        "generatedAt": now,
    })
}
