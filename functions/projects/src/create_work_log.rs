//! `POST /worklogs`: logs the caller's work on a customer, a project or a task; a project or task
//! fills in what it belongs to.

use crate::views::WorkLogOut;
use contract::Sent;
use domain::time::Day;
use domain::work_log::{self, Description, Minutes, WorkLogData, WorkLogText};
use domain::{CustomerId, FieldFault, Owner, PartyId, Permission, ProjectId, TaskId};
use edge::application::Checks;
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
        .load_sent(load)
        .handle(handle)
}

/// What the work is on.
struct Links {
    customer: Option<CustomerId>,
    project: Option<ProjectId>,
    task: Option<TaskId>,
}

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreateWorkLog>>) -> Result<Links, Rejection> {
    let mut checks = Checks::default();
    // Somewhere on earth it is tomorrow already.
    let tomorrow = context.app.clock.now().date_in(&context.app.config.zone).tomorrow().ok();
    if sent.work_date.zip(tomorrow).is_some_and(|(date, tomorrow)| date.0 > tomorrow) {
        checks.note([FieldFault::new("workDate", "range", "must not be in the future")]);
    }
    if (sent.customer_id, sent.project_id, sent.task_id) == (Some(None), Some(None), Some(None)) {
        checks.note([FieldFault::new("customerId", "required", "is required, or projectId or taskId instead")]);
    }
    let links = links(&context, &sent, &mut checks).await?;
    Ok(checks.give(Some(links))?)
}

/// The customer, project and task, each inside what the caller may read, and not at odds.
async fn links(context: &Context<Authorized>, sent: &Sent<CreateWorkLog>, checks: &mut Checks) -> Result<Links, Rejection> {
    let app = &context.app;
    let at_odds = |field: &str, with: &str| FieldFault::new(field, "reference", format!("is not that of the {with}"));
    let (customer, project, task_id) = (sent.customer_id.flatten(), sent.project_id.flatten(), sent.task_id.flatten());
    let task = match task_id {
        Some(id) => checks.of(app.named_task(context.scope_of(Permission::TasksRead).as_ref(), id).await)?,
        None => None,
    };
    let of_task = task.as_ref().and_then(|task| task.data.project_id);
    let project = match (project, of_task) {
        (Some(id), Some(of_task)) if id != of_task => {
            checks.note([at_odds("projectId", "task")]);
            None
        }
        (Some(id), _) => {
            let project = app.named_project(context.scope_of(Permission::ProjectsRead).as_ref(), id).await;
            checks.of(project)?.map(|project| (id, project.data.customer_id))
        }
        // Reached through the task; it only says where the work belongs.
        (None, Some(id)) => app.customer_of_project(id).await?.map(|customer| (id, customer)),
        (None, None) => None,
    };
    let of_project = project.map(|(_, customer)| customer);
    let implied = of_project.or(task.as_ref().and_then(|task| task.data.customer_id));
    match (customer, implied) {
        (Some(id), Some(implied)) if implied != id => {
            checks.note([at_odds("customerId", if of_project.is_some() { "project" } else { "task" })]);
        }
        (Some(id), None) => {
            checks.of(app.named_party(context.scope_of(Permission::CustomersRead).as_ref(), PartyId::Customer(id)).await)?;
        }
        _ => {}
    }
    Ok(Links { customer: customer.or(implied), project: project.map(|(id, _)| id), task: task_id })
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
