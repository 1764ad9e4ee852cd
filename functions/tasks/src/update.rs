//! `PATCH /tasks/{id}`: changes the fields that are sent, owner and recurrence among them; the status
//! has a route of its own.

use crate::bodies::UpdateTask;
use crate::links;
use crate::views::TaskOut;
use contract::Patch;
use domain::task::{self, Task};
use domain::{CustomerId, Party, Permission, ProjectId, Refused, TaskId};
use edge::application::decide::changed;
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, Rejection, Request, Route};
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

/// The task, what it is to hang under, its lead where it is to come again, and the customer of its project.
struct Found {
    task: Reached<Task>,
    parties: Vec<Party>,
    lead: Option<Party>,
    project: Option<(ProjectId, CustomerId)>,
}

async fn load(context: Context<Authorized, (TaskId,)>, body: Arc<Json<UpdateTask>>) -> Result<Found, Rejection> {
    let body = &body.0;
    let task: Reached<Task> = context.open(context.path.0).await?;
    // What it hangs under already is no new link.
    let customer = body.customer_id.value().copied().flatten().filter(|id| task.data.customer_id != Some(*id));
    let lead = body.lead_id.value().copied().flatten().filter(|id| task.data.lead_id != Some(*id));
    let project = body.project_id.value().copied().flatten().filter(|id| task.data.project_id != Some(*id));
    let parents = links::named(&context, customer, lead, project).await?;
    let lead = match &body.recurrence {
        Patch::Set(Some(_)) => context.app.lead_of(&task).await?,
        _ => None,
    };
    let project = match (parents.project, task.data.project_id) {
        (None, Some(id)) if body.customer_id.is_set() => context.app.customer_of_project(id).await?.map(|customer| (id, customer)),
        (project, _) => project,
    };
    Ok(Found { task, parties: parents.parties, lead, project })
}

async fn handle(request: Request<Authorized, (TaskId,), (), Json<UpdateTask>>, found: Found) -> Result<Answer<TaskOut>, Rejection> {
    let Found { task, parties, lead, project } = found;
    let (body, caller, zone) = (&request.body.0, request.caller(), &request.app.config.zone);
    if task.data.template_id.is_some() && matches!(body.recurrence, Patch::Set(Some(_))) {
        return Err(Refused::field("recurrence", "conflict", "belongs to the template this task was copied from").into());
    }
    let owner = match body.owner_id.value().filter(|id| **id != task.data.owner_id) {
        Some(id) => Some(request.app.assignable(caller, *id, request.scope(), "ownerId").await?),
        None => None,
    };
    request
        .decide((task, (parties, lead)), |(task, (parties, lead)), act| {
            parties.iter().try_for_each(Party::check_open)?;
            let (mut data, mut text) = (task.data.clone(), task.text.clone());
            body.apply(&mut data, &mut text);
            body.owner_id.clone().apply(&mut data.owner_id);
            if let Some((_, customer)) = project.filter(|(id, _)| data.project_id == Some(*id)) {
                task::join_project(&mut data, Some(&task.data), customer)?;
            }
            let became = lead.as_ref().filter(|lead| lead.id.lead() == data.lead_id).and_then(Party::became);
            let next = task::update(task, act, data, text, owner.as_ref(), became, zone);
            let decision = changed(task, next).with(|change| change.require_active(owner.as_ref(), caller.id, "ownerId"));
            Ok(decision.map(|task| {
                let version = task.version;
                Answer::ok(TaskOut::new(task, act.at, zone)).version(version)
            }))
        })
        .await
}
