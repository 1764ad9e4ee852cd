//! The requests of leads, activities, follow-ups, tasks, projects and work logs.

use crate::Failure;
use crate::crm::{Reply, text};
use crate::report::Report;
use crate::requests::{CREATE, DETAIL, EACH, PAGE, SIGN_IN, Stage, Targets, behind, judge, lists};
use crate::samples::Samples;
use serde_json::{Value, json};

/// When something is due; and earlier, so that it becomes the next follow-up.
const DUE: &str = "2027-01-31T09:30:00Z";
const EARLIER: &str = "2027-01-30T09:30:00Z";
const EARLIEST: &str = "2027-01-29T09:30:00Z";
/// When work was done.
const WORKED: &str = "2026-01-31";

/// What a record that is read by its id may take.
const ONE: Targets = Targets { trips: Some(2), read: None, write: None, cost: None };

/// A note of 200 bytes.
fn note() -> String {
    "x".repeat(200)
}

/// The body of a note about a lead or customer, whose id stands in this field.
fn activity(field: &str, id: &str) -> Value {
    json!({field: id, "type": "NOTE", "body": note()})
}

fn follow_up(field: &str, id: &str, due: &str) -> Value {
    json!({field: id, "dueAt": due, "notes": note()})
}

/// Puts a page of notes and what else is shown beside a lead or customer, whose id stands in this field.
pub async fn surround(stage: &Stage, field: &str, id: &str) -> Result<(), Failure> {
    for _ in 0..EACH {
        stage.make("/activities", &activity(field, id)).await?;
    }
    stage.make("/follow-ups", &follow_up(field, id, DUE)).await?;
    stage.make("/tasks", &json!({field: id, "title": "Call back"})).await?;
    Ok(())
}

/// Measures and reports; the customer has activities.
pub async fn measure(report: &mut Report, stage: &Stage, customer: &str) -> Result<(), Failure> {
    let lead = leads(report, stage).await?;
    activities(report, stage, &lead, customer).await?;
    follow_ups(report, stage, &lead).await?;
    tasks(report, stage, &lead, customer).await?;
    work_logs(report, stage, customer).await?;
    // Last, since a lead that was converted takes no more children.
    conversion(report, stage, &lead).await
}

/// Creates a record of a kind, and what stream workers spend on it.
async fn create(report: &mut Report, stage: &Stage, route: &str, (path, kind): (&str, &str), body: &Value) -> Result<Reply, Failure> {
    let made = stage.ask("POST", path, Some(body), None).await?;
    judge(report, route, &made, CREATE);
    behind(report, stage, route, kind, &made).await?;
    Ok(made)
}

/// Reads a record by its id.
async fn get(report: &mut Report, stage: &Stage, route: &str, path: &str, made: &Reply) -> Result<(), Failure> {
    let reply = stage.get(&format!("{path}/{}", text(&made.body["data"]["id"]))).await?;
    judge(report, route, &reply, ONE);
    Ok(())
}

/// The requests of leads; a lead with everything beside it.
async fn leads(report: &mut Report, stage: &Stage) -> Result<String, Failure> {
    let kind = ("/leads", "LEAD");
    let samples = Samples::of(&stage.crm, &stage.manager, kind, Box::new(lead)).await?;
    let mut id = String::new();
    for number in 1..=EACH {
        let mut body = samples.body(number);
        body["ownerId"] = json!(stage.rep.id);
        id = stage.make("/leads", &body).await?;
    }
    surround(stage, "leadId", &id).await?;
    judge(report, "get_lead with notes, follow-up and counts", &stage.get(&format!("/leads/{id}")).await?, DETAIL);
    let list = stage.page(&stage.manager, "/leads").await?;
    let targets = Targets { trips: Some(1), read: Some(2.0 * PAGE + SIGN_IN), ..Targets::default() };
    judge(report, "list of 20 leads, reach team and pool", &list, targets);
    lists(report, stage, "leads").await?;
    let mut body = samples.body(EACH + 1);
    body["ownerId"] = json!(stage.rep.id);
    let given = stage.ask("POST", "/leads", Some(&body), None).await?;
    judge(report, "create_lead for somebody else", &given, Targets::default());
    let made = create(report, stage, "create_lead", kind, &samples.body(EACH + 2)).await?;
    let status = format!("/leads/{}/status", text(&made.body["data"]["id"]));
    let moved = stage.ask("PATCH", &status, Some(&json!({"status": "CONTACTED"})), None).await?;
    judge(report, "set_lead_status", &moved, Targets { trips: Some(2), ..Targets::default() });
    Ok(id)
}

fn lead(number: u32, filler: String) -> Value {
    json!({
        "title": format!("Difference engines for branch {number:06}"),
        "firstName": "Charles",
        "lastName": "Babbage",
        "company": "Difference Engines Ltd",
        "email": format!("charles{number:06}@difference.example"),
        "phone": format!("+4940{number:07}"),
        "source": "website",
        "description": filler,
    })
}

