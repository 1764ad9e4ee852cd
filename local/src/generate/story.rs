//! The company that the samples in `events/` tell of: a few records of every kind, made through the
//! API of an embedded CRM whose clock and ids are always the same.
//!
//! Nothing runs in the background: what the workers would do is still to be done.

use super::gateway::{self, Ask};
use super::samples;
use crate::adapters::Vault;
use crate::{Embedded, ManualClock, Parts, Table};
use application::clock::Clock;
use domain::customer::Customer;
use domain::job::{JobName, Start};
use domain::message::{self, Address, CustomerChannel, MessageStatus, Occasion, Writing};
use domain::password::Password;
use domain::text::TextValue;
use domain::unsubscribe::Unsubscribe;
use domain::value::{Email, Text};
use domain::{CustomerId, MessageId, Time};
use edge::{App, BASE};
use http::Method;
use lambda_http::{Body, Context, RequestExt};
use messaging::{Queue, Timed};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Parked, Tx};
use uuid::Uuid;

/// The password of everybody.
pub const PASSWORD: &str = "a long enough password";
/// 2025-09-01T10:30:00Z.
const BEGIN_MS: i64 = 1_756_722_600_000;

/// Why the story could not be told.
#[derive(Debug, thiserror::Error)]
#[error("the story in local/src/generate/story.rs: {0}")]
pub struct StoryError(pub(super) String);

fn failed(error: impl std::fmt::Display) -> StoryError {
    StoryError(error.to_string())
}

/// A company, as it is when the story ends.
pub struct Story {
    /// Where it is.
    pub crm: Embedded,
    /// Its time; it stands still.
    pub clock: ManualClock,
    /// The administrator's access token.
    pub token: String,
    /// The administrator's refresh token.
    pub refresh: String,
    /// The end of a link in a mail to the customer.
    pub link: String,
    /// A record of every kind by its collection: `/leads`.
    pub ids: BTreeMap<&'static str, String>,
    /// A lead that became a customer, and a task that was open then.
    pub converted: Converted,
}

/// A lead that was converted while a task was open.
#[derive(Default)]
pub struct Converted {
    /// The lead.
    pub lead: String,
    /// The task, which has not moved yet.
    pub task: String,
    /// The customer.
    pub customer: String,
}

/// Ids that say when they were made and which one of that moment they are: what is told later does
/// not change those that were made before.
fn ids(clock: &ManualClock) -> Arc<dyn Fn() -> Uuid + Send + Sync> {
    let (clock, last) = (clock.clone(), Mutex::new((0, 0_u16)));
    Arc::new(move || {
        let now = crate::Clock::now_ms(&clock).unsigned_abs();
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (now, if last.0 == now { last.1 + 1 } else { 1 });
        let [high, low] = last.1.to_be_bytes();
        Uuid::from_fields((now >> 16) as u32, now as u16, 0x7000, &[0x80, 0, 0, 0, 0, 0, high, low])
    })
}

impl Story {
    /// Tells it anew.
    pub async fn tell() -> Result<Self, StoryError> {
        Self::tell_on(|table| table).await
    }

    /// Tells it on a table that something was done to.
    pub async fn tell_on(prepare: impl FnOnce(Table) -> Table) -> Result<Self, StoryError> {
        let clock = ManualClock::new(BEGIN_MS);
        let read = clock.clone();
        let mut handlers = Clock::new(move || Time::from_millis(crate::Clock::now_ms(&read)));
        handlers.ids = ids(&clock);
        let table = prepare(Table::memory_with_clock(Arc::new(clock.clone())).map_err(failed)?);
        let config = application::Config::read(|_| None).map_err(failed)?;
        let parts = Parts { table, secrets: Vault::default(), clock: handlers, waiting: Arc::new(clock.clone()), config };
        let crm = Embedded::open(parts).await.map_err(failed)?;
        let mut story = Self {
            crm,
            clock,
            token: String::new(),
            refresh: String::new(),
            link: String::new(),
            ids: BTreeMap::new(),
            converted: Converted::default(),
        };
        story.people().await?;
        story.selling().await?;
        story.conversion().await?;
        story.dead_letter().await?;
        story.unsent().await?;
        story.told().await?;
        story.sessions().await?;
        story.others().await?;
        Ok(story)
    }

    /// The record of the collection in which a path is.
    pub fn id_in(&self, path: &str) -> Option<&str> {
        self.ids.get(path.split("/{").next()?).map(String::as_str)
    }

