//! `PATCH /tasks/{id}`: changes the fields that are sent, owner and recurrence among them; the status
//! has a route of its own.

use crate::fields::{RecurrenceIn, check_links};
use crate::views::TaskOut;
use api::fields::set;
use api::problem::Code;
use api::{Action, Answer, Call, Json, Problem, Route, Scoped, Seen, Stop};
use domain::event::Act;
use domain::input::Patch;
use domain::recurrence::Recurrence;
use domain::task::{self, Priority, Task};
use domain::value::{Prose, Text};
use domain::{CustomerId, LeadId, Owner, Permission, ProjectId, Record, TaskId, Time, UserId};
use std::sync::Arc;
use store::Tx;

domain::body! {
    /// The fields to change.
    pub struct UpdateTask {
        pub title: Patch<Text<200>>,
        pub description: Patch<Option<Prose>>,
        pub priority: Patch<Priority>,
        /// Moves the whole series where there is one.
        pub due_at: Patch<Option<Time>>,
        /// An active user inside reach.
        pub owner_id: Patch<UserId>,
        pub customer_id: Patch<Option<CustomerId>>,
        pub lead_id: Patch<Option<LeadId>>,
        pub project_id: Patch<Option<ProjectId>>,
        /// `null` ends the series.
        pub recurrence: Patch<Option<RecurrenceIn>>,
    }
}

pub(crate) fn route() -> Route {
    Route::patch("/tasks/{id}", "update_task")
        .needs(Permission::TasksUpdate)
        .about("Tasks", "Change a task")
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete, Action::Check])
        .load_named(load)
        .handle(handle)
}

async fn load(seen: Seen<Scoped, (TaskId,)>, body: Arc<Json<UpdateTask>>) -> Result<Record<Task>, Stop> {
    let body = &body.0;
    let link = |patch: &Patch<Option<CustomerId>>| patch.value().copied().flatten();
    let (lead, project) = (body.lead_id.value().copied().flatten(), body.project_id.value().copied().flatten());
    let task = seen.record(seen.path.0).await?;
    check_links(&seen, link(&body.customer_id), lead, project).await?;
    Ok(task)
}

type UpdateCall = Call<Scoped, (TaskId,), (), Json<UpdateTask>>;

async fn handle(call: UpdateCall, loaded: Record<Task>) -> Result<Answer<TaskOut>, Stop> {
    let (body, zone) = (&call.body.0, &call.app.config.zone);
    if loaded.data.template_id.is_some() && matches!(body.recurrence, Patch::Set(Some(_))) {
        return Err(Problem::field("/recurrence", "conflict", "belongs to the template this task was copied from").into());
    }
    let owner = match body.owner_id.value().filter(|id| **id != loaded.data.owner_id) {
        Some(id) if *id == call.caller().id => Some(Owner::caller(call.caller())),
        Some(id) => Some(call.assignable(*id, call.scope(), "/ownerId").await?),
        None => None,
    };
    let decide = |task: &Record<Task>, act: &Act| {
        let (mut data, mut text) = (task.data.clone(), task.text.clone());
        set(&mut data.title, &body.title);
        set(&mut data.priority, &body.priority);
        set(&mut data.due_at, &body.due_at);
        set(&mut data.owner_id, &body.owner_id);
        set(&mut data.customer_id, &body.customer_id);
        set(&mut data.lead_id, &body.lead_id);
        set(&mut data.project_id, &body.project_id);
        set(&mut text.description, &body.description);
        if let Patch::Set(rule) = &body.recurrence {
            data.recurrence = rule.as_ref().map(Recurrence::from);
        }
        let Some((next, events)) = task::update(task, act, data, text, owner.as_ref(), zone) else { return Ok(None) };
        let mut tx = Tx::new();
        tx.events(&events);
        if let Some(owner) = owner.as_ref().filter(|owner| owner.id != call.caller().id) {
            tx.require_active(owner.id, "/ownerId");
        }
        Ok(Some((next, tx)))
    };
    let task = call.change(loaded, Some(call.scope()), decide).await?;
    let version = task.version;
    Ok(Answer::ok(TaskOut::new(task, call.app.clock.now(), zone)).version(version))
}
