//! What a caller can see of, and do to, each database operation: the hooks a permission check
//! or a fault layer plugs into.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::Arc;
use store::keys::Reserved;

/// One database request, as a permission check sees it.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The API operation, e.g. `TransactWriteItems`.
    pub name: String,
    /// The actions it needs, by the names of [`edge::Action`], each once, in request order.
    pub actions: Vec<&'static str>,
    /// The resources it touches: `table` or `table/index/name`, each once.
    pub resources: Vec<String>,
    /// The partition keys it names, of the table or of an index: what policies know as leading keys.
    pub partitions: Vec<String>,
    /// Those of them that it writes to.
    pub written: Vec<String>,
    /// The request as sent.
    pub request: Value,
    /// The route or worker that sends it, where the table is cut to one.
    pub role: Option<&'static str>,
    /// The HTTP status of the database's answer, once there is one.
    pub status: Option<u16>,
}

/// How a hook makes an operation fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An error answer from the service.
    Answer {
        /// HTTP status.
        status: u16,
        /// The exception's name, e.g. `AccessDeniedException`.
        code: String,
        /// The message a person reads.
        message: String,
    },
    /// A transaction that was cancelled, with a code for each of its actions.
    Cancelled {
        /// `None`, `TransactionConflict`, `ThrottlingError`, …
        reasons: Vec<String>,
    },
    /// The connection breaks and no answer arrives.
    Lost,
    /// No answer arrives in time.
    TimedOut,
}

impl Fault {
    /// IAM refused `action`.
    pub fn access_denied(action: &str) -> Self {
        Self::Answer { status: 400, code: "AccessDeniedException".into(), message: format!("not authorized to perform: dynamodb:{action}") }
    }

    /// The table is over its throughput.
    pub fn throttled() -> Self {
        Self::Answer {
            status: 400,
            code: "ThrottlingException".into(),
            message: "Throughput exceeds the current capacity of your table or index.".into(),
        }
    }

    /// The service failed.
    pub fn server_error() -> Self {
        Self::Answer { status: 500, code: "InternalServerError".into(), message: "Internal server error".into() }
    }
}

/// A hook called with each operation; an error refuses it (before) or replaces its answer (after).
pub type Hook = Arc<dyn Fn(&Operation) -> Result<(), Fault> + Send + Sync>;

/// What each operation waits for before it begins.
pub type Turn = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

impl Operation {
    /// Whether it does with a reserved partition what has to be declared.
    pub fn touches(&self, reserved: Reserved) -> bool {
        let partitions = if reserved.is_secret() { &self.partitions } else { &self.written };
        partitions.iter().any(|partition| partition.starts_with(reserved.partition()))
    }

    pub(crate) fn new(name: &str, body: &[u8]) -> Self {
        let request = serde_json::from_slice(body).unwrap_or_else(|_| json!({}));
        let mut actions = Vec::new();
        let mut resources = Vec::new();
        match name {
            "TransactWriteItems" => {
                each(&request["TransactItems"], |item| {
                    for (key, action) in
                        [("Put", "PutItem"), ("Update", "UpdateItem"), ("Delete", "DeleteItem"), ("ConditionCheck", "ConditionCheckItem")]
                    {
                        if let Some(part) = item.get(key) {
                            once(&mut actions, action);
                            resource(&mut resources, &part["TableName"], &Value::Null);
                        }
                    }
                });
            }
            "TransactGetItems" => {
                actions.push("GetItem");
                each(&request["TransactItems"], |item| {
                    resource(&mut resources, &item["Get"]["TableName"], &Value::Null);
                });
            }
            "BatchGetItem" | "BatchWriteItem" => {
                actions.extend(known_action(name));
                if let Some(tables) = request["RequestItems"].as_object() {
                    resources.extend(tables.keys().cloned());
                }
            }
            // Lists query indexes; what stands beside a record is queried in the table, which a role
            // allows by itself.
            "Query" if request["IndexName"].is_null() => {
                actions.push("QueryTable");
                resource(&mut resources, &request["TableName"], &Value::Null);
            }
            "UpdateItem" if request["Key"]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(store::keys::COUNTERS)) => {
                actions.push("Count");
                resource(&mut resources, &request["TableName"], &Value::Null);
            }
            _ => {
                actions.extend(known_action(name));
                resource(&mut resources, &request["TableName"], &request["IndexName"]);
            }
        }
        let partitions = partitions(name, &request);
        let written = match name {
            "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" => partitions.clone(),
            "TransactWriteItems" => keys_of(actions_of(&request).filter(|(action, _)| *action != "ConditionCheck").map(|(_, part)| part)),
            _ => Vec::new(),
        };
        Self { name: name.to_owned(), actions, resources, partitions, written, request, role: None, status: None }
    }
}

/// The actions of a transaction, by name.
fn actions_of(request: &Value) -> impl Iterator<Item = (&String, &Value)> {
    request["TransactItems"].as_array().into_iter().flatten().flat_map(members)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The partition keys of what has a key or is an item.
fn keys_of<'a>(parts: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let keys = parts.flat_map(|part| [&part["Key"], &part["Item"], part]);
    keys.filter_map(|key| key["pk"]["S"].as_str().map(str::to_owned)).collect()
}

