//! Dashboards: what they tell against a recount of the records, whatever happened before and however the stream delivered it.

mod plain;

use crate::dashboards::plain::{Told, told};
use local::{TABLE, Table};
use serde_json::{Value, json};
use std::time::Duration;
use tests::background::{Post, settle, stream};
use tests::people::text;
use tests::random::Random;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, Person, number_in_environment};

/// Noon, some days before the end of a month: 2026-03-28T12:00Z.
const START: i64 = 1_774_699_200_000;
/// How many changes one company makes.
const CHANGES: u64 = 1200;
const DAY: Duration = Duration::from_secs(86_400);

struct Company {
    crm: Crm,
    posts: Vec<Post>,
    admin: Person,
    teams: Vec<String>,
    people: Vec<Person>,
}

impl Company {
    async fn start() -> Self {
        let settings = [("ACCESS_TTL", "864000")];
        let crm = Crm::set(Table::memory().expect("memory"), Passing::by_hand(START), &settings).await;
        let posts = crm.posts().await;
        let admin = crm.admin().await;
        let teams = vec![crm.team().await, crm.team().await];
        let mut people = vec![crm.person("MANAGER", Some(&teams[0])).await, crm.person("SALES_REP", None).await];
        for team in &teams {
            people.push(crm.person("SALES_REP", Some(team)).await);
            people.push(crm.person("SALES_REP", Some(team)).await);
        }
        Self { crm, posts, admin, teams, people }
    }

    async fn settle(&mut self) {
        settle(&mut self.posts).await;
    }

    /// Every dashboard against the records.
    async fn agrees(&self) {
        let items = self.crm.items().await;
        assert_eq!(disagreements(&items, Look::Settled), Vec::<String>::new());
        let now = self.crm.time.clock().now().to_string();
        let company = self.admin.get("/dashboard").await.expect(200);
        assert_eq!(Told::of(company.data()), told(&items, &now, |_, _| true), "the company");
        assert_eq!(company.data()["scope"], "all");
        let manager = &self.people[0];
        let team = text(&self.admin.get(&format!("/users/{}", manager.id)).await.expect(200).data()["teamId"]);
        let of_team = manager.get("/dashboard").await.expect(200);
        assert_eq!(Told::of(of_team.data()), told(&items, &now, |_, of| of == Some(&team)), "a team");
        assert_eq!(of_team.data()["scope"], "team");
        for person in self.people.iter().chain([&self.admin]) {
            let own = person.get("/dashboard/me").await.expect(200);
            assert_eq!(*own.data(), plain::own(&items, &now, &person.id), "a person");
        }
    }
}

