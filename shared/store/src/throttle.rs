//! Counters of failed sign-ins, by account and address and by address alone.

use crate::error::Error;
use crate::idempotency::sha256;
use crate::item::{bare, get_number, number};
use crate::keys;
use crate::table::{Store, call_error};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};
use domain::Time;
use futures::FutureExt;

/// Length of the window in which failures count, seconds.
const WINDOW_SECONDS: i64 = 15 * 60;

impl Store {
    /// Failures counted for this subject in the present window, and the seconds it still lasts.
    pub async fn failures(&self, subject: &str, now: Time) -> Result<(u32, i64), Error> {
        let item = self.get_item(&keys::throttle(&sha256(subject.as_bytes())), true).await?;
        let until = item.as_ref().and_then(|item| get_number::<i64>(item, "until")).unwrap_or(0);
        let count = item.as_ref().and_then(|item| get_number::<u32>(item, "n")).unwrap_or(0);
        Ok(if until > now.seconds() { (count, until - now.seconds()) } else { (0, 0) })
    }

    /// Counts a failure and gives the new count.
    pub async fn count_failure(&self, subject: &str, now: Time) -> Result<u32, Error> {
        let key = keys::throttle(&sha256(subject.as_bytes()));
        let in_flight = self.meter.begin();
        let answer = self
            .client
            .update_item()
            .table_name(&*self.table)
            .key("pk", AttributeValue::S(key.pk.clone()))
            .key("sk", AttributeValue::S(key.sk.clone()))
            .update_expression("ADD n :one")
            .condition_expression("#until > :now")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.seconds()))
            .return_values(ReturnValue::UpdatedNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await;
        drop(in_flight);
        match answer {
            Ok(answer) => {
                self.meter.add(&answer.consumed_capacity, true);
                Ok(answer.attributes.as_ref().and_then(|item| get_number(item, "n")).unwrap_or(1))
            }
            Err(error) if matches!(error.as_service_error(), Some(UpdateItemError::ConditionalCheckFailedException(_))) => {
                let mut item = bare(&key, "THROTTLE");
                item.insert("n".into(), number(1));
                item.insert("until".into(), number(now.seconds() + WINDOW_SECONDS));
                item.insert("ttl".into(), number(now.seconds() + WINDOW_SECONDS));
                self.put_item(item).await?;
                Ok(1)
            }
            Err(error) => Err(call_error(error)),
        }
    }

    /// Forgets the failures of a subject after a success.
    pub async fn forget_failures(&self, subject: &str) -> Result<(), Error> {
        self.delete_item(&keys::throttle(&sha256(subject.as_bytes()))).await
    }
}
