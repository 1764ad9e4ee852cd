//! Running the worker that `_HANDLER` names on Lambda.

use crate::ports::Ports;
use crate::{Need, WORKERS, Worker};
use api::clock::Clock;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use messaging::{EventBridge, Sqs};
use serde_json::Value;
use std::sync::Arc;
use store::Store;

/// Serves the worker of this name.
pub async fn serve() -> Result<(), Error> {
    let name = std::env::var("_HANDLER").unwrap_or_default();
    let worker = WORKERS.iter().find(|worker| worker.name == name).ok_or_else(|| format!("there is no worker {name:?}"))?;
    let ports = ports(worker)?;
    if api::lambda::warms_up() {
        ports.store.ping().await.or_else(|error| if worker.name == "bootstrap" || !reads(worker) { Ok(()) } else { Err(error) })?;
    }
    let ports = &ports;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move { (worker.handle)(ports, event.payload).await.map_err(Error::from) }))
        .await
}

fn reads(worker: &Worker) -> bool {
    worker.actions.contains(&api::Action::Get)
}

/// The ports this worker is given, from the environment.
fn ports(worker: &Worker) -> Result<Ports, Error> {
    let sdk = aws::Sdk::from_environment()?;
    let variable = |name: &'static str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let (store, zone) = (Store::new(&sdk, &variable("TABLE_NAME")?), api::Config::from_environment()?.zone);
    let mut ports = Ports { store, clock: Clock::system(), zone, bus: None, queues: None, secrets: None };
    for need in worker.needs {
        match need {
            Need::Bus => ports.bus = Some(Arc::new(EventBridge::new(&sdk, &variable("BUS_NAME")?))),
            Need::Send(_) => ports.queues = Some(Arc::new(Sqs::from_environment(&sdk))),
            Need::Secret => ports.secrets = Some(Arc::new(aws::SecretsManager::new(&sdk, &variable("SECRET_ARN")?))),
            Need::Cpu => {}
        }
    }
    Ok(ports)
}
