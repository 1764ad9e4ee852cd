//! `PATCH /tasks/{id}`: changes the fields that are sent, owner and recurrence among them; the status
//! has a route of its own.

use crate::bodies::UpdateTask;
use crate::links;
use crate::views::TaskOut;
use contract::Patch;
use domain::task::{self, Task};
use domain::{Permission, Refused, TaskId};
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Reached, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::patch("/tasks/{id}", "update_task")
        .needs(Permission::TasksUpdate)
        .about("Tasks", "Change a task")
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete, Action::Check])
        .load_named(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (TaskId,)>, body: Arc<Json<UpdateTask>>) -> Result<Reached<Task>, Rejection> {
    let body = &body.0;
    let task = context.open(context.path.0).await?;
    let (customer, lead) = (body.customer_id.value().copied().flatten(), body.lead_id.value().copied().flatten());
    links::named(&context, customer, lead, body.project_id.value().copied().flatten()).await?;
    Ok(task)
}

async fn handle(request: Request<Authorized, (TaskId,), (), Json<UpdateTask>>, task: Reached<Task>) -> Result<Answer<TaskOut>, Rejection> {
    let (body, caller, zone) = (&request.body.0, request.caller(), &request.app.config.zone);
    if task.data.template_id.is_some() && matches!(body.recurrence, Patch::Set(Some(_))) {
        return Err(Refused::field("recurrence", "conflict", "belongs to the template this task was copied from").into());
    }
    let owner = match body.owner_id.value().filter(|id| **id != task.data.owner_id) {
        Some(id) => Some(request.app.assignable(caller, *id, request.scope(), "ownerId").await?),
        None => None,
    };
    let decide = |task: &Reached<Task>, act: &_| {
        let (mut data, mut text) = (task.data.clone(), task.text.clone());
        body.apply(&mut data, &mut text);
        body.owner_id.clone().apply(&mut data.owner_id);
        Ok(task::update(task, act, data, text, owner.as_ref(), zone))
    };
    let active = |change: &mut Change| change.require_active(owner.as_ref(), caller.id, "ownerId");
    request.change(task, decide, active, |task| TaskOut::new(task, request.app.clock.now(), zone)).await
}
