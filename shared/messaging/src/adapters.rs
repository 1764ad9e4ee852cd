//! The AWS adapters: EventBridge and SQS.

use crate::ports::MessagingError;
#[cfg(feature = "queues")]
use crate::ports::{Depth, Queue, Queues};
use futures::future::BoxFuture;

fn failed(error: impl std::error::Error) -> MessagingError {
    MessagingError(aws::cause(&error))
}

/// The bus of the deployment.
#[cfg(feature = "bus")]
pub struct EventBridge {
    client: aws::OnUse<aws_sdk_eventbridge::Client>,
    bus: String,
}

#[cfg(feature = "bus")]
impl EventBridge {
    /// The bus of this name.
    pub fn new(sdk: &aws::Sdk, bus: &str) -> Self {
        Self { client: sdk.on_use(aws_sdk_eventbridge::Client::new), bus: bus.to_owned() }
    }
}

#[cfg(feature = "bus")]
impl crate::ports::EventBus for EventBridge {
    fn publish<'a>(&'a self, events: &'a [domain::event::Event]) -> BoxFuture<'a, Result<Vec<domain::event::Event>, MessagingError>> {
        Box::pin(async move {
            let entry = |event: &domain::event::Event| {
                Ok(aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
                    .event_bus_name(&self.bus)
                    .source(event.kind.source())
                    .detail_type(event.kind.as_str())
                    .detail(serde_json::to_string(&event.envelope()).map_err(failed)?)
                    .build())
            };
            let mut refused = Vec::new();
            // PutEvents takes ten entries a call.
            for chunk in events.chunks(10) {
                let entries = chunk.iter().map(entry).collect::<Result<_, MessagingError>>()?;
                let answer = self.client.put_events().set_entries(Some(entries)).send().await.map_err(failed)?;
                let taken = answer.entries();
                let lost = chunk.iter().enumerate().filter(|(at, _)| taken.get(*at).is_none_or(|entry| entry.error_code().is_some()));
                refused.extend(lost.map(|(_, event)| event.clone()));
            }
            Ok(refused)
        })
    }
}

/// The queues of the deployment, each with its URL and that of its dead-letter queue.
#[cfg(feature = "queues")]
pub struct Sqs {
    client: aws::OnUse<aws_sdk_sqs::Client>,
    urls: Vec<(Queue, String, Option<String>)>,
}

#[cfg(feature = "queues")]
impl Sqs {
    /// The queues whose URLs stand in the environment: `AUTOMATION_QUEUE_URL`,
    /// `AUTOMATION_DEAD_QUEUE_URL`, … A function sees those it was given.
    pub fn from_environment(sdk: &aws::Sdk) -> Self {
        let url = |name: String| std::env::var(name).ok();
        let urls = Queue::ALL
            .into_iter()
            .filter_map(|queue| {
                let name = queue.name().to_uppercase();
                Some((queue, url(format!("{name}_QUEUE_URL"))?, url(format!("{name}_DEAD_QUEUE_URL"))))
            })
            .collect();
        Self { client: sdk.on_use(aws_sdk_sqs::Client::new), urls }
    }

    async fn count(&self, url: &str) -> Result<u64, MessagingError> {
        use aws_sdk_sqs::types::QueueAttributeName::{
            ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed, ApproximateNumberOfMessagesNotVisible,
        };
        let names = [ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed, ApproximateNumberOfMessagesNotVisible];
        let request = self.client.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.to_vec()));
        let attributes = request.send().await.map_err(failed)?.attributes.unwrap_or_default();
        Ok(names.iter().filter_map(|name| attributes.get(name)).filter_map(|count| count.parse::<u64>().ok()).sum())
    }
}

#[cfg(feature = "queues")]
impl Queues for Sqs {
    fn send<'a>(&'a self, queue: Queue, body: String, delay_seconds: u32) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let found = self.urls.iter().find(|(found, _, _)| *found == queue);
            let (_, url, _) = found.ok_or_else(|| MessagingError(format!("this function has no access to queue {}", queue.name())))?;
            let delay = i32::try_from(delay_seconds.min(900)).unwrap_or(900);
            self.client.send_message().queue_url(url).message_body(body).delay_seconds(delay).send().await.map_err(failed)?;
            Ok(())
        })
    }

    fn depths(&self) -> BoxFuture<'_, Result<Vec<Depth>, MessagingError>> {
        Box::pin(async move {
            // One after another, as many queues as there are take longer than somebody waits who asks whether they answer.
            let depths = self.urls.iter().map(|(queue, url, dead_url)| async move {
                let dead = async {
                    match dead_url {
                        Some(url) => self.count(url).await,
                        None => Ok(0),
                    }
                };
                let (depth, dead) = futures::future::try_join(self.count(url), dead).await?;
                Ok(Depth { queue: *queue, depth, dead })
            });
            futures::future::try_join_all(depths).await
        })
    }
}
