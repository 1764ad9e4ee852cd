//! `PATCH /tasks/{id}`: changes the fields that are sent, owner and recurrence among them; the status
//! has a route of its own.

use crate::bodies::UpdateTask;
use crate::links;
use crate::views::TaskOut;
use contract::{Patch, Sent, other_than};
use domain::task::{self, Task};
use domain::{CustomerId, Party, Permission, ProjectId, TaskId};
use edge::application::decide::changed;
use edge::application::{Checks, Chosen};
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::patch("/tasks/{id}", "update_task")
        .needs(Permission::TasksUpdate)
        .about("Tasks", "Change a task")
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete, Action::Check])
        .load_sent(load)
        .handle(handle)
}

/// The task, what it is to hang under, its lead where it is to come again, the customer of its project, and
/// whom it is given to.
struct Found {
    task: Reached<Task>,
    parties: Vec<Party>,
    lead: Option<Party>,
    project: Option<(ProjectId, CustomerId)>,
    owner: Option<Chosen>,
}

async fn load(context: Context<Authorized, (TaskId,)>, sent: Arc<Sent<UpdateTask>>) -> Result<Found, Rejection> {
    let (app, mut checks) = (&context.app, Checks::default());
    let task: Reached<Task> = context.open(context.path.0).await?;
    let data = &task.data;
    let recurrence = sent.recurrence.as_ref().and_then(Patch::value).and_then(Option::as_ref);
    let due = sent.due_at.as_ref().and_then(|due| due.over(&data.due_at));
    checks.of(task::check_series(Some(data), recurrence, due.unwrap_or(task.created_at), &app.config.zone))?;
    // What it hangs under already is no new link.
    let customer = other_than(sent.customer_id.as_ref(), data.customer_id).flatten();
    let lead = other_than(sent.lead_id.as_ref(), data.lead_id).flatten();
    let project = other_than(sent.project_id.as_ref(), data.project_id).flatten();
    let parents = links::named(&context, &mut checks, customer, lead, project).await?;
    let lead = if recurrence.is_some() { app.lead_of(&task).await? } else { None };
    let project = match (parents.project, data.project_id) {
        (None, Some(id)) if sent.customer_id.as_ref().is_some_and(Patch::is_set) => app.customer_of_project(id).await?.map(|customer| (id, customer)),
        (project, _) => project,
    };
    let wanted = sent.project_id.as_ref().map(|id| id.over(&data.project_id)).zip(sent.customer_id.as_ref().map(|id| id.over(&data.customer_id)));
    if let (Some((_, of_project)), Some((in_project, customer))) = (project, wanted)
        && project.map(|(id, _)| id) == in_project
        && !checks.names("customerId")
    {
        checks.of(task::customer_in(in_project, customer, Some(data), of_project))?;
    }
    let owner = other_than(sent.owner_id.as_ref(), data.owner_id);
    let owner = checks.of(context.chosen(owner, "ownerId").await)?.flatten();
    Ok(checks.give(Some(Found { task, parties: parents.parties, lead, project, owner }))?)
}

async fn handle(request: Request<Authorized, (TaskId,), (), Json<UpdateTask>>, found: Found) -> Result<Answer<TaskOut>, Rejection> {
    let Found { task, parties, lead, project, owner } = found;
    let (body, caller, zone) = (&request.body.0, request.caller(), &request.app.config.zone);
    let owner = owner.map(|owner| owner.owner(caller));
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
