//! Running the worker that `_HANDLER` names on Lambda.

use crate::{Need, Trigger, WORKERS, Worker};
use application::clock::Clock;
use application::{App, Config};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use messaging::{EventBridge, Sqs};
use serde_json::Value;
use std::sync::Arc;
use store::Store;

/// Serves the worker of this name.
pub async fn serve() -> Result<(), Error> {
    application::log::start();
    let name = std::env::var("_HANDLER").unwrap_or_default();
    let worker = WORKERS.iter().find(|worker| worker.name == name).ok_or_else(|| format!("there is no worker {name:?}"))?;
    let app = match app(worker) {
        Ok(app) => app,
        // CloudFormation waits for an answer, and whoever deploys for the reason.
        Err(wrong) if worker.trigger == Trigger::CustomResource => {
            let wrong = &wrong.to_string();
            let refuse =
                move |event: LambdaEvent<Value>| async move { crate::bootstrap::refuse(event.payload, wrong.clone()).await.map_err(Error::from) };
            return lambda_runtime::run(service_fn(refuse)).await;
        }
        Err(wrong) => return Err(wrong),
    };
    if application::config::warms_up() {
        app.ping().await.or_else(|error| if worker.name == "bootstrap" || !reads(worker) { Ok(()) } else { Err(error) })?;
    }
    let app = &app;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move { (worker.handle)(app, event.payload).await.map_err(Error::from) }))
        .await
}

fn reads(worker: &Worker) -> bool {
    worker.actions.contains(&store::Action::Get)
}

/// The application with what this worker declares, from the environment.
fn app(worker: &Worker) -> Result<App, Error> {
    let sdk = aws::Sdk::from_environment()?;
    let variable = |name: &'static str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let mut app = App::new(Store::new(&sdk, &variable("TABLE_NAME")?), Clock::system(), Config::from_environment()?);
    for need in worker.needs {
        app = match need {
            Need::Bus => app.with_bus(Arc::new(EventBridge::new(&sdk, &variable("BUS_NAME")?))),
            Need::Send(_) => app.with_queues(Arc::new(Sqs::from_environment(&sdk))),
            Need::Secret => app.with_secrets(Arc::new(aws::SecretsManager::new(&sdk, &variable("SECRET_ARN")?))),
            Need::Credentials | Need::Cpu => app,
        };
    }
    if worker.trigger == Trigger::CustomResource {
        app = app.with_first_admin(Arc::new(aws::SecretsManager::new(&sdk, &variable("ADMIN_SECRET_ARN")?)));
    }
    Ok(app)
}
