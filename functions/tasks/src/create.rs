//! `POST /tasks`: a new task, alone or linked to a customer, a lead or a project; with a recurrence
//! it is the first of a series. A task in a project is for the project's customer.

use crate::bodies::CreateTask;
use crate::links;
use crate::views::TaskOut;
use contract::Sent;
use domain::task::{self, TaskData, TaskStatus, TaskText};
use domain::{Party, Permission};
use edge::application::{Checks, Chosen, Parents};
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::post("/tasks", "create_task")
        .needs(Permission::TasksCreate)
        .about("Tasks", "Create a task")
        .status(201)
        .fails(&[Code::LeadConverted])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Check])
        .load_sent(load)
        .handle(handle)
}

type Found = (Parents, Chosen);

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreateTask>>) -> Result<Found, Rejection> {
    let mut checks = Checks::default();
    let (customer, lead, project) = (sent.customer_id.flatten(), sent.lead_id.flatten(), sent.project_id.flatten());
    let parents = links::named(&context, &mut checks, customer, lead, project).await?;
    if let Some((_, of_project)) = parents.project.filter(|_| !checks.names("customerId")) {
        checks.of(task::customer_in(project, customer, None, of_project))?;
    }
    let first = sent.due_at.flatten().unwrap_or_else(|| context.app.clock.now());
    checks.of(task::check_series(None, sent.recurrence.as_ref().and_then(Option::as_ref), first, &context.app.config.zone))?;
    let owner = match sent.owner_id {
        Some(wanted) => checks.of(context.app.new_holder(context.caller(), wanted, Permission::TasksUpdate, "ownerId").await)?,
        None => None,
    };
    Ok(checks.give(owner.map(|owner| (parents, owner)))?)
}

async fn handle(request: Request<Authorized, (), (), Json<CreateTask>>, (parents, owner): Found) -> Result<Answer<TaskOut>, Rejection> {
    let (body, caller, zone) = (&request.body.0, request.caller(), &request.app.config.zone);
    let owner = owner.owner(caller);
    request
        .decide(parents.parties, |parties, act| {
            parties.iter().try_for_each(Party::check_open)?;
            let (mut data, mut text) = (TaskData::new(body.title.clone(), owner.id), TaskText::default());
            body.fill(&mut data, &mut text);
            data.status = body.status.unwrap_or(TaskStatus::Todo);
            if let Some((_, customer)) = parents.project {
                task::join_project(&mut data, None, customer)?;
            }
            let (task, event) = task::create(act, data, text, &owner, zone);
            let mut change = Change::new();
            change.create(&task);
            change.event(&event);
            change.require_active(Some(&owner), caller.id, "ownerId");
            Ok(Answer::creation(change, "tasks", task, |task| TaskOut::new(task, act.at, zone)))
        })
        .await
}
