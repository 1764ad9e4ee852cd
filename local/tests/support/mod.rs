//! Shared pieces of the integration tests.
#![allow(dead_code, clippy::unwrap_used)]

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::{Client, Config};
use local::Table;
use serde_json::{Value, json};

pub const TABLE: &str = "crm";

pub fn schema() -> Value {
    json!({
        "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    })
}

pub async fn memory() -> Table {
    let table = Table::memory().unwrap();
    assert!(table.create_table(schema()).await.unwrap());
    assert!(!table.create_table(schema()).await.unwrap());
    table
}

pub fn config() -> aws_sdk_dynamodb::config::Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("local"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
}

pub fn client(table: &Table) -> Client {
    Client::from_conf(config().http_client(table.http_client()).build())
}

pub fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub async fn put(client: &Client, sk: &str) {
    let put = client.put_item().table_name(TABLE).item("pk", s("p")).item("sk", s(sk));
    put.send().await.unwrap();
}
