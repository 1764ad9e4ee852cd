//! `POST /tasks`: a new task, alone or linked to a customer, a lead or a project; with a recurrence
//! it is the first of a series. A task in a project is for the project's customer.

use crate::bodies::CreateTask;
use crate::links;
use crate::views::TaskOut;
use domain::task::{self, TaskData, TaskStatus, TaskText};
use domain::{Party, Permission};
use edge::application::Parents;
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

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

async fn load(context: Context<Authorized>, body: Arc<Json<CreateTask>>) -> Result<Parents, Rejection> {
    let body = &body.0;
    links::named(&context, body.customer_id, body.lead_id, body.project_id).await
}

async fn handle(request: Request<Authorized, (), (), Json<CreateTask>>, parents: Parents) -> Result<Answer<TaskOut>, Rejection> {
    let (body, caller, zone) = (&request.body.0, request.caller(), &request.app.config.zone);
    let owner = request.app.new_holder(caller, body.owner_id, Permission::TasksUpdate, "ownerId").await?;
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
