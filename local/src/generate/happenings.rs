//! One event of every kind, as it passes over the bus: what happens after the story to the records it tells of, with the
//! workers at work.

use super::story::{Converted, PASSWORD, Story, StoryError};
use crate::{StreamReader, TABLE};
use domain::event::EventKind;
use domain::job::{JobName, Start};
use domain::text::TextValue;
use messaging::{Mail, Mailer, Queue, SendError, Sending, Timed};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use workers::{Trigger, WORKERS, Worker};

/// How many records of the stream are read at once: fewer than the bus keeps events.
const STREAM_BATCH: usize = 50;
/// The id of what no request asked for: that of the clock's message, which is drawn.
const MESSAGE: &str = "019904d9-0e28-7000-8000-3f0e6c1d2b4a";

fn failed(error: impl std::fmt::Display) -> StoryError {
    StoryError(error.to_string())
}

/// Refuses every mail.
struct Refusing;

impl Mailer for Refusing {
    fn mail<'a>(&'a self, _: &'a Mail) -> Sending<'a> {
        Box::pin(async { Err(SendError::Refused("MessageRejected".to_owned())) })
    }
}

/// The story as it goes on, and what passed over the bus.
struct Scene {
    story: Story,
    /// The workers of the stream, each where it reads.
    readers: Vec<(&'static Worker, StreamReader)>,
    passed: BTreeMap<EventKind, Value>,
}

/// The first event of every kind, as consumers are given it.
pub(super) async fn events() -> Result<BTreeMap<EventKind, Value>, StoryError> {
    let story = Story::tell().await?;
    let mut readers = Vec::new();
    for worker in WORKERS {
        let Trigger::Stream(interest) = worker.trigger else { continue };
        readers.push((worker, StreamReader::open(story.crm.table.clone(), TABLE, None).await.map_err(failed)?.of(interest)));
    }
    let mut scene = Scene { story, readers, passed: BTreeMap::new() };
    scene.settle().await?;
    scene.people().await?;
    scene.selling().await?;
    scene.work().await?;
    scene.operations().await?;
    scene.settle().await?;
    scene.days_later().await?;
    let missing: Vec<&str> = EventKind::ALL.iter().filter(|kind| !scene.passed.contains_key(kind)).map(|kind| kind.as_str()).collect();
    match missing.as_slice() {
        [] => Ok(scene.passed),
        missing => Err(StoryError(format!("nothing happens in local/src/generate/happenings.rs that makes {}", missing.join(", ")))),
    }
}

impl Scene {
    async fn send(&self, method: &str, path: &str, body: Value) -> Result<Value, StoryError> {
        self.story.send(method, path, Some(&body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> Result<(), StoryError> {
        self.send("PATCH", path, body).await.map(|_| ())
    }

    async fn delete(&self, path: &str) -> Result<(), StoryError> {
        self.story.send("DELETE", path, None).await.map(|_| ())
    }

    /// Makes a record; gives its path.
    async fn make(&self, collection: &str, body: Value) -> Result<String, StoryError> {
        let made = self.send("POST", collection, body).await?;
        Ok(format!("{collection}/{}", made["id"].as_str().unwrap_or_default()))
    }

    /// The path of the story's record of a collection.
    fn at(&self, collection: &str) -> String {
        format!("{collection}/{}", self.id(collection))
    }

    fn id(&self, collection: &str) -> String {
        self.story.ids.get(collection).cloned().unwrap_or_default()
    }

    /// Lets every worker work until none finds anything to do.
    async fn settle(&mut self) -> Result<(), StoryError> {
        loop {
            let mut busy = false;
            for (worker, reader) in &mut self.readers {
                let Some(batch) = reader.peek(STREAM_BATCH).await.map_err(failed)? else { continue };
                let app = self.story.crm.worker_app(worker);
                (worker.handle)(&app, batch.event).await.map_err(failed)?;
                reader.advance(batch.last);
                busy = true;
            }
            self.note();
            for worker in WORKERS {
                let Trigger::Queue(queue) = worker.trigger else { continue };
                let app = &self.story.crm.worker_app(worker);
                let handle = |event: Value| (worker.handle)(app, event);
                busy |= self.story.crm.queues.run_once(queue.name(), queue.batch() as usize, &handle).await.map_err(failed)? > 0;
            }
            if !busy {
                return Ok(());
            }
        }
    }

    /// Notes what passed over the bus.
    fn note(&mut self) {
        for mut event in self.story.crm.bus.passed() {
            let detail = &mut event["detail"];
            let Some(kind) = detail["type"].as_str().and_then(|kind| EventKind::read(kind).ok()) else { continue };
            // A message's id, where the clock was the cause.
            if detail["requestId"].as_str().is_some_and(|id| id.len() == MESSAGE.len()) {
                detail["requestId"] = json!(MESSAGE);
            }
            self.passed.entry(kind).or_insert(detail.take());
        }
    }

    async fn people(&mut self) -> Result<(), StoryError> {
        let team = self.make("/teams", json!({"name": "Inside sales"})).await?;
        self.patch(&team, json!({"name": "Inside and partners"})).await?;
        self.delete(&team).await?;
        let somebody = json!({
            "email": "joan@example.com", "firstName": "Joan", "lastName": "Clarke", "password": PASSWORD, "role": "SALES_REP", "mustChangePassword": false,
        });
        let user = self.make("/users", somebody).await?;
        self.patch(&user, json!({"lastName": "Murray"})).await?;
        self.patch(&user, json!({"teamId": self.id("/teams")})).await?;
        self.patch(&user, json!({"role": "MANAGER"})).await?;
        self.patch(&user, json!({"role": "SALES_REP"})).await?;
        let session = self.send("POST", "/auth/login", json!({"email": "joan@example.com", "password": PASSWORD})).await?;
        let refresh = json!({"refreshToken": session["refreshToken"]});
        self.send("POST", "/auth/refresh", refresh.clone()).await?;
        // Much later than whoever lost an answer would.
        self.story.clock.advance(Duration::from_secs(60));
        if self.send("POST", "/auth/refresh", refresh).await.is_ok() {
            return Err(StoryError("a spent refresh token was taken".to_owned()));
        }
        self.patch(&user, json!({"password": format!("{PASSWORD} again")})).await?;
        self.delete(&user).await?;
        let grants = json!({"permissions": ["customers:read_own", "leads:read_own"]});
        self.send("PUT", "/roles/SALES_REP/permissions", grants).await?;
        Ok(())
    }

    async fn selling(&mut self) -> Result<(), StoryError> {
        self.patch(&self.at("/products"), json!({"active": false})).await?;
        self.patch(&format!("{}/status", self.at("/orders")), json!({"status": "CONFIRMED"})).await?;
        self.promotions().await?;
        self.campaign().await?;
        let lead = self.make("/leads", json!({"title": "Forty axes", "email": "clement@example.com"})).await?;
        self.patch(&lead, json!({"email": "joseph@example.com", "source": "fair"})).await?;
        self.patch(&format!("{lead}/assign"), json!({"ownerId": self.id("/users")})).await?;
        self.patch(&format!("{lead}/status"), json!({"status": "CONTACTED"})).await?;
        self.delete(&lead).await?;
        self.patch(&lead, json!({"archived": false})).await?;
        self.delete(&format!("{lead}?hard=true")).await?;
        let customer = self.at("/customers");
        self.patch(&customer, json!({"phone": "+442071234568"})).await?;
        self.patch(&customer, json!({"engagement": "HOT"})).await?;
        self.patch(&customer, json!({"lifecycle": "CUSTOMER"})).await?;
        let Converted { customer: other, .. } = &self.story.converted;
        self.patch(&format!("/customers/{other}/assign"), json!({"ownerId": self.id("/users")})).await?;
        self.delete(&customer).await?;
        self.patch(&customer, json!({"archived": false})).await?;
        Ok(())
    }

    /// A promotion that is given, used, taken back with its order, and ended.
    async fn promotions(&mut self) -> Result<(), StoryError> {
        let product = self.make("/products", json!({"sku": "AXIS-1", "name": "Axis", "priceMinor": 12_000})).await?;
        let first = json!({"code": "FROM-100", "name": "Five percent from 100", "trigger": "MIN_PURCHASE", "minOrderMinor": 10_000,
            "discountType": "PERCENT", "discountValue": 5, "status": "ACTIVE"});
        let own = self.make("/promotions", first).await?;
        let customer = self.id("/customers");
        self.send("POST", &format!("{}/assign", self.at("/promotions")), json!({"customerId": customer})).await?;
        let product = product.trim_start_matches("/products/").to_owned();
        let order = self.make("/orders", json!({"customerId": customer, "items": [{"productId": product, "quantity": 1}]})).await?;
        self.patch(&format!("{order}/status"), json!({"status": "CANCELLED"})).await?;
        self.patch(&own, json!({"name": "Five percent from one hundred"})).await?;
        self.delete(&own).await
    }

    /// The story's campaign, which goes to its customer.
    async fn campaign(&mut self) -> Result<(), StoryError> {
        let campaign = self.at("/campaigns");
        self.patch(&campaign, json!({"segment": {}})).await?;
        self.send("POST", &format!("{campaign}/execute"), json!(null)).await?;
        self.settle().await
    }

    /// What hangs below the story's lead and customer; a follow-up and a task are left to become due.
    async fn work(&mut self) -> Result<(), StoryError> {
        let lead = self.id("/leads");
        let activity = self.at("/activities");
        self.patch(&activity, json!({"outcome": "Wants a quote"})).await?;
        self.delete(&activity).await?;
        for (end, due) in [("COMPLETED", "2025-09-04T09:00:00Z"), ("CANCELLED", "2025-09-05T09:00:00Z")] {
            let follow_up = self.make("/follow-ups", json!({"leadId": lead, "dueAt": due})).await?;
            self.patch(&follow_up, json!({"notes": "Ask for the measurements."})).await?;
            self.patch(&follow_up, json!({"status": end})).await?;
        }
        let mistake = self.make("/follow-ups", json!({"leadId": lead, "dueAt": "2025-09-06T09:00:00Z"})).await?;
        self.delete(&mistake).await?;
        let task = self.make("/tasks", json!({"title": "Order brass", "leadId": lead, "ownerId": self.id("/users")})).await?;
        self.patch(&task, json!({"priority": "HIGH"})).await?;
        self.patch(&format!("{task}/status"), json!({"status": "DONE"})).await?;
        self.delete(&task).await?;
        self.patch(&self.at("/projects"), json!({"status": "ACTIVE"})).await?;
        let log = json!({"projectId": self.id("/projects"), "workDate": "2025-09-01", "minutes": 45, "description": "Drawings."});
        let log = self.make("/worklogs", log).await?;
        self.delete(&log).await
    }

    async fn operations(&mut self) -> Result<(), StoryError> {
        self.patch("/settings", json!({"dueSoonDays": 5})).await?;
        let template = json!({"subject": "A lead for you", "body": "{{ name }} is yours.", "channels": ["IN_APP", "EMAIL"], "enabled": true});
        self.send("PUT", "/message-templates/LEAD_ASSIGNED", template).await?;
        // Which has everyone scored, the customer of the story's order among them.
        let level = json!({"name": "Gold circle", "minScore": 3.5, "benefits": "A call a month."});
        self.send("PUT", "/customer-levels/GOLD", level).await?;
        self.send("DELETE", &self.at("/admin/dead-letters"), json!({"reason": "Its day is over."})).await?;
        let mail = json!({"recipientId": self.id("/users"), "type": "EMAIL", "title": "The drawings are ready", "message": "They are in the post."});
        self.send("POST", "/notifications", mail.clone()).await?;
        self.settle().await?;
        // The next one does not arrive.
        let mailing = self.story.crm.clone();
        self.story.crm = mailing.clone().with_mailer(Arc::new(Refusing));
        self.send("POST", "/notifications", mail).await?;
        self.make("/customers", json!({"name": "Joseph Clement", "email": "clement@works.example"})).await?;
        self.settle().await?;
        self.story.crm = mailing;
        Ok(())
    }

    /// The morning on which the story's follow-up and its task are due.
    async fn days_later(&mut self) -> Result<(), StoryError> {
        self.story.clock.advance(Duration::from_secs(2 * 86_400));
        for job in [JobName::FollowUpsDue, JobName::TasksDue] {
            let start = serde_json::to_string(&Timed::Start(Start::scheduled(job))).map_err(failed)?;
            self.story.crm.queues.send(Queue::Jobs.name(), vec![start], Duration::ZERO).await.map_err(failed)?;
            self.settle().await?;
        }
        Ok(())
    }
}
