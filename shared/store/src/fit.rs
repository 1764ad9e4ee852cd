//! Whether a table is one that the CRM can work on: one that was brought in may have been made by somebody else, or
//! restored without what a restore leaves behind.

use crate::error::Error;
use crate::schema::definition;
use crate::table::{Store, call_error};
use aws_sdk_dynamodb::types::{KeySchemaElement, StreamSpecification, TableDescription};
use futures::FutureExt;
use serde_json::Value;

impl Store {
    /// What the table lacks of what the CRM's table has, in words: keys, indexes, the stream, and that `stream` is the
    /// ARN of it. Whether items run out of time (TTL) is not looked at, since nothing fails without.
    pub async fn lacks(&self, stream: Option<&str>) -> Result<Vec<String>, Error> {
        let described = self.client.describe_table().table_name(&*self.table).send().boxed().await.map_err(call_error)?;
        Ok(described.table.map_or_else(|| vec!["it is not there".to_owned()], |table| lacking(&table, stream)))
    }
}

fn lacking(table: &TableDescription, stream: Option<&str>) -> Vec<String> {
    let wanted = definition();
    let mut lacking = Vec::new();
    if keys(table.key_schema()) != attributes(&wanted["KeySchema"]) {
        lacking.push("its keys are not pk and sk".to_owned());
    }
    for index in wanted["GlobalSecondaryIndexes"].as_array().into_iter().flatten() {
        let name = index["IndexName"].as_str().unwrap_or_default();
        let there = table.global_secondary_indexes().iter().find(|there| there.index_name() == Some(name));
        if there.is_none_or(|there| keys(there.key_schema()) != attributes(&index["KeySchema"])) {
            lacking.push(format!("it has no index {name} as this version wants it"));
        }
    }
    let view = table.stream_specification().filter(|stream| stream.stream_enabled()).and_then(StreamSpecification::stream_view_type);
    if view.is_none_or(|view| Some(view.as_str()) != wanted["StreamSpecification"]["StreamViewType"].as_str()) {
        lacking.push("it has no stream of new and old images".to_owned());
    } else if let Some(stream) = stream.filter(|stream| table.latest_stream_arn() != Some(*stream)) {
        lacking.push(format!("its stream is {} and not {stream}", table.latest_stream_arn().unwrap_or_default()));
    }
    lacking
}

fn keys(schema: &[KeySchemaElement]) -> Vec<String> {
    schema.iter().map(|key| key.attribute_name().to_owned()).collect()
}

fn attributes(schema: &Value) -> Vec<String> {
    schema.as_array().into_iter().flatten().filter_map(|key| key["AttributeName"].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Index;
    use aws_sdk_dynamodb::types::{KeyType, StreamViewType};

    fn key(name: &str) -> KeySchemaElement {
        KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash).build().expect("a key")
    }

    #[test]
    fn everything_that_a_table_lacks_is_named() {
        let table = TableDescription::builder().key_schema(key("id")).build();
        let lacks = lacking(&table, None);
        assert_eq!(lacks.len(), 2 + Index::ALL.len(), "{lacks:?}");
        assert!(
            lacks[0].contains("pk and sk") && lacks[1].contains(Index::ALL[0].name()) && lacks[1 + Index::ALL.len()].contains("stream"),
            "{lacks:?}"
        );
    }

    #[test]
    fn another_stream_than_the_tables_own_is_named_and_so_is_one_without_old_images() {
        let of = |view: StreamViewType| {
            let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build().expect("a stream");
            TableDescription::builder().stream_specification(stream).latest_stream_arn("now").build()
        };
        let last = |view: StreamViewType, stream: &str| lacking(&of(view), Some(stream)).pop().unwrap_or_default();
        assert_eq!(last(StreamViewType::NewAndOldImages, "before"), "its stream is now and not before");
        assert!(last(StreamViewType::NewAndOldImages, "now").contains("index"));
        assert!(last(StreamViewType::NewImage, "now").contains("no stream of new and old images"));
    }
}