    /// Sends a request as the administrator; gives `data`.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, StoryError> {
        self.clock.advance(Duration::from_secs(1));
        let full = format!("{BASE}{path}");
        let (bare, query) = full.split_once('?').unwrap_or((&full, ""));
        let token = (!self.token.is_empty()).then(|| ("authorization", format!("Bearer {}", self.token)));
        let headers = token.into_iter().collect();
        let event = gateway::event(&Ask { method, route: bare, path: bare, path_parameters: Map::new(), query, headers, body });
        let request = lambda_http::request::from_str(&event.to_string()).map_err(failed)?.with_lambda_context(Context::default());
        let answer = self.crm.answer(request).await;
        let status = answer.status();
        let text = match answer.into_body() {
            Body::Text(text) => text,
            _ => String::new(),
        };
        match status.is_success() {
            true => Ok(serde_json::from_str::<Value>(&text).map(|mut body| body["data"].take()).unwrap_or_default()),
            false => Err(StoryError(format!("{method} {path}: {status} {text}"))),
        }
    }

    /// A new record that the samples of its collection are about.
    async fn begin(&mut self, collection: &'static str, body: Value) -> Result<String, StoryError> {
        let id = self.make(collection, body).await?;
        self.ids.insert(collection, id.clone());
        Ok(id)
    }

    async fn make(&self, collection: &str, body: Value) -> Result<String, StoryError> {
        Ok(text(&self.send("POST", collection, Some(&body)).await?["id"]))
    }

    /// An administrator, who is signed in, a sales rep and a team.
    async fn people(&mut self) -> Result<(), StoryError> {
        let email = Email::read("ada@example.com").map_err(|invalid| StoryError(invalid.message))?;
        let password = Password::new(PASSWORD).map_err(|invalid| StoryError(invalid.message))?;
        workers::bootstrap::first_admin(self.crm.app(), email, &password, false).await.map_err(failed)?;
        let session = self.send("POST", "/auth/login", Some(&json!({"email": "ada@example.com", "password": PASSWORD}))).await?;
        (self.token, self.refresh) = (text(&session["accessToken"]), text(&session["refreshToken"]));
        let rep = json!({
            "email": "grace@example.com", "username": "grace", "firstName": "Grace", "lastName": "Hopper",
            "password": PASSWORD, "role": "SALES_REP", "mustChangePassword": false,
        });
        self.begin("/users", rep).await?;
        self.begin("/teams", json!({"name": "Field sales"})).await?;
        Ok(())
    }

    /// A message to the customer that could not be sent.
    async fn unsent(&mut self) -> Result<(), StoryError> {
        self.clock.advance(Duration::from_secs(1));
        let customer = CustomerId::read(&self.ids["/customers"]).map_err(|invalid| StoryError(invalid.message))?;
        let message = failed_message(self.crm.app(), customer, Occasion::Birthday(2024)).await?;
        self.ids.insert("/messages", message.to_string());
        let said = Unsubscribe { customer, channel: CustomerChannel::Email };
        self.link = self.crm.app().unsubscribe_token(said).await.map_err(failed)?.to_string();
        Ok(())
    }

    /// The administrator is told something.
    async fn told(&mut self) -> Result<(), StoryError> {
        let me = self.send("GET", "/auth/me", None).await?;
        let body = json!({"recipientId": me["id"], "type": "IN_APP", "title": "The drawings are ready", "message": "They are in the post."});
        self.begin("/notifications", body).await?;
        Ok(())
    }

    /// The administrator signs in elsewhere too.
    async fn sessions(&mut self) -> Result<(), StoryError> {
        self.send("POST", "/auth/login", Some(&json!({"email": "ada@example.com", "password": PASSWORD}))).await?;
        let sessions = self.send("GET", "/auth/sessions", None).await?;
        let other = sessions.as_array().into_iter().flatten().find(|session| session["current"] == json!(false));
        let other = other.ok_or_else(|| StoryError("the other session is missing".to_owned()))?;
        self.ids.insert("/auth/sessions", text(&other["id"]));
        self.ids.insert("/message-templates", "LEAD_ASSIGNED".to_owned());
        self.ids.insert("/customer-levels", "GOLD".to_owned());
        Ok(())
    }

    /// A lead and a customer with something below them.
    async fn selling(&mut self) -> Result<(), StoryError> {
        let rep = self.ids["/users"].clone();
        let lead = json!({"title": "A mill for the post office", "company": "Post Office", "email": "rowland@post.example", "ownerId": rep});
        let lead = self.begin("/leads", lead).await?;
        let customer = json!({
            "name": "Babbage Works", "company": "Babbage Works", "firstName": "Charles", "lastName": "Babbage",
            "email": "charles@babbage.example", "phone": "+442071234567", "lifecycle": "PROSPECT", "ownerId": rep,
        });
        let customer = self.begin("/customers", customer).await?;
        let call = json!({"leadId": lead, "type": "CALL", "direction": "OUTBOUND", "durationMin": 12, "outcome": "Interested"});
        self.begin("/activities", call).await?;
        self.begin("/follow-ups", json!({"leadId": lead, "dueAt": "2025-09-03T09:00:00Z", "notes": "Send the drawings."})).await?;
        self.begin("/tasks", json!({"title": "Draw the mill", "leadId": lead, "ownerId": rep, "dueAt": "2025-09-02T09:00:00Z"})).await?;
        self.begin("/products", json!({"sku": "MILL-1", "name": "Mill", "category": "Mills", "priceMinor": 250_000})).await?;
        self.begin("/projects", json!({"name": "Assembly", "customerId": customer, "ownerId": rep})).await?;
        let promotion = json!({"code": "SPRING-10", "name": "Ten percent in spring", "trigger": "MANUAL", "discountType": "PERCENT", "discountValue": 10,
            "perCustomerLimit": 2, "status": "ACTIVE"});
        let promotion = self.begin("/promotions", promotion).await?;
        self.make(&format!("/promotions/{promotion}/assign"), json!({"customerId": customer})).await?;
        let items = json!([{"productId": self.ids["/products"], "quantity": 2}]);
        let order = self.begin("/orders", json!({"customerId": customer, "items": items})).await?;
        self.make(&format!("/orders/{order}/transactions"), json!({"type": "PAYMENT", "method": "CARD", "amountMinor": 100_000})).await?;
        Ok(())
    }

    async fn conversion(&mut self) -> Result<(), StoryError> {
        let lead = self.make("/leads", json!({"title": "A difference engine", "lastName": "Clement"})).await?;
        let task = self.make("/tasks", json!({"title": "Cut the axes", "leadId": lead})).await?;
        let done = self.send("POST", &format!("/leads/{lead}/convert"), None).await?;
        self.converted = Converted { customer: text(&done["customer"]["id"]), lead, task };
        Ok(())
    }

    /// One of every other kind, as the sample of the route that creates it says.
    async fn others(&mut self) -> Result<(), StoryError> {
        for route in crate::routes().into_iter().flat_map(|(_, routes)| routes) {
            let creates = route.method == Method::POST && route.status == 201 && !route.path.contains('{');
            if creates && !self.ids.contains_key(route.path) {
                let mut body = samples::body(&route, self).unwrap_or_default();
                // By another name than in the samples, so that one of them can make its own and one can change it.
                for field in ["name", "title"] {
                    if let Some(Value::String(name)) = body.get_mut(field) {
                        name.push_str(" of last year");
                    }
                }
                self.begin(route.path, body).await?;
            }
        }
        Ok(())
    }

    /// A message that could not be handled.
    async fn dead_letter(&mut self) -> Result<(), StoryError> {
        self.clock.advance(Duration::from_secs(1));
        let ports = self.crm.app();
        let act = ports.act();
        let body = serde_json::to_string(&Timed::Start(Start::scheduled(JobName::RecurringTasks))).map_err(failed)?;
        let parked = Parked {
            id: act.id(),
            queue: Queue::Jobs.name().to_owned(),
            cause: "the table was busy".to_owned(),
            attempts: 3,
            failed_at: act.at,
            body,
        };
        ports.unscoped().park(&parked).await.map_err(failed)?;
        self.ids.insert("/admin/dead-letters", parked.id.to_string());
        self.ids.insert("/admin/jobs", JobName::TasksDue.to_string());
        Ok(())
    }
}

/// Makes a message to a customer that was given up on, which no route makes.
pub async fn failed_message(app: &App, customer: CustomerId, occasion: Occasion) -> Result<MessageId, StoryError> {
    let customer = app.unscoped().get_latest::<Customer>(customer).await.map_err(failed)?;
    let customer = customer.ok_or_else(|| StoryError("there is no such customer".to_owned()))?;
    let subject = Text::read("Happy birthday").ok();
    let writing = Writing { occasion, channel: CustomerChannel::Email, subject, body: "We wish you a happy birthday!".to_owned() };
    let goes = Ok(Address { channel: CustomerChannel::Email, to: "charles@babbage.example".to_owned() });
    let mut message = message::create(&app.act(), &customer, writing, goes);
    (message.data.status, message.data.error, message.data.attempts) = (MessageStatus::Failed, Some("MessageRejected".to_owned()), 1);
    let mut tx = Tx::new();
    tx.create(&message);
    app.unscoped().commit(tx).await.map_err(failed)?;
    Ok(message.id)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
