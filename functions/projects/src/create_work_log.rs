//! `POST /worklogs`: logs the caller's work on a customer, a project or a task; a project or task
//! fills in what it belongs to.

use crate::views::WorkLogOut;
use domain::time::Day;
use domain::work_log::{self, Description, Minutes, WorkLogData, WorkLogText};
use domain::{CustomerId, FieldFault, Owner, PartyId, Permission, ProjectId, Refused, TaskId};
use edge::{Action, Answer, Authorized, Change, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

contract::body! {
    /// Work that was done: on a customer, a project or a task at least.
    pub struct CreateWorkLog {
        /// Not in the future.
        pub work_date: Day,
        pub minutes: Minutes,
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

async fn load(context: Context<Authorized>, body: Arc<Json<CreateWorkLog>>) -> Result<Links, Rejection> {
    let body = &body.0;
    let mut faults = Vec::new();
    // Somewhere on earth it is tomorrow already.
    let tomorrow = context.app.clock.now().date_in(&context.app.config.zone).tomorrow().ok();
    if tomorrow.is_some_and(|tomorrow| body.work_date.0 > tomorrow) {
        faults.push(FieldFault::new("workDate", "range", "must not be in the future"));
    }
    if body.customer_id.is_none() && body.project_id.is_none() && body.task_id.is_none() {
        faults.push(FieldFault::new("customerId", "required", "is required, or projectId or taskId instead"));
    }
    Refused::any(faults)?;
    links(&context, body).await
}

/// The customer, project and task, each inside what the caller may read, and not at odds.
async fn links(context: &Context<Authorized>, body: &CreateWorkLog) -> Result<Links, Rejection> {
    let app = &context.app;
    let at_odds = |field: &str, with: &str| Refused::field(field, "reference", format!("is not that of the {with}"));
    let task = match body.task_id {
        Some(id) => Some(app.named_task(context.scope_of(Permission::TasksRead).as_ref(), id).await?),
        None => None,
    };
    let of_task = task.as_ref().and_then(|task| task.data.project_id);
    if of_task.is_some() && body.project_id.is_some_and(|id| Some(id) != of_task) {
        return Err(at_odds("projectId", "task").into());
    }
    let project = match (body.project_id, of_task) {
        (Some(id), _) => {
            let project = app.named_project(context.scope_of(Permission::ProjectsRead).as_ref(), id).await?;
            Some((id, project.data.customer_id))
        }
        // Reached through the task; it only says where the work belongs.
        (None, Some(id)) => app.customer_of_project(id).await?.map(|customer| (id, customer)),
        (None, None) => None,
    };
    let of_project = project.map(|(_, customer)| customer);
    let implied = of_project.or(task.as_ref().and_then(|task| task.data.customer_id));
    if let Some(id) = body.customer_id {
        if implied.is_some_and(|implied| implied != id) {
            return Err(at_odds("customerId", if of_project.is_some() { "project" } else { "task" }).into());
        }
        if implied.is_none() {
            app.named_party(context.scope_of(Permission::CustomersRead).as_ref(), PartyId::Customer(id)).await?;
        }
    }
    Ok(Links { customer: body.customer_id.or(implied), project: project.map(|(id, _)| id), task: body.task_id })
}

async fn handle(request: Request<Authorized, (), (), Json<CreateWorkLog>>, links: Links) -> Result<Answer<WorkLogOut>, Rejection> {
    let (body, worker) = (&request.body.0, Owner::caller(request.caller()));
    // A log counts for what it hangs under without a condition on it, so there is nothing to read again.
    request
        .decide((), |(), act| {
            let data = WorkLogData {
                user_id: worker.id,
                work_date: body.work_date,
                minutes: body.minutes,
                customer_id: links.customer,
                project_id: links.project,
                task_id: links.task,
            };
            let (log, event) = work_log::create(act, data, WorkLogText { description: Some(body.description.clone()) }, &worker);
            let mut change = Change::new();
            change.create(&log);
            change.event(&event);
            Ok(Answer::creation(change, "worklogs", log, WorkLogOut::new))
        })
        .await
}
