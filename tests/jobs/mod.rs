//! What the clock starts, with a clock that can be put forward.

mod again;
mod counts;
mod engagement;
mod expiry;
mod greetings;
mod levels;
mod nights;
mod reminders;
mod runs;

pub use counts::counted;

use local::Table;
use serde_json::{Value, json};
use std::time::Duration;
use tests::crm::PASSWORD;
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, Person, eventually};

const SOON: Duration = Duration::from_secs(20);
const DAY: i64 = 86_400;

/// A moment from now, by the clock of the CRM.
async fn from_now(person: &Person, seconds: i64) -> String {
    let now = text(&person.make("/tasks", json!({"title": "clock"})).await["createdAt"]);
    let now = <domain::Time as domain::text::TextValue>::read(&now).expect("time");
    now.plus_seconds(seconds).to_string()
}

/// The copies of a template, earliest first.
async fn copies(crm: &Crm, template: &str) -> Vec<Value> {
    let tasks = crm.items_of("TASK").await;
    let of = |item: &&tests::items::Raw| item.at("data")["templateId"] == json!(template);
    let mut copies: Vec<Value> = tasks.iter().filter(of).map(|item| item.at("data").clone()).collect();
    copies.sort_by_key(|copy| text(&copy["dueAt"]));
    copies
}

/// Puts the copying on the queue so many times and waits until it is done.
async fn run(crm: &Crm, times: usize) {
    crm.start_job("recurring-tasks", times).await;
    eventually("the work is done", SOON, || async {
        let depth = &crm.embedded().queues.depths()["jobs"];
        (depth.visible + depth.in_flight == 0).then_some(())
    })
    .await;
    assert!(crm.items_of("PARKED").await.is_empty());
}

#[tokio::test]
async fn a_recurring_task_is_copied_in_the_morning_and_once() {
    let crm = Crm::start().await;
    let rep = crm.person("SALES_REP", None).await;
    let lead = rep.lead(json!({})).await["id"].clone();
    let first = from_now(&rep, 3600).await;
    let daily = json!({"title": "Daily", "description": "At length", "leadId": lead, "dueAt": first, "priority": "HIGH", "recurrence": {"every": 1, "unit": "DAY"}});
    let template = text(&rep.make("/tasks", daily).await["id"]);
    assert_eq!(copies(&crm, &template).await, Vec::<Value>::new());
    crm.advance(2 * DAY);
    // The clock passes six in the morning, so the schedule itself starts the work.
    let made = eventually("the task is copied", SOON, || async {
        let made = copies(&crm, &template).await;
        (!made.is_empty()).then_some(made)
    })
    .await;
    assert_eq!((made.len(), &made[0]["status"], &made[0]["priority"], &made[0]["ownerId"]), (1, &json!("TODO"), &json!("HIGH"), &json!(rep.id)));
    run(&crm, 10).await;
    assert_eq!(copies(&crm, &template).await.len(), 1, "however often it runs");
    let rep = crm.sign_in(&rep.email, PASSWORD).await;
    let page = rep.get(&format!("/tasks?leadId={}", text(&lead))).await.expect(200);
    let copy = page.data().as_array().expect("list").iter().find(|task| task["templateId"] == json!(template)).expect("listed").clone();
    assert_eq!(rep.get(&format!("/tasks/{}", text(&copy["id"]))).await.data()["description"], json!("At length"));
    assert_eq!((&copy["recurrence"], &copy["overdue"]), (&json!(null), &json!(false)), "none is born overdue");
    assert_eq!(rep.get(&format!("/leads/{}", text(&lead))).await.data()["counts"]["tasksOpen"], json!(2));
    assert_eq!(rep.get(&format!("/tasks/{template}")).await.data()["version"], json!(1), "a copy is nobody's change");
    eventually("everything agrees", SOON, || async { disagreements(&crm.items().await, Look::Settled).is_empty().then_some(()) }).await;
}

