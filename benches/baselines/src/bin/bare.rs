//! A handler on `lambda_http` that makes the same calls to the table as the CRM does for a request,
//! through the same SDK, and nothing else: no sign-in, no parsing, no record, no answer to speak of.
//!
//! `_HANDLER` names the request. `BARE_USER` is whose sign-in state is read, `BARE_TEAM` whose customers
//! are listed, and `BARE_ITEMS` a file with the items that a create writes, in DynamoDB's JSON form:
//! `{"record", "event", "markers"}`.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use lambda_http::{Error, Request, RequestExt, service_fn};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

type Item = HashMap<String, AttributeValue>;

/// The table and what the requests are made of.
struct Bare {
    client: Client,
    table: String,
    user: String,
    team: String,
    record: Item,
    event: Item,
    markers: Vec<Item>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let bare = Bare::from_environment()?;
    let bare = &bare;
    match std::env::var("_HANDLER")?.as_str() {
        "get_customer" => lambda_http::run(service_fn(move |request| bare.get(request))).await,
        "list_customers" => lambda_http::run(service_fn(move |_: Request| bare.list())).await,
        "create_customer" => lambda_http::run(service_fn(move |_: Request| bare.create())).await,
        other => Err(format!("there is no {other}").into()),
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

impl Bare {
    fn from_environment() -> Result<Self, Error> {
        let sdk = aws::Sdk::from_environment()?;
        let items: Value = serde_json::from_slice(&std::fs::read(std::env::var("BARE_ITEMS")?)?)?;
        let markers = items["markers"].as_array().into_iter().flatten();
        Ok(Self {
            client: Client::new(sdk.config()),
            table: std::env::var("TABLE_NAME")?,
            user: std::env::var("BARE_USER")?,
            team: std::env::var("BARE_TEAM")?,
            record: item(&items["record"])?,
            event: item(&items["event"])?,
            markers: markers.map(item).collect::<Result<_, _>>()?,
        })
    }

    async fn sign_in_state(&self) -> Result<Option<Item>, Error> {
        self.read(format!("USER#{}", self.user), "AUTH", true).await
    }

    async fn read(&self, pk: String, sk: &str, consistent: bool) -> Result<Option<Item>, Error> {
        let read = self.client.get_item().table_name(&self.table).key("pk", text(pk)).key("sk", text(sk)).consistent_read(consistent);
        Ok(read.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?.item)
    }

    async fn get(&self, request: Request) -> Result<String, Error> {
        let id = request.raw_http_path().rsplit('/').next().unwrap_or_default();
        let pk = format!("CUSTOMER#{id}");
        let (user, record, notes, pending) = tokio::try_join!(
            self.sign_in_state(),
            self.read(pk.clone(), "CUSTOMER", false),
            self.beside(&pk, "NOTE", false, 6),
            self.beside(&pk, "PENDING#", true, 1)
        )?;
        Ok((user.ok_or("no user")?.len() + record.ok_or("no record")?.len() + notes.len() + pending.len()).to_string())
    }

    /// Some of the items beside a record.
    async fn beside(&self, pk: &str, prefix: &str, ascending: bool, limit: i32) -> Result<Vec<Item>, Error> {
        let query = self.client.query().table_name(&self.table).key_condition_expression("pk = :pk AND begins_with(sk, :prefix)");
        let query = query.expression_attribute_values(":pk", text(pk)).expression_attribute_values(":prefix", text(prefix));
        let query = query.scan_index_forward(ascending).limit(limit).consistent_read(false);
        Ok(query.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?.items.unwrap_or_default())
    }

    /// What a manager sees: the team's customers and those of nobody.
    async fn list(&self) -> Result<String, Error> {
        let team = format!("TEAM#{}#CUSTOMER#LIVE", self.team);
        let (user, team, pool) =
            tokio::try_join!(self.sign_in_state(), self.page("team", "t", &team), self.page("owner", "o", "USER#NONE#CUSTOMER#LIVE"))?;
        Ok((user.ok_or("no user")?.len() + team.len() + pool.len()).to_string())
    }

    async fn page(&self, index: &str, attribute: &str, partition: &str) -> Result<Vec<Item>, Error> {
        let query = self.client.query().table_name(&self.table).index_name(index).key_condition_expression("#p = :p");
        let query = query.expression_attribute_names("#p", attribute).expression_attribute_values(":p", text(partition));
        let answer = query.scan_index_forward(false).limit(21).return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
        Ok(answer.items.unwrap_or_default())
    }

    async fn create(&self) -> Result<String, Error> {
        self.sign_in_state().await?.ok_or("no user")?;
        let id = Uuid::now_v7().to_string();
        let pk = text(format!("CUSTOMER#{id}"));
        let (mut record, mut event) = (self.record.clone(), self.event.clone());
        record.insert("pk".into(), pk.clone());
        event.insert("pk".into(), pk);
        let mut actions = vec![self.put(record)?, self.put(event)?];
        for marker in &self.markers {
            actions.push(self.join(marker, &id)?);
        }
        let transaction = self.client.transact_write_items().set_transact_items(Some(actions)).client_request_token(Uuid::now_v7().to_string());
        transaction.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
        Ok(id)
    }

    fn put(&self, item: Item) -> Result<TransactWriteItem, Error> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).condition_expression("attribute_not_exists(pk)");
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld).build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Puts the record on the list of those with a contact value that nobody has yet.
    fn join(&self, marker: &Item, id: &str) -> Result<TransactWriteItem, Error> {
        let space = marker.get("pk").and_then(|pk| pk.as_s().ok()).and_then(|pk| pk.rsplit_once('#')).ok_or("a marker without a key")?.0;
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", text(format!("{space}#{id}")))
            .key("sk", text("UNIQUE"))
            .update_expression("SET #type = :type ADD #customers :me")
            .condition_expression("(attribute_not_exists(#customers) OR (size(#customers) = :one AND contains(#customers, :id)))")
            .expression_attribute_names("#type", "type")
            .expression_attribute_names("#customers", "customers")
            .expression_attribute_values(":type", text("UNIQUE"))
            .expression_attribute_values(":me", AttributeValue::Ss(vec![id.to_owned()]))
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .expression_attribute_values(":id", text(id))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// An item in DynamoDB's JSON form.
fn item(json: &Value) -> Result<Item, Error> {
    let attributes = json.as_object().ok_or("an item is not an object")?;
    attributes.iter().map(|(name, value)| Ok((name.clone(), attribute(value)?))).collect()
}

fn attribute(json: &Value) -> Result<AttributeValue, Error> {
    let (tag, value) = json.as_object().and_then(|map| map.iter().next()).ok_or("an attribute is not an object")?;
    let string = || value.as_str().unwrap_or_default().to_owned();
    Ok(match tag.as_str() {
        "S" => AttributeValue::S(string()),
        "N" => AttributeValue::N(string()),
        "BOOL" => AttributeValue::Bool(value == &Value::Bool(true)),
        "NULL" => AttributeValue::Null(true),
        "M" => AttributeValue::M(item(value)?),
        "L" => AttributeValue::L(value.as_array().into_iter().flatten().map(attribute).collect::<Result<_, _>>()?),
        "SS" => AttributeValue::Ss(value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()),
        other => return Err(format!("no attribute is of type {other}").into()),
    })
}
