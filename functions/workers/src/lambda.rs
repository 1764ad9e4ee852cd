//! Running the worker that `_HANDLER` names on Lambda.

use crate::{Need, TOGETHER, Trigger, Worker, bootstrap, messenger, notify, parker};
use application::clock::Clock;
use application::{App, Config};
use aws::{Bucket, Sdk};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use messaging::mime::MailFrom;
use messaging::{EventBridge, Mailer, Pusher, Senders, Ses, Sns, Sqs};
use serde_json::Value;
use std::sync::Arc;
use store::Store;

/// Serves one of the workers that are one binary.
pub async fn serve_background() -> Result<(), Error> {
    serve(TOGETHER, |app, need, sdk| match need {
        Need::Bus => Ok(app.with_bus(Arc::new(EventBridge::new(sdk, &variable("BUS_NAME")?)))),
        Need::Send(_) | Need::SendAll => Ok(app.with_queues(Arc::new(Sqs::from_environment(sdk)))),
        Need::Senders | Need::Pushes | Need::Links | Need::Undelivered | Need::Secret | Need::Credentials | Need::Cpu => Ok(app),
    })
    .await
}

/// Serves the bootstrap.
pub async fn serve_bootstrap() -> Result<(), Error> {
    serve(&[bootstrap::WORKER], |app, need, sdk| match need {
        Need::Secret => {
            let secret = |name| Ok::<_, Error>(Arc::new(aws::SecretsManager::new(sdk, &variable(name)?)));
            Ok(app.with_secrets(secret("SECRET_ARN")?).with_first_admin(secret("ADMIN_SECRET_ARN")?))
        }
        Need::Bus
        | Need::Send(_)
        | Need::SendAll
        | Need::Senders
        | Need::Pushes
        | Need::Links
        | Need::Undelivered
        | Need::Credentials
        | Need::Cpu => Ok(app),
    })
    .await
}

/// Serves who tells users what concerns them.
pub async fn serve_notify() -> Result<(), Error> {
    serve(&[notify::WORKER], |app, need, sdk| match need {
        Need::Senders => {
            let senders = senders(&app.config, sdk)?;
            Ok(app.with_senders(senders))
        }
        Need::Bus | Need::Send(_) | Need::SendAll | Need::Pushes | Need::Links | Need::Undelivered | Need::Secret | Need::Credentials | Need::Cpu => {
            Ok(app)
        }
    })
    .await
}

/// Serves who sends what customers are told.
pub async fn serve_messenger() -> Result<(), Error> {
    serve(&[messenger::WORKER], |app, need, sdk| match need {
        Need::Senders => {
            let senders = senders(&app.config, sdk)?;
            Ok(app.with_senders(senders))
        }
        Need::Send(_) => Ok(app.with_queues(Arc::new(Sqs::from_environment(sdk)))),
        Need::Links => Ok(app.with_links(Arc::new(aws::SecretsManager::new(sdk, &variable("LINKS_SECRET_ARN")?)))),
        Need::Bus | Need::SendAll | Need::Pushes | Need::Undelivered | Need::Secret | Need::Credentials | Need::Cpu => Ok(app),
    })
    .await
}

/// Serves who parks dead letters.
pub async fn serve_parker() -> Result<(), Error> {
    serve(&[parker::WORKER], |app, need, sdk| match need {
        Need::Undelivered => Ok(app.with_undelivered(Arc::new(Bucket::new(sdk, &variable("UNDELIVERED_BUCKET")?)))),
        Need::Bus | Need::Send(_) | Need::SendAll | Need::Senders | Need::Pushes | Need::Links | Need::Secret | Need::Credentials | Need::Cpu => {
            Ok(app)
        }
    })
    .await
}

/// What the deployment sends through. Without an address that they come from there are no mails.
fn senders(config: &Config, sdk: &Sdk) -> Result<Senders, Error> {
    let set = std::env::var("MAIL_CONFIGURATION_SET").ok().filter(|set| !set.is_empty());
    let from = config.mail_from.as_ref().map(|address| MailFrom::new(address.as_str(), &config.mail_from_name)).transpose()?;
    let sns = Arc::new(Sns::new(sdk, config.sms_sender.clone(), config.push_application.clone()));
    let pusher: Option<Arc<dyn Pusher>> = config.push_application.is_some().then(|| sns.clone() as Arc<dyn Pusher>);
    let mailer = from.map(|from| Arc::new(Ses::new(sdk, from, set)) as Arc<dyn Mailer>);
    Ok(Senders { mailer, texter: Some(sns), pusher })
}

/// Serves the one of these workers that has the name. What a binary equips none of its workers with is not
/// in it.
async fn serve(workers: &[Worker], equip: fn(App, &Need, &Sdk) -> Result<App, Error>) -> Result<(), Error> {
    application::log::start();
    application::metric::start();
    let name = std::env::var("_HANDLER").unwrap_or_default();
    let named = workers.iter().find(|worker| worker.name == name).ok_or_else(|| format!("there is no worker {name:?}"));
    let worker = named.inspect_err(|wrong| application::log::fault("start", wrong))?;
    let app = match app(worker, equip) {
        Ok(app) => app,
        // CloudFormation waits for an answer, and whoever deploys for the reason.
        Err(wrong) if worker.trigger == Trigger::CustomResource => {
            let wrong = &wrong.to_string();
            let refuse = move |event: LambdaEvent<Value>| async move { bootstrap::refuse(event.payload, wrong.clone()).await.map_err(Error::from) };
            return lambda_runtime::run(service_fn(refuse)).await;
        }
        Err(wrong) => {
            application::log::fault("start", &wrong.to_string());
            return Err(wrong);
        }
    };
    app.prepare();
    if application::config::warms_up() {
        // Nobody waits for what it was to do, and a function that cannot start rings.
        app.ping().await.or_else(|error| {
            application::log::fault(worker.name, &error.to_string());
            if worker.name == "bootstrap" || !reads(worker) { Ok(()) } else { Err(error) }
        })?;
    }
    let app = &app;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move { (worker.handle)(app, event.payload).await.map_err(Error::from) }))
        .await
}

fn reads(worker: &Worker) -> bool {
    worker.actions.contains(&store::Action::Get)
}

/// The application with what this worker declares, from the environment.
fn app(worker: &Worker, equip: fn(App, &Need, &Sdk) -> Result<App, Error>) -> Result<App, Error> {
    let sdk = Sdk::from_environment()?;
    let mut app = App::new(Store::new(&sdk, &variable("TABLE_NAME")?), Clock::system(), Config::from_environment()?);
    for need in worker.needs {
        app = equip(app, need, &sdk)?;
    }
    Ok(app)
}

fn variable(name: &'static str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| format!("{name} is not set").into())
}
