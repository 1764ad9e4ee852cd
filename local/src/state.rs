//! What the runtime itself must remember: one dynoxide table, next to the application's own in
//! the same database, keyed by a kind (`pk`) and a name (`sk`).

use crate::table::{Table, TableError};
use serde_json::{Value, json};

/// The table's name.
pub(crate) const STATE_TABLE: &str = "local-queues";

/// Creates the table when it is not there yet.
pub(crate) async fn ensure(table: &Table) -> Result<(), TableError> {
    let request = json!({
        "TableName": STATE_TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"}],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"}],
    });
    table.create_table(request).await.map(drop)
}

/// A key in wire form.
pub(crate) fn key(pk: &str, sk: &str) -> Value {
    json!({"pk": {"S": pk}, "sk": {"S": sk}})
}

/// Reads one item in wire form.
pub(crate) async fn get(table: &Table, pk: &str, sk: &str) -> Result<Option<Value>, TableError> {
    let request = json!({"TableName": STATE_TABLE, "Key": key(pk, sk), "ConsistentRead": true});
    let mut answer = table.request_quietly("GetItem", request).await?;
    Ok(answer.get_mut("Item").map(Value::take))
}

/// Reads every item of one kind, in order of its name.
pub(crate) async fn list(table: &Table, pk: &str) -> Result<Vec<Value>, TableError> {
    let mut items = Vec::new();
    let mut start = Value::Null;
    loop {
        let mut request = json!({
            "TableName": STATE_TABLE,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ConsistentRead": true,
        });
        if !start.is_null() {
            request["ExclusiveStartKey"] = start;
        }
        let mut answer = table.request_quietly("Query", request).await?;
        if let Some(Value::Array(page)) = answer.get_mut("Items").map(Value::take) {
            items.extend(page);
        }
        start = answer["LastEvaluatedKey"].take();
        if start.is_null() {
            return Ok(items);
        }
    }
}

/// Carries out up to 100 changes as one commit.
pub(crate) async fn commit(table: &Table, changes: Vec<Value>) -> Result<(), TableError> {
    if changes.is_empty() {
        return Ok(());
    }
    let request = json!({"TransactItems": changes});
    table.request_quietly("TransactWriteItems", request).await.map(drop)
}

/// A change for [`commit`]: write `item` as a whole.
pub(crate) fn put(item: Value) -> Value {
    json!({"Put": {"TableName": STATE_TABLE, "Item": item}})
}

/// A change for [`commit`]: remove the item.
pub(crate) fn delete(pk: &str, sk: &str) -> Value {
    json!({"Delete": {"TableName": STATE_TABLE, "Key": key(pk, sk)}})
}