async fn activities(report: &mut Report, stage: &Stage, lead: &str, customer: &str) -> Result<(), Failure> {
    let targets = Targets { trips: Some(1), read: Some(PAGE + SIGN_IN), ..Targets::default() };
    for (whose, query, person) in [
        ("a lead", format!("leadId={lead}"), &stage.manager),
        ("a customer", format!("customerId={customer}"), &stage.manager),
        ("an author, reach all", format!("createdBy={}", stage.manager.id), &stage.admin),
    ] {
        let list = stage.page(person, &format!("/activities?{query}")).await?;
        judge(report, &format!("list of 20 activities of {whose}"), &list, targets);
    }
    let by_author = stage.page(&stage.manager, "/activities?createdBy=me").await?;
    judge(report, "list of 20 activities of an author, reach team", &by_author, Targets::default());
    let kind = ("/activities", "ACTIVITY");
    create(report, stage, "create_activity, a note", kind, &activity("leadId", lead)).await?;
    let call = json!({"leadId": lead, "type": "CALL", "body": note()});
    let made = create(report, stage, "create_activity, a call", kind, &call).await?;
    get(report, stage, "get_activity", "/activities", &made).await
}

async fn follow_ups(report: &mut Report, stage: &Stage, lead: &str) -> Result<(), Failure> {
    let kind = ("/follow-ups", "FOLLOWUP");
    let made = create(report, stage, "create_follow_up for the owner of the lead", kind, &follow_up("leadId", lead, EARLIER)).await?;
    get(report, stage, "get_follow_up", "/follow-ups", &made).await?;
    let mut own = follow_up("leadId", lead, EARLIEST);
    own["assigneeId"] = json!(stage.manager.id);
    create(report, stage, "create_follow_up for oneself", kind, &own).await?;
    Ok(())
}

async fn tasks(report: &mut Report, stage: &Stage, lead: &str, customer: &str) -> Result<(), Failure> {
    let kind = ("/tasks", "TASK");
    let of = customer.to_owned();
    let task = move |number, filler| json!({"title": format!("Send offer {number:06}"), "dueAt": DUE, "customerId": of, "description": filler});
    let samples = Samples::of(&stage.crm, &stage.manager, kind, Box::new(task)).await?;
    let for_rep = |number: u32| {
        let mut body = samples.body(number);
        body["ownerId"] = json!(stage.rep.id);
        body
    };
    for number in 1..=EACH {
        stage.make("/tasks", &for_rep(number)).await?;
    }
    lists(report, stage, "tasks").await?;
    let targets = Targets { trips: Some(1), read: Some(PAGE + SIGN_IN), ..Targets::default() };
    judge(report, "list of 20 tasks, reach team", &stage.page(&stage.manager, "/tasks").await?, targets);
    judge(report, "list of 20 tasks of a customer", &stage.page(&stage.manager, &format!("/tasks?customerId={customer}")).await?, targets);
    let made = create(report, stage, "create_task", kind, &samples.body(EACH + 1)).await?;
    get(report, stage, "get_task", "/tasks", &made).await?;
    let given = stage.ask("POST", "/tasks", Some(&for_rep(EACH + 2)), None).await?;
    judge(report, "create_task for somebody else", &given, Targets::default());
    let project = stage.make("/projects", &json!({"name": "Roll-out", "customerId": customer})).await?;
    let mut body = samples.body(EACH + 3);
    body["leadId"] = json!(lead);
    body["projectId"] = json!(project);
    let made = stage.ask("POST", "/tasks", Some(&body), None).await?;
    judge(report, "create_task with customer, lead and project", &made, Targets::default());
    Ok(())
}

async fn work_logs(report: &mut Report, stage: &Stage, customer: &str) -> Result<(), Failure> {
    let kind = ("/worklogs", "WORKLOG");
    let of = customer.to_owned();
    // A short description is kept twice, the second time for lists.
    let half = |filler: &str| filler.get(filler.len() / 2..).unwrap_or_default().to_owned();
    let log = move |_, filler: String| json!({"customerId": of, "workDate": WORKED, "minutes": 30, "description": half(&filler)});
    let samples = Samples::of(&stage.crm, &stage.manager, kind, Box::new(log)).await?;
    create(report, stage, "create_work_log", kind, &samples.body(1)).await?;
    let project = stage.make("/projects", &json!({"name": "Roll-out", "customerId": customer})).await?;
    let task = stage.make("/tasks", &json!({"title": "Prepare", "projectId": project})).await?;
    for (of, field, id) in [("a project", "projectId", &project), ("a task in a project", "taskId", &task)] {
        let body = json!({field: id, "workDate": WORKED, "minutes": 30, "description": note()});
        let made = stage.ask("POST", "/worklogs", Some(&body), None).await?;
        judge(report, &format!("create_work_log on {of}"), &made, Targets::default());
    }
    Ok(())
}

/// A lead becomes a customer; then both are read with everything beside them.
async fn conversion(report: &mut Report, stage: &Stage, lead: &str) -> Result<(), Failure> {
    let converted = stage.ask("POST", &format!("/leads/{lead}/convert"), None, None).await?;
    judge(report, "convert_lead", &converted, Targets::default());
    let customer = text(&converted.body["data"]["customer"]["id"]);
    judge(report, "get_lead that became a customer", &stage.get(&format!("/leads/{lead}")).await?, DETAIL);
    judge(report, "get_customer that was a lead", &stage.get(&format!("/customers/{customer}")).await?, DETAIL);
    Ok(())
}
