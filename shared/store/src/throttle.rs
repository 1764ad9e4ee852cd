//! Counters of attempts within a window of time: how often something was tried here lately.

use crate::error::Error;
use crate::idempotency::sha256;
use crate::item::{Item, get_number, number, text};
use crate::keys::{self, Key};
use crate::table::{FIRST_PAUSE, Store, call_error, pause};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::Time;
use futures::FutureExt;

/// How often a window may end, or begin elsewhere, between two looks at it.
const ATTEMPTS: u32 = 5;

/// An attempt that was counted, so that it can be given back.
#[derive(Debug)]
#[must_use = "an attempt that turns out right is given back"]
pub struct Counted {
    key: Key,
    until: i64,
}

/// Whether there was room for an attempt.
#[derive(Debug)]
pub enum Room {
    /// It counts now.
    Counted(Counted),
    /// There were as many as there may be, and nothing was counted; the window ends in so many seconds.
    Full(i64),
}

/// A counter after a change of it, or why there was none.
enum Changed {
    Now(Item),
    Not(Option<Item>),
}

impl Store {
    /// Counts an attempt of this subject if fewer than `limit` were made in its window of so many seconds,
    /// which begins with the first of them: of many at once, exactly as many as there is room for are counted.
    pub async fn count_attempt(&self, subject: &str, limit: u32, window: i64, now: Time) -> Result<Room, Error> {
        let key = keys::throttle(&sha256(subject.as_bytes()));
        let until = |item: &Item| get_number::<i64>(item, "until").unwrap_or(0);
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                pause(FIRST_PAUSE, attempt).await;
            }
            let values = [(":one", number(1)), (":now", number(now.seconds())), (":limit", number(limit))];
            let found = match self.change_counter(&key, "ADD n :one", "#until > :now AND n < :limit", &[], &values).await? {
                Changed::Now(item) => return Ok(Room::Counted(Counted { key, until: until(&item) })),
                Changed::Not(item) => item.as_ref().map_or(0, until),
            };
            if found > now.seconds() {
                return Ok(Room::Full(found - now.seconds()));
            }
            let end = now.seconds() + window;
            let names = [("#ttl", crate::schema::TTL), ("#type", "type")];
            let values = [(":one", number(1)), (":now", number(now.seconds())), (":end", number(end)), (":type", text("THROTTLE"))];
            let begin = "SET n = :one, #until = :end, #ttl = :end, #type = :type";
            let ended = "attribute_not_exists(pk) OR #until <= :now";
            if let Changed::Now(_) = self.change_counter(&key, begin, ended, &names, &values).await? {
                return Ok(Room::Counted(Counted { key, until: end }));
            }
        }
        Err(Error::Busy("the counter of attempts kept changing".into()))
    }

    /// Takes back what was counted, unless its window ended since.
    pub async fn give_back(&self, counted: &Counted) -> Result<(), Error> {
        let values = [(":minus", number(-1)), (":end", number(counted.until)), (":none", number(0))];
        self.change_counter(&counted.key, "ADD n :minus", "#until = :end AND n > :none", &[], &values).await.map(drop)
    }

    async fn change_counter(
        &self,
        key: &Key,
        change: &str,
        condition: &str,
        names: &[(&str, &str)],
        values: &[(&str, AttributeValue)],
    ) -> Result<Changed, Error> {
        let _in_flight = self.meter.begin();
        let mut call = self.client.update_item().table_name(&*self.table).key("pk", text(&*key.pk)).key("sk", text(&*key.sk));
        for (name, attribute) in names.iter().chain(&[("#until", "until")]) {
            call = call.expression_attribute_names(*name, *attribute);
        }
        for (name, value) in values {
            call = call.expression_attribute_values(*name, value.clone());
        }
        let answer = call
            .update_expression(change)
            .condition_expression(condition)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await;
        match answer {
            Ok(answer) => {
                self.meter.add(&answer.consumed_capacity, true);
                Ok(Changed::Now(answer.attributes.unwrap_or_default()))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(found)) => Ok(Changed::Not(found.item.clone())),
                _ => Err(call_error(error)),
            },
        }
    }
}