/// See [`Operation::partitions`].
fn partitions(name: &str, request: &Value) -> Vec<String> {
    let tables = || members(&request["RequestItems"]).map(|(_, table)| table);
    match name {
        "Query" => compared(request),
        "TransactWriteItems" | "TransactGetItems" => keys_of(actions_of(request).map(|(_, part)| part)),
        "BatchWriteItem" => {
            let writes = tables().filter_map(Value::as_array).flatten();
            keys_of(writes.flat_map(members).map(|(_, part)| part))
        }
        "BatchGetItem" => keys_of(tables().filter_map(|table| table["Keys"].as_array()).flatten()),
        _ => keys_of(std::iter::once(request)),
    }
}

/// What a query's key condition asks for by `=`.
fn compared(request: &Value) -> Vec<String> {
    let words: Vec<&str> = request["KeyConditionExpression"].as_str().unwrap_or_default().split_whitespace().collect();
    let named = words.windows(2).filter(|pair| pair[0] == "=").map(|pair| &request["ExpressionAttributeValues"][pair[1]]["S"]);
    named.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// A hook that is told which route or worker sends the operation.
pub(crate) fn for_role(hook: Hook, role: &'static str) -> Hook {
    Arc::new(move |operation| hook(&Operation { role: Some(role), ..operation.clone() }))
}

fn known_action(name: &str) -> Option<&'static str> {
    crate::dispatch::OPERATIONS.iter().copied().find(|known| *known == name)
}

fn each(list: &Value, mut visit: impl FnMut(&Value)) {
    for item in list.as_array().into_iter().flatten() {
        visit(item);
    }
}

fn once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn resource(list: &mut Vec<String>, table: &Value, index: &Value) {
    let Some(table) = table.as_str() else { return };
    once(
        list,
        match index.as_str() {
            Some(index) => format!("{table}/index/{index}"),
            None => table.to_owned(),
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_names_the_actions_beneath_it() {
        let body = json!({"TransactItems": [
            {"Put": {"TableName": "t"}}, {"Put": {"TableName": "t"}},
            {"ConditionCheck": {"TableName": "u"}}]});
        let op = Operation::new("TransactWriteItems", body.to_string().as_bytes());
        assert_eq!(op.actions, ["PutItem", "ConditionCheckItem"]);
        assert_eq!(op.resources, ["t", "u"]);
    }

    #[test]
    fn every_request_names_its_partitions() {
        let (one, two) = (json!({"pk": {"S": "A#1"}, "sk": {"S": "A"}}), json!({"pk": {"S": "B#2"}, "sk": {"S": "B"}}));
        let found = |name: &str, body: Value| Operation::new(name, body.to_string().as_bytes()).partitions;
        for name in ["GetItem", "UpdateItem", "DeleteItem"] {
            assert_eq!(found(name, json!({"Key": one})), ["A#1"]);
        }
        assert_eq!(found("PutItem", json!({"Item": one})), ["A#1"]);
        let condition =
            json!({"KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)", "ExpressionAttributeValues": {":pk": one["pk"], ":sk": two["pk"]}});
        assert_eq!(found("Query", condition), ["A#1"]);
        assert_eq!(found("BatchGetItem", json!({"RequestItems": {"t": {"Keys": [one, two]}}})), ["A#1", "B#2"]);
        let writes = json!([{"PutRequest": {"Item": one}}, {"DeleteRequest": {"Key": two}}]);
        assert_eq!(found("BatchWriteItem", json!({"RequestItems": {"t": writes}})), ["A#1", "B#2"]);
        assert_eq!(found("TransactGetItems", json!({"TransactItems": [{"Get": {"Key": one}}]})), ["A#1"]);
        let writes = json!([{"Put": {"Item": one}}, {"Update": {"Key": two}}, {"Delete": {"Key": one}}, {"ConditionCheck": {"Key": two}}]);
        assert_eq!(found("TransactWriteItems", json!({"TransactItems": writes})), ["A#1", "B#2", "A#1", "B#2"]);
        assert_eq!(Operation::new("TransactWriteItems", json!({"TransactItems": writes}).to_string().as_bytes()).written, ["A#1", "B#2", "A#1"]);
        assert!(Operation::new("GetItem", json!({"Key": one}).to_string().as_bytes()).written.is_empty());
    }

    #[test]
    fn a_query_on_an_index_names_the_index() {
        let body = json!({"TableName": "t", "IndexName": "gsi1"});
        let op = Operation::new("Query", body.to_string().as_bytes());
        assert_eq!(op.actions, ["Query"]);
        assert_eq!(op.resources, ["t/index/gsi1"]);
        let op = Operation::new("Query", json!({"TableName": "t"}).to_string().as_bytes());
        assert_eq!((op.actions.as_slice(), op.resources.as_slice()), (["QueryTable"].as_slice(), ["t".to_owned()].as_slice()));
    }
}
