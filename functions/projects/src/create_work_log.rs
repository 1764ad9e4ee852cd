//! `POST /worklogs`: logs the caller's work on a customer, a project or a task; a project or task
//! fills in what it belongs to.

use crate::views::WorkLogOut;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop, location};
use domain::input::{Int, Invalid, TextValue};
use domain::time::Day;
use domain::value::LongText;
use domain::work_log::{self, WorkLog, WorkLogData, WorkLogText};
use domain::{CustomerId, FieldError, Owner, PartyId, Permission, ProjectId, TaskId};
use std::sync::Arc;
use store::Tx;

/// What was done: 1 to 1,000 characters of several lines.
#[derive(Debug, Clone)]
pub struct Description(LongText<4000>);

impl TextValue for Description {
    fn read(text: &str) -> Result<Self, Invalid> {
        if text.trim().chars().count() > 1000 {
            return Err(Invalid::new("length", "must have at most 1000 characters"));
        }
        LongText::read(text).map(Self)
    }

    fn text_schema() -> serde_json::Value {
        serde_json::json!({"type": "string", "minLength": 1, "maxLength": 1000})
    }
}

domain::body! {
    /// Work that was done: on a customer, a project or a task at least.
    pub struct CreateWorkLog {
        /// Not in the future.
        pub work_date: Day,
        pub minutes: Int<1, 1440>,
        pub description: Description,
        /// Filled in from the project or task when not given.
        pub customer_id: Option<CustomerId>,
        /// Filled in from the task when not given.
        pub project_id: Option<ProjectId>,
        pub task_id: Option<TaskId>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/worklogs", "create_work_log")
        .needs(Permission::WorklogsCreate)
        .about("Work logs", "Log work")
        .status(201)
        .touches(&[Action::Get, Action::Put, Action::Update])
        .load_named(load)
        .handle(handle)
}

/// What the work is on.
struct Links {
    customer: Option<CustomerId>,
    project: Option<ProjectId>,
    task: Option<TaskId>,
}

async fn load(seen: Seen<Scoped>, body: Arc<Json<CreateWorkLog>>) -> Result<Links, Stop> {
    let body = &body.0;
    let mut wrong = Vec::new();
    // Somewhere on earth it is tomorrow already.
    let tomorrow = seen.app.clock.now().date_in(&seen.app.config.zone).tomorrow().ok();
    if tomorrow.is_some_and(|tomorrow| body.work_date.0 > tomorrow) {
        wrong.push(FieldError::new("/workDate", "range", "must not be in the future"));
    }
    if body.customer_id.is_none() && body.project_id.is_none() && body.task_id.is_none() {
        wrong.push(FieldError::new("/customerId", "required", "is required, or projectId or taskId instead"));
    }
    if !wrong.is_empty() {
        return Err(Problem::fields(wrong).into());
    }
    links(&seen, body).await
}

/// The customer, project and task, each inside what the caller may read, and not at odds.
async fn links(seen: &Seen<Scoped>, body: &CreateWorkLog) -> Result<Links, Stop> {
    let scope = |permission: Permission| seen.who.signed.caller.scope(permission);
    let at_odds = |at: &str, with: &str| Stop::from(Problem::field(at, "reference", format!("is not that of the {with}")));
    let task = match body.task_id {
        Some(id) => Some(seen.named_task(id, scope(Permission::TasksRead).as_ref()).await?),
        None => None,
    };
    let of_task = task.as_ref().and_then(|task| task.data.project_id);
    if of_task.is_some() && body.project_id.is_some_and(|id| Some(id) != of_task) {
        return Err(at_odds("/projectId", "task"));
    }
    let project = match (body.project_id, of_task) {
        (Some(id), _) => Some(seen.named_project(id, scope(Permission::ProjectsRead).as_ref()).await?),
        // Reached through the task; it only says where the work belongs.
        (None, Some(id)) => seen.app.store.get(id).await?,
        (None, None) => None,
    };
    let of_project = project.as_ref().map(|project| project.data.customer_id);
    let implied = of_project.or(task.as_ref().and_then(|task| task.data.customer_id));
    if let Some(id) = body.customer_id {
        if implied.is_some_and(|implied| implied != id) {
            return Err(at_odds("/customerId", if of_project.is_some() { "project" } else { "task" }));
        }
        if implied.is_none() {
            let id = PartyId::Customer(id);
            let refused = || Stop::from(Problem::field(id.pointer(), "reference", "does not exist or is outside your reach"));
            seen.named_party(id, &scope(Permission::CustomersRead).ok_or_else(refused)?).await?;
        }
    }
    Ok(Links { customer: body.customer_id.or(implied), project: project.map(|project| project.id), task: body.task_id })
}

async fn handle(call: Call<Scoped, (), (), Json<CreateWorkLog>>, links: Links) -> Result<Answer<WorkLogOut>, Stop> {
    let (act, body) = (call.act(), &call.body.0);
    let worker = Owner::caller(call.caller());
    let data = WorkLogData {
        user_id: worker.id,
        work_date: body.work_date,
        minutes: body.minutes.0,
        customer_id: links.customer,
        project_id: links.project,
        task_id: links.task,
    };
    let (log, event) = work_log::create(&act, data, WorkLogText { description: Some(body.description.0.clone()) }, &worker);
    let mut tx = Tx::new();
    tx.create(&log);
    tx.event(&event);
    let (place, version) = (location::<WorkLog>("worklogs", log.id), log.version);
    let answer = Answer::created(WorkLogOut::whole(log), place).version(version);
    call.commit(tx, &answer).await?;
    Ok(answer)
}
