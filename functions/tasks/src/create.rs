//! `POST /tasks`: a new task, alone or linked to a customer, a lead or a project; with a recurrence
//! it is the first of a series.

use crate::fields::{RecurrenceIn, check_links};
use crate::views::TaskOut;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop, location};
use domain::recurrence::Recurrence;
use domain::task::{self, Priority, Task, TaskData, TaskStatus, TaskText};
use domain::value::{Prose, Text};
use domain::{CustomerId, LeadId, Owner, Permission, ProjectId, Time, UserId};
use std::sync::Arc;
use store::Tx;

domain::body! {
    /// A new task.
    pub struct CreateTask {
        pub title: Text<200>,
        pub description: Option<Prose>,
        /// TODO when not given.
        pub status: Option<TaskStatus>,
        /// NORMAL when not given.
        pub priority: Option<Priority>,
        pub due_at: Option<Time>,
        /// The caller when not given, else somebody the caller may give tasks to.
        pub owner_id: Option<UserId>,
        pub customer_id: Option<CustomerId>,
        pub lead_id: Option<LeadId>,
        pub project_id: Option<ProjectId>,
        pub recurrence: Option<RecurrenceIn>,
    }
}

pub(crate) fn route() -> Route {
    Route::post("/tasks", "create_task")
        .needs(Permission::TasksCreate)
        .about("Tasks", "Create a task")
        .status(201)
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load_named(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped>, body: Arc<Json<CreateTask>>) -> Result<(), Stop> {
    let body = &body.0;
    check_links(&seen, body.customer_id, body.lead_id, body.project_id).await
}

type CreateCall = Call<Scoped, (), (), Json<CreateTask>>;

async fn handle(call: CreateCall, (): ()) -> Result<Answer<TaskOut>, Stop> {
    let owner = owner(&call).await?;
    let (act, body, zone) = (call.act(), &call.body.0, &call.app.config.zone);
    let data = TaskData {
        title: body.title.clone(),
        status: body.status.unwrap_or(TaskStatus::Todo),
        priority: body.priority.unwrap_or(Priority::Normal),
        due_at: body.due_at,
        owner_id: owner.id,
        customer_id: body.customer_id,
        lead_id: body.lead_id,
        project_id: body.project_id,
        recurrence: body.recurrence.as_ref().map(Recurrence::from),
        template_id: None,
        completed_at: None,
    };
    let (task, event) = task::create(&act, data, TaskText { description: body.description.clone() }, &owner, zone);
    let mut tx = Tx::new();
    tx.create(&task);
    tx.event(&event);
    if owner.id != call.caller().id {
        tx.require_active(owner.id, "/ownerId");
    }
    let (place, version) = (location::<Task>("tasks", task.id), task.version);
    let answer = Answer::created(TaskOut::new(task, act.at, zone), place).version(version);
    call.commit(tx, &answer).await?;
    Ok(answer)
}

/// The caller, or somebody whose tasks the caller may change.
async fn owner(call: &CreateCall) -> Result<Owner, Stop> {
    let caller = call.caller();
    match call.body.0.owner_id.filter(|id| *id != caller.id) {
        None => Ok(Owner::caller(caller)),
        Some(id) => {
            let needed = Permission::TasksUpdate;
            let scope = caller.scope(needed).ok_or_else(|| Problem::forbidden(needed.name()))?;
            call.assignable(id, &scope, "/ownerId").await
        }
    }
}
