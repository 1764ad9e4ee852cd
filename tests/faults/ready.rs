//! Readiness while something that the CRM leans on fails: what is down is told with a reason, and mails and text messages that
//! cannot leave do not make a CRM unavailable.

use crate::faults::Faults;
use edge::{App, BASE, Router};
use futures::future::BoxFuture;
use lambda_http::{Body, Context, RequestExt};
use local::Fault;
use messaging::{Depth, MessagingError, Probe, Probes, Probing, Queue, Queues, Unwell};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tests::{Crm, log};

/// How something outside stands.
enum Stands {
    Well,
    Says(&'static str),
    Fails(&'static str),
    Hangs,
}

/// Something outside, and how often it was asked.
struct Outside(Stands, AtomicU32);

impl Outside {
    fn that(stands: Stands) -> Arc<Self> {
        Arc::new(Self(stands, AtomicU32::new(0)))
    }

    fn asked(&self) -> u32 {
        self.1.load(Ordering::SeqCst)
    }
}

impl Probe for Outside {
    fn probe(&self) -> Probing<'_> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            match self.0 {
                Stands::Well => Ok(None),
                Stands::Says(why) => Err(Unwell::Said(why.to_owned())),
                Stands::Fails(cause) => Err(MessagingError(cause.to_owned()).into()),
                Stands::Hangs => std::future::pending().await,
            }
        })
    }
}

/// Queues out of reach.
struct NoQueues;

impl Queues for NoQueues {
    fn send<'a>(&'a self, _: Queue, _: String, _: u32) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async { Err(MessagingError("nobody there".to_owned())) })
    }

    fn depths(&self) -> BoxFuture<'_, Result<Vec<Depth>, MessagingError>> {
        Box::pin(async { Err(MessagingError("the queues of 17:40 are gone".to_owned())) })
    }
}

/// Asks an application whether it is ready; gives the status and `data`.
async fn ready(app: &App, token: Option<&str>) -> (u16, Value) {
    let routes: Vec<_> = local::routes().into_iter().flat_map(|(_, routes)| routes).filter(|route| route.name == "ready").collect();
    let mut request = http::Request::get(format!("{BASE}/health/ready"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::Empty).expect("a request").with_lambda_context(Context::default());
    let answer = Router::new(routes).expect("a router").answer(app, request).await;
    let status = answer.status().as_u16();
    let Body::Text(text) = answer.into_body() else { panic!("no text") };
    (status, serde_json::from_str::<Value>(&text).expect("JSON")["data"].take())
}

fn part<'a>(data: &'a Value, name: &str) -> &'a Value {
    data["components"].as_array().expect("components").iter().find(|part| part["name"] == name).expect("the component")
}

fn probes(bus: &Arc<Outside>, email: &Arc<Outside>, sms: &Arc<Outside>) -> Probes {
    Probes { bus: Some(bus.clone()), email: Some(email.clone()), sms: Some(sms.clone()) }
}

/// How often a cause was logged.
fn logged(cause: &str) -> usize {
    log::lines().iter().filter(|line| line.contains("\"ready\"") && line.contains(cause)).count()
}

#[tokio::test]
async fn each_component_that_fails_is_down_with_a_reason_and_logged_once() {
    log::listen();
    let (table, faults) = Faults::table();
    let crm = Crm::idle(table).await;
    let token = crm.admin().await.token;
    let app = crm.embedded().app();
    let well = Outside::that(Stands::Well);
    let (status, data) = ready(app, Some(&token)).await;
    assert_eq!((status, &data["status"]), (200, &json!("ok")));
    let state = |part: &Value| (part["name"].clone(), part["state"].clone());
    let states: Vec<_> = data["components"].as_array().expect("components").iter().map(state).collect();
    assert_eq!(states, ["table", "queues", "bus", "email", "sms"].map(|name| (json!(name), json!("up"))));

    let (status, data) = ready(&app.clone().with_queues(Arc::new(NoQueues)), Some(&token)).await;
    assert_eq!((status, &data["status"]), (503, &json!("unavailable")));
    assert_eq!(*part(&data, "queues"), json!({"name": "queues", "state": "down", "detail": "does not answer"}));
    assert_eq!(logged("the queues of 17:40 are gone"), 1);

    let broken = Outside::that(Stands::Fails("the bus of 17:40 is gone"));
    let (status, data) = ready(&app.clone().with_probes(probes(&broken, &well, &well)), Some(&token)).await;
    assert_eq!((status, &data["status"]), (200, &json!("ok")));
    assert_eq!(*part(&data, "bus"), json!({"name": "bus", "state": "down", "detail": "does not answer"}));
    assert_eq!((logged("the bus of 17:40 is gone"), broken.asked()), (1, 1));

    let stopped = Outside::that(Stands::Says("nothing goes out at 17:40"));
    let late = Outside::that(Stands::Hangs);
    let began = std::time::Instant::now();
    let (status, data) = ready(&app.clone().with_probes(probes(&well, &stopped, &late)), Some(&token)).await;
    assert!(began.elapsed() < Duration::from_secs(5), "one that hangs is not waited for");
    assert_eq!((status, &data["status"]), (200, &json!("ok")), "requests are served without mails and text messages");
    assert_eq!(*part(&data, "email"), json!({"name": "email", "state": "down", "detail": "nothing goes out at 17:40"}));
    assert_eq!(*part(&data, "sms"), json!({"name": "sms", "state": "down", "detail": "no answer within 2 s"}));
    assert_eq!((logged("nothing goes out at 17:40"), logged("sms: no answer")), (1, 1));

    let (status, data) = ready(&app.clone().with_probes(Probes { email: None, ..probes(&well, &well, &well) }), Some(&token)).await;
    assert_eq!((status, &part(&data, "email")["state"]), (200, &json!("off")), "what is not configured is not a failure");

    faults.before(|operation| if operation.name == "GetItem" { Err(Fault::throttled()) } else { Ok(()) });
    let public = crm.nobody().get("/health/ready").await;
    assert_eq!((public.status, &public.body["data"]), (503, &json!({"status": "unavailable", "components": null})));
}

#[tokio::test]
async fn only_who_may_look_has_the_services_around_asked() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let (admin, rep) = (crm.admin().await.token, crm.person("SALES_REP", None).await.token);
    let outside = Outside::that(Stands::Fails("down"));
    let app = crm.embedded().app().clone().with_probes(probes(&outside, &outside, &outside));
    for token in [None, Some(rep.as_str()), Some("nonsense")] {
        assert_eq!(ready(&app, token).await, (200, json!({"status": "ok", "components": null})));
    }
    assert_eq!(outside.asked(), 0);
    assert_eq!(ready(&app, Some(&admin)).await.0, 200);
    assert_eq!(outside.asked(), 3);
}
