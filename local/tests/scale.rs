//! How the cost of one write grows with the stream's history. Run by hand:
//! `cargo test -p local -- scale --ignored --nocapture`.
#![allow(clippy::unwrap_used)]

use crate::support::*;
use local::{StreamReader, Table};
use serde_json::json;
use std::time::Instant;

#[tokio::test]
#[ignore = "a measurement"]
async fn writes_with_a_long_stream_history() {
    let dir = tempfile::tempdir().unwrap();
    let table = Table::open(&dir.path().join("crm.db")).unwrap();
    table.create_table(schema()).await.unwrap();
    let mut written = 0;
    for target in [100, 5_000, 20_000, 40_000] {
        while written < target {
            let puts: Vec<_> = (0..100)
                .map(|n| {
                    let sk = format!("{:08}", written + n);
                    let item = json!({"pk": {"S": "p"}, "sk": {"S": sk}, "text": {"S": "x".repeat(500)}});
                    json!({"Put": {"TableName": TABLE, "Item": item}})
                })
                .collect();
            if written + 100 >= target {
                let start = Instant::now();
                table.request("TransactWriteItems", json!({"TransactItems": puts})).await.unwrap();
                println!("{target}: transaction of 100 {:?}", start.elapsed());
            } else {
                table.request("TransactWriteItems", json!({"TransactItems": puts})).await.unwrap();
            }
            written += 100;
        }
        let start = Instant::now();
        for _ in 0..10 {
            let item = json!({"pk": {"S": "q"}, "sk": {"S": "a"}});
            table.request("PutItem", json!({"TableName": TABLE, "Item": item})).await.unwrap();
        }
        println!("{written}: put {:?}", start.elapsed() / 10);
        let mut reader = StreamReader::open(table.clone(), TABLE, None).await.unwrap();
        let batch = reader.peek(100).await.unwrap().unwrap();
        let start = Instant::now();
        reader.advance(batch.last);
        reader.peek(10).await.unwrap();
        println!("{written}: peek {:?}", start.elapsed());
    }
}