/// A change of something, chosen by chance.
async fn change(company: &Company, random: &mut Random, made: &mut Vec<(&'static str, String)>) {
    let (admin, people) = (&company.admin, &company.people);
    let pick = |made: &[(&'static str, String)], kind: &str, random: &mut Random| {
        let of: Vec<&String> = made.iter().filter(|(of, _)| *of == kind).map(|(_, path)| path).collect();
        if of.is_empty() { None } else { Some(random.of(&of).to_string()) }
    };
    let owner = |random: &mut Random| if random.below(6) == 0 { Value::Null } else { json!(random.of(people).id) };
    let due = |random: &mut Random| match random.below(8) {
        0 => json!("2026-01-15T10:00:00Z"),
        1 => json!("2031-05-05T10:00:00Z"),
        2 => json!("1999-12-31T10:00:00Z"),
        _ => {
            let day = *random.of(&["03-20", "03-27", "03-28", "03-29", "04-01", "04-04", "04-20"]);
            json!(format!("2026-{day}T{:02}:30:00Z", random.below(24)))
        }
    };
    let engagement = *random.of(&["HOT", "WARM", "INACTIVE"]);
    let mut keep = |kind: &'static str, path: &str, reply: tests::Reply| {
        if reply.status == 201 {
            made.push((kind, format!("{path}/{}", text(&reply.data()["id"]))));
        }
    };
    match random.below(22) {
        0..=2 => keep(
            "customer",
            "/customers",
            admin.post("/customers", json!({"name": "Acme", "ownerId": owner(random), "engagement": engagement})).await,
        ),
        3..=5 => keep("lead", "/leads", admin.post("/leads", json!({"title": "Lead", "ownerId": owner(random)})).await),
        6 | 7 => {
            let body =
                json!({"title": "Task", "ownerId": random.of(people).id, "dueAt": if random.below(4) == 0 { Value::Null } else { due(random) }});
            keep("task", "/tasks", admin.post("/tasks", body).await);
        }
        8 | 9 => {
            let Some(lead) = pick(made, "lead", random) else { return };
            let lead = lead.trim_start_matches("/leads/");
            let body = json!({"leadId": lead, "dueAt": due(random), "assigneeId": random.of(people).id});
            let reply = admin.post("/follow-ups", body).await;
            if reply.status == 201 {
                made.push(("followUp", format!("/follow-ups/{}", text(&reply.data()["id"]))));
            }
        }
        10 | 11 => {
            let kind = if random.below(3) == 0 { "lead" } else { "customer" };
            let Some(path) = pick(made, kind, random) else { return };
            let id = path.rsplit('/').next().unwrap_or_default();
            let at = format!("2026-03-{:02}T10:00:00Z", 22 + random.below(7));
            let body = json!({format!("{kind}Id"): id, "type": random.of(&["CALL", "EMAIL", "NOTE"]), "body": "Text", "occurredAt": at});
            let reply = admin.post("/activities", body).await;
            if reply.status == 201 {
                made.push(("activity", format!("/activities/{}", text(&reply.data()["id"]))));
            }
        }
        12 => {
            let Some(path) = pick(made, "activity", random) else { return };
            let gone = random.below(2) == 0;
            if gone {
                admin.delete(&path).await
            } else {
                admin.patch(&path, json!({"type": "MEETING", "occurredAt": "2026-03-22T08:00:00Z"})).await
            };
        }
        13 => {
            let Some(path) = pick(made, "task", random) else { return };
            let to = *random.of(&["TODO", "IN_PROGRESS", "DONE", "CANCELLED"]);
            admin.patch(&format!("{path}/status"), json!({"status": to})).await;
        }
        14 => {
            let Some(path) = pick(made, "task", random) else { return };
            if random.below(3) == 0 {
                admin.delete(&path).await
            } else {
                admin.patch(&path, json!({"dueAt": due(random), "ownerId": random.of(people).id})).await
            };
        }
        15 => {
            let Some(path) = pick(made, "followUp", random) else { return };
            let body = if random.below(2) == 0 { json!({"dueAt": due(random)}) } else { json!({"status": random.of(&["COMPLETED", "CANCELLED"])}) };
            if random.below(4) == 0 {
                admin.delete(&path).await
            } else {
                admin.patch(&path, body).await
            };
        }
        16 => {
            let Some(path) = pick(made, "customer", random) else { return };
            match random.below(3) {
                0 => admin.delete(&path).await,
                1 => admin.patch(&path, json!({"archived": false})).await,
                _ => admin.patch(&path, json!({"engagement": engagement})).await,
            };
        }
        17 => {
            let Some(path) = pick(made, "lead", random) else { return };
            match random.below(4) {
                0 => admin.delete(&path).await,
                1 => admin.delete(&format!("{path}?hard=true")).await,
                2 => admin.patch(&path, json!({"archived": false})).await,
                _ => admin.post(&format!("{path}/convert"), json!({})).await,
            };
        }
        18 => {
            let Some(path) = pick(made, "lead", random) else { return };
            admin
                .patch(
                    &format!("{path}/status"),
                    json!({"status": random.of(&["CONTACTED", "IN_PROGRESS", "QUALIFIED", "CLOSED"]), "closeReason": "OTHER"}),
                )
                .await;
        }
        19 | 20 => {
            let kind = if random.below(2) == 0 { "lead" } else { "customer" };
            let Some(path) = pick(made, kind, random) else { return };
            admin.patch(&format!("{path}/assign"), json!({"ownerId": owner(random)})).await;
        }
        _ => {
            let team = random.of(&company.teams).clone();
            admin.patch(&format!("/users/{}", random.of(&people[1..]).id), json!({"teamId": team})).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn dashboards_tell_what_a_recount_tells_after_whatever_happened() {
    let mut random = Random::new(number_in_environment("DASHBOARD_SEED").unwrap_or(1));
    let mut company = Company::start().await;
    let mut made = Vec::new();
    let changes = number_in_environment("DASHBOARD_CHANGES").unwrap_or(CHANGES);
    for step in 1..=changes {
        change(&company, &mut random, &mut made).await;
        // The workers come after some changes at once, or fall behind.
        if random.below(10) == 0 {
            for post in &mut company.posts {
                post.step().await;
            }
        }
        if step % 300 == 0 || step == changes {
            company.settle().await;
            company.crm.time.advance(Duration::from_secs(61));
            company.settle().await;
            company.agrees().await;
        }
    }
    let kinds = ["customer", "lead", "task", "followUp", "activity"];
    assert!(kinds.iter().all(|kind| made.iter().filter(|(of, _)| of == kind).count() > 20), "some of each kind");
    // Nothing of what time does to them takes a write.
    let writes =
        |items: Vec<tests::items::Raw>| items.into_iter().filter(|item| item.text("type") == "FIGURES").map(|item| Value::Object(item.0)).collect();
    let before: Vec<Value> = writes(company.crm.items().await);
    for days in [1, 1, 3, 3] {
        company.crm.time.advance(DAY * days);
        company.agrees().await;
    }
    assert_eq!(before, writes(company.crm.items().await) as Vec<Value>);
}

#[tokio::test(start_paused = true)]
async fn what_the_stream_delivers_twice_late_or_in_any_order_counts_once() {
    let mut random = Random::new(7);
    let mut company = Company::start().await;
    let mut made = Vec::new();
    for _ in 0..150 {
        change(&company, &mut random, &mut made).await;
    }
    company.settle().await;
    company.crm.time.advance(Duration::from_secs(61));
    company.settle().await;
    let records = stream(&company.crm).await;
    for _ in 0..3 {
        let mut shuffled = records.clone();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, random.below(at + 1));
        }
        for batch in shuffled.chunks(1 + random.below(90)) {
            assert_eq!(company.crm.hand("projector", json!({"Records": batch})).await, json!({"batchItemFailures": []}));
        }
        company.agrees().await;
    }
    // Two at once, each with everything.
    let (forwards, backwards) = (records.clone(), records.iter().rev().cloned().collect::<Vec<Value>>());
    let crm = &company.crm;
    tokio::join!(crm.hand("projector", json!({"Records": forwards})), crm.hand("projector", json!({"Records": backwards})));
    company.agrees().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_due_becomes_overdue_at_the_local_midnight() {
    // 2026-03-10T22:30Z is half past eleven in the evening in Berlin.
    let settings = [("TIME_ZONE", "Europe/Berlin"), ("ACCESS_TTL", "864000")];
    let crm = Crm::set(Table::memory().expect("memory"), Passing::by_hand(1_773_181_800_000), &settings).await;
    let mut posts = crm.posts().await;
    let rep = crm.person("SALES_REP", None).await;
    let lead = rep.lead(json!({})).await["id"].clone();
    rep.make("/tasks", json!({"title": "Today", "dueAt": "2026-03-10T09:00:00Z"})).await;
    rep.make("/tasks", json!({"title": "Tomorrow", "dueAt": "2026-03-10T23:30:00Z"})).await;
    rep.make("/follow-ups", json!({"leadId": lead, "dueAt": "2026-03-10T10:00:00Z"})).await;
    settle(&mut posts).await;
    let numbers = async || {
        let own = rep.get("/dashboard/me").await.expect(200).data().clone();
        let last = own["leadsPerDay"].as_array().and_then(|days| days.last().cloned()).unwrap_or_default();
        let names = ["myOpenTasks", "overdueTasks", "tasksDueToday", "followUpsPending", "followUpsOverdue"];
        (names.map(|name| own[name].as_i64().unwrap_or(-1)), text(&last["date"]), last["count"].as_i64().unwrap_or(-1))
    };
    assert_eq!(numbers().await, ([2, 0, 1, 1, 0], "2026-03-10".to_owned(), 1));
    crm.time.advance(Duration::from_secs(3600));
    assert_eq!(numbers().await, ([2, 1, 1, 1, 1], "2026-03-11".to_owned(), 0));
}

/// What recounts find is counted for the whole process, so there is one at a time.
static RECOUNTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Recounts every scope, with all the looks that this takes.
async fn recount(company: &mut Company, repair: bool) {
    let admin = company.crm.admin().await;
    let run = admin.post("/admin/jobs/counters-check/run", json!({"dryRun": !repair})).await.expect(202).data()["runId"].clone();
    company.settle().await;
    let jobs = admin.all("/admin/jobs").await;
    let runs = jobs.iter().find(|job| job["name"] == "counters-check").expect("listed")["lastRuns"].as_array().expect("a list").clone();
    let run = runs.iter().find(|found| found["runId"] == run).expect("the run");
    let scopes = 3 + company.crm.items_of("USER").await.len();
    assert_eq!((&run["state"], &run["counts"]), (&json!("SUCCEEDED"), &json!({"sent": scopes})), "two teams, what has none, and everybody");
    for _ in 0..5 {
        company.settle().await;
        company.crm.time.advance(Duration::from_secs(61));
    }
    company.settle().await;
    assert!(company.crm.items_of("PARKED").await.is_empty());
}

/// Puts figures wrong, and has some records never counted.
async fn spoil(crm: &Crm, random: &mut Random) {
    let key = |item: &tests::items::Raw| json!({"pk": {"S": item.text("pk")}, "sk": {"S": item.text("sk")}});
    for item in crm.items().await {
        let wrong = match item.text("type") {
            "FIGURES" if random.below(2) == 0 => {
                // Not by how many active customers people stand in an order, which moves with its row.
                let own = |name: &&String| !["pk", "sk", "type", "seq", "ttl"].contains(&name.as_str()) && !name.starts_with("a:");
                let Some(name) = item.0.keys().find(own) else { continue };
                json!({"UpdateExpression": "ADD #name :one", "ExpressionAttributeNames": {"#name": name}, "ExpressionAttributeValues": {":one": {"N": "3"}}})
            }
            "COUNTED" if random.below(4) == 0 => {
                let gone = json!({"TableName": TABLE, "Key": key(&item)});
                crm.embedded().table.request("DeleteItem", gone).await.expect("gone");
                continue;
            }
            _ => continue,
        };
        let mut wrong = wrong;
        wrong["TableName"] = json!(TABLE);
        wrong["Key"] = key(&item);
        crm.embedded().table.request("UpdateItem", wrong).await.expect("spoilt");
    }
}

#[tokio::test(start_paused = true)]
async fn a_recount_tells_what_differs_and_puts_it_right_when_asked() {
    tests::log::listen();
    let _alone = RECOUNTING.lock().await;
    let mut random = Random::new(11);
    let mut company = Company::start().await;
    let mut made = Vec::new();
    for _ in 0..250 {
        change(&company, &mut random, &mut made).await;
    }
    company.settle().await;
    let differ = || crate::jobs::counted(application::metric::Metric::FiguresDiffer, "");
    let before = differ();
    recount(&mut company, true).await;
    assert_eq!(differ(), before, "everything agrees");
    company.agrees().await;

    spoil(&company.crm, &mut random).await;
    let spoilt = company.crm.items().await;
    assert_ne!(disagreements(&spoilt, Look::Settled), Vec::<String>::new());
    recount(&mut company, false).await;
    assert!(differ() > before, "what differs is told");
    let figures = |items: &[tests::items::Raw]| -> Vec<Value> {
        items.iter().filter(|item| ["FIGURES", "COUNTED"].contains(&item.text("type"))).map(|item| Value::Object(item.0.clone())).collect()
    };
    assert_eq!(figures(&company.crm.items().await), figures(&spoilt), "and left as it is");

    recount(&mut company, true).await;
    company.agrees().await;
    let after = differ();
    recount(&mut company, false).await;
    assert_eq!(differ(), after, "there is nothing left");
    let counted = tests::log::lines_where(|line| line["JobDone"] == 1 && line["job"] == "counters-check");
    assert!(!counted.is_empty(), "what the alarm waits for");
}

#[tokio::test(start_paused = true)]
async fn a_recount_goes_on_while_people_work_and_breaks_nothing() {
    let _alone = RECOUNTING.lock().await;
    let mut random = Random::new(12);
    let mut company = Company::start().await;
    let mut made = Vec::new();
    for _ in 0..150 {
        change(&company, &mut random, &mut made).await;
    }
    company.settle().await;
    spoil(&company.crm, &mut random).await;
    let app = company.crm.embedded().worker_app(tests::background::worker("jobs"));
    workers::repair::check_counters(&app, None, true).await.expect("sent");
    for _ in 0..60 {
        change(&company, &mut random, &mut made).await;
        for post in &mut company.posts {
            post.step().await;
        }
        company.crm.time.advance(Duration::from_secs(10));
    }
    // Whatever it put right meanwhile, the next one finds the rest.
    recount(&mut company, true).await;
    company.agrees().await;
}
