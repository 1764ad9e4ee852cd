//! The table's definition, in the form of a CreateTable request. The embedded run creates its table
//! from it, and the template is generated from it, so both are the same table.

use crate::item::PROJECTED;
use crate::keys::{Index, SORT};
use serde_json::{Value, json};

/// The attribute that DynamoDB's TTL reads.
pub const TTL: &str = "ttl";

/// The CreateTable request without a table name.
pub fn definition() -> Value {
    let text = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    let mut attributes = vec![text("pk"), text("sk"), text(SORT)];
    attributes.extend(Index::ALL.iter().map(|index| text(index.attribute())));
    let index = |index: &Index| {
        json!({
            "IndexName": index.name(),
            "KeySchema": [
                {"AttributeName": index.attribute(), "KeyType": "HASH"},
                {"AttributeName": SORT, "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": PROJECTED},
        })
    };
    json!({
        "AttributeDefinitions": attributes,
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": Index::ALL.iter().map(index).collect::<Vec<_>>(),
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    })
}
