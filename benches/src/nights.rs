//! What a night reads for those who are due (P8), however many customers there are: whose engagement can be another, and whose score.

use crate::Failure;
use crate::crm::{Crm, Person};
use crate::report::Report;
use domain::customer::Customer;
use domain::job::{JobName, JobState};
use domain::text::TextValue;
use domain::time::Day;
use domain::{CustomerId, Entity, Time};
use local::TABLE;
use messaging::{Queue, Timed};
use serde_json::{Value, json};
use store::Tx;
use uuid::Uuid;
use workers::jobs;

/// How many are due whose engagement can be another, and how many items may be read for each of them.
const DUE: usize = 300;
const EACH: f64 = 3.0;

/// How many are due whose score can be another, and how many items may be read in all.
const SCORED: usize = 500;
const ITEMS: u64 = 1_500;

/// Has the moment of so many customers come two hours ago, and lets the night come: once for each job.
pub async fn measure(report: &mut Report, crm: &Crm, admin: &Person, customers: u64) -> Result<(), Failure> {
    let came = crm.probed().clock.now().plus_seconds(-2 * 3600);
    for id in ids(crm, admin, DUE).await? {
        let values = json!({":at": {"S": came}, ":hour": {"S": store::keys::due_in(Customer::KIND, came)}});
        update(crm, id, "SET derived.reviewAt = :at, d = :hour", values).await?;
    }
    let (items, looked) = night(crm, admin, JobName::CustomerEngagement, DUE).await?;
    let each = items as f64 / looked;
    report.firm(
        "P8",
        format!("items read for each of {looked} customers that are due, of {customers}"),
        format!("{each:.2} ({items} items)"),
        format!("≤ {EACH}"),
        each <= EACH,
    );

    for id in ids(crm, admin, SCORED).await? {
        // The last order is three months old: the score is another, and so is the level.
        let bought = came.plus_seconds(-100 * 86_400);
        let values = json!({":at": {"S": came}, ":bought": {"S": bought}, ":count": {"N": "12"}, ":spent": {"N": "1200000"}});
        let set = "SET derived.rfmReviewAt = :at, derived.lastOrderAt = :bought, derived.orderCount = :count, derived.totalSpentMinor = :spent";
        update(crm, id, set, values).await?;
        let (key, hour) = (store::keys::scoring(id), store::keys::due_in("RFM", came));
        let due = json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}, "type": {"S": "DUE"}, "v": {"N": "1"}, "d": {"S": hour}, "s": {"S": store::keys::by_time(came, id)}});
        crm.table().request("PutItem", json!({"TableName": TABLE, "Item": due})).await?;
    }
    let (items, looked) = night(crm, admin, JobName::RfmScoring, SCORED).await?;
    report.firm(
        "P8",
        format!("items read to score {looked} customers that are due, of {customers}"),
        items.to_string(),
        format!("≤ {ITEMS}"),
        items <= ITEMS,
    );
    Ok(())
}

/// So many customers that are not archived.
async fn ids(crm: &Crm, admin: &Person, count: usize) -> Result<Vec<CustomerId>, Failure> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    while found.len() < count {
        let page = crm.get(&format!("/customers?limit=100{cursor}"), admin).await?.body;
        for customer in page["data"].as_array().ok_or("no list")?.iter().take(count - found.len()) {
            found.push(CustomerId::read(customer["id"].as_str().ok_or("no id")?).map_err(|invalid| invalid.message)?);
        }
        cursor = format!("&cursor={}", page["meta"]["nextCursor"].as_str().ok_or("too few customers")?);
    }
    Ok(found)
}

async fn update(crm: &Crm, id: CustomerId, expression: &str, values: Value) -> Result<(), Failure> {
    let key = json!({"pk": {"S": format!("{}#{id}", Customer::KIND)}, "sk": {"S": Customer::KIND}});
    let put = json!({"TableName": TABLE, "Key": key, "UpdateExpression": expression, "ExpressionAttributeValues": values});
    crm.table().request("UpdateItem", put).await?;
    Ok(())
}

/// A night of a job; gives how many items were read, and how many customers were looked at.
async fn night(crm: &Crm, admin: &Person, name: JobName, due: usize) -> Result<(u64, f64), Failure> {
    let app = crm.probed();
    // The night before this one.
    let kept = app.unscoped().job(name).await?;
    let before: Time = app.clock.now().plus_seconds(-86_400);
    let state = JobState { done: Some(before), done_on: Some(Day::read("2000-01-01").map_err(|invalid| invalid.message)?), ..JobState::default() };
    let mut tx = Tx::new();
    tx.keep_job(name, &kept, &state);
    app.unscoped().commit(tx).await?;

    let run = Uuid::now_v7().to_string();
    let start = json!({"task": "start", "job": name, "run": run}).to_string();
    serde_json::from_str::<Timed>(&start)?;
    crm.embedded.queues.send(Queue::Jobs.name(), vec![start], std::time::Duration::ZERO).await?;
    crm.passed();
    let handle = |event: Value| (jobs::WORKER.handle)(&app, event);
    while crm.embedded.queues.run_once(Queue::Jobs.name(), 1, &handle).await? > 0 {}
    let passed = crm.passed();
    let reply = crm.get("/admin/jobs", admin).await?.body;
    let jobs = reply["data"].as_array().ok_or("no list")?;
    let job = jobs.iter().find(|job| job["name"] == name.as_str()).ok_or("no such job")?;
    let (state, looked) = (&job["lastRuns"][0]["state"], job["lastRuns"][0]["counts"]["looked"].as_f64().unwrap_or_default());
    if state != "SUCCEEDED" || looked < due as f64 {
        return Err(format!("the night went otherwise: {job}").into());
    }
    Ok((passed.rows + passed.gets, looked))
}
