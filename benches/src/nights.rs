//! What a night reads for each customer whose engagement is due (P8), however many customers there are.

use crate::Failure;
use crate::crm::{Crm, Person};
use crate::report::Report;
use domain::Entity;
use domain::customer::Customer;
use domain::job::{JobName, JobState};
use domain::text::TextValue;
use domain::time::Day;
use local::TABLE;
use messaging::{Queue, Timed};
use serde_json::{Value, json};
use store::Tx;
use uuid::Uuid;
use workers::jobs;

/// How many are due.
const DUE: usize = 300;
/// How many items may be read for each of them.
const EACH: f64 = 3.0;

/// Has so many customers' moment come two hours ago, and lets the night come.
pub async fn measure(report: &mut Report, crm: &Crm, admin: &Person, customers: u64) -> Result<(), Failure> {
    let app = crm.probed();
    let came = app.clock.now().plus_seconds(-2 * 3600);
    let (mut due, mut cursor) = (0, String::new());
    while due < DUE {
        let page = crm.get(&format!("/customers?limit=100{cursor}"), admin).await?.body;
        for customer in page["data"].as_array().ok_or("no list")?.iter().take(DUE - due) {
            let pk = format!("{}#{}", Customer::KIND, customer["id"].as_str().ok_or("no id")?);
            let values = json!({":at": {"S": came}, ":hour": {"S": store::keys::due_in(Customer::KIND, came)}});
            let key = json!({"pk": {"S": pk}, "sk": {"S": Customer::KIND}});
            let put = json!({"TableName": TABLE, "Key": key, "UpdateExpression": "SET derived.reviewAt = :at, d = :hour", "ExpressionAttributeValues": values});
            crm.table().request("UpdateItem", put).await?;
            due += 1;
        }
        cursor = format!("&cursor={}", page["meta"]["nextCursor"].as_str().ok_or("too few customers")?);
    }
    // The night before this one.
    let kept = app.unscoped().job(JobName::CustomerEngagement).await?;
    let before = app.clock.now().plus_seconds(-86_400);
    let state = JobState { done: Some(before), done_on: Some(Day::read("2000-01-01").map_err(|invalid| invalid.message)?), ..JobState::default() };
    let mut tx = Tx::new();
    tx.keep_job(JobName::CustomerEngagement, &kept, &state);
    app.unscoped().commit(tx).await?;

    let run = Uuid::now_v7().to_string();
    let start = json!({"task": "start", "job": JobName::CustomerEngagement, "run": run}).to_string();
    serde_json::from_str::<Timed>(&start)?;
    crm.embedded.queues.send(Queue::Jobs.name(), vec![start], std::time::Duration::ZERO).await?;
    crm.passed();
    let handle = |event: Value| (jobs::WORKER.handle)(&app, event);
    while crm.embedded.queues.run_once(Queue::Jobs.name(), 1, &handle).await? > 0 {}
    let passed = crm.passed();
    let reply = crm.get("/admin/jobs", admin).await?.body;
    let jobs = reply["data"].as_array().ok_or("no list")?;
    let job = jobs.iter().find(|job| job["name"] == JobName::CustomerEngagement.as_str()).ok_or("no such job")?;
    let (state, looked) = (&job["lastRuns"][0]["state"], job["lastRuns"][0]["counts"]["looked"].as_f64().unwrap_or_default());
    if state != "SUCCEEDED" || looked < DUE as f64 {
        return Err(format!("the night went otherwise: {job}").into());
    }
    let items = passed.rows + passed.gets;
    let each = items as f64 / looked;
    report.firm(
        "P8",
        format!("items read for each of {looked} customers that are due, of {customers}"),
        format!("{each:.2} ({items} items)"),
        format!("≤ {EACH}"),
        each <= EACH,
    );
    Ok(())
}