#[tokio::test]
async fn a_run_that_comes_late_makes_one_copy_and_an_ended_series_none() {
    let crm = Crm::start().await;
    let rep = crm.person("SALES_REP", None).await;
    let make = async |title: &str| {
        let first = from_now(&rep, 3600).await;
        text(&rep.make("/tasks", json!({"title": title, "dueAt": first, "recurrence": {"every": 1, "unit": "DAY"}})).await["id"])
    };
    let (late, ended, deleted) = (make("Late").await, make("Ended").await, make("Deleted").await);
    let next = text(&rep.get(&format!("/tasks/{late}")).await.data()["nextOccurrenceAt"]);
    rep.patch(&format!("/tasks/{ended}"), json!({"recurrence": null})).await.expect(200);
    rep.delete(&format!("/tasks/{deleted}")).await.expect(204);
    crm.advance(40 * DAY);
    let made = eventually("the task is copied", SOON, || async {
        let made = copies(&crm, &late).await;
        (!made.is_empty()).then_some(made)
    })
    .await;
    assert_eq!(made.len(), 1, "one for all that were missed");
    let (next, now) =
        (<domain::Time as domain::text::TextValue>::read(&next).expect("time"), from_now(&crm.sign_in(&rep.email, PASSWORD).await, 0).await);
    let latest = (38..=39).map(|days| next.plus_seconds(days * DAY).to_string()).rfind(|due| due[..10] <= now[..10]);
    assert_eq!(made[0]["dueAt"], json!(latest), "the latest of them, that of today where there is one");
    crm.advance(DAY);
    eventually("the next day has its own", SOON, || async { (copies(&crm, &late).await.len() == 2).then_some(()) }).await;
    assert_eq!(copies(&crm, &ended).await.len() + copies(&crm, &deleted).await.len(), 0);
}

#[tokio::test]
async fn a_run_that_was_missed_is_made_good_at_the_next_start() {
    // In the night the day that was missed is over.
    let crm = Crm::timed(Table::memory().expect("memory"), Passing::from_noon()).await.working().await;
    let rep = crm.person("SALES_REP", None).await;
    let first = from_now(&rep, 3600).await;
    let template = text(&rep.make("/tasks", json!({"title": "Missed", "dueAt": first, "recurrence": {"every": 1, "unit": "DAY"}})).await["id"]);
    run(&crm, 1).await;
    let stopped = crm.killed().await;
    stopped.advance(3 * DAY);
    assert_eq!(copies(&stopped, &template).await.len(), 0, "nothing runs");
    let again = stopped.working().await;
    eventually("it is made good", SOON, || async { (copies(&again, &template).await.len() == 1).then_some(()) }).await;
}

#[tokio::test]
async fn a_message_that_comes_again_or_late_does_not_take_work_from_who_was_given_it_since() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let [first, second, third] = [crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await];
    let lead = text(&admin.lead(json!({"ownerId": first.id})).await["id"]);
    let make = async |title: &str| {
        format!("/tasks/{}", text(&admin.make("/tasks", json!({"title": title, "leadId": lead, "ownerId": first.id})).await["id"]))
    };
    let (task, other) = (make("One").await, make("Other").await);
    let assign = async |owner: &Person| {
        text(&admin.patch(&format!("/leads/{lead}/assign"), json!({"ownerId": owner.id})).await.expect(200).data()["updatedAt"])
    };
    let owner_of = async |path: &str| text(&admin.get(path).await.expect(200).data()["ownerId"]);
    let given = assign(&second).await;
    eventually("it follows", SOON, || async { (owner_of(&task).await == second.id && owner_of(&other).await == second.id).then_some(()) }).await;
    // Somebody gives one of them back, and the lead on; then everything that was said before is said again.
    admin.patch(&task, json!({"ownerId": first.id})).await.expect(200);
    assign(&third).await;
    eventually("the other follows", SOON, || async { (owner_of(&other).await == third.id).then_some(()) }).await;
    let again = json!({"task": "follow_owner", "of": {"lead": lead}, "former": first.id, "given": given}).to_string();
    crm.embedded().queues.send("work", vec![again; 5], Duration::ZERO).await.expect("sent");
    crm.advance(61);
    run(&crm, 1).await;
    assert_eq!((owner_of(&task).await, owner_of(&other).await), (first.id.clone(), third.id.clone()));
}
