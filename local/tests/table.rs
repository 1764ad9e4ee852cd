//! The database through the AWS SDK, the hooks, and what can be wrong with a file.
#![allow(clippy::unwrap_used)]

use crate::support::*;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{ConditionCheck, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use local::{Fault, Table, TableError};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

#[tokio::test]
async fn items_go_in_and_come_out_through_the_sdk() {
    let client = client(&memory().await);
    put(&client, "a").await;
    let got = client
        .get_item()
        .table_name(TABLE)
        .key("pk", s("p"))
        .key("sk", s("a"))
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    assert_eq!(got.item.unwrap()["sk"], s("a"));
    assert_eq!(got.consumed_capacity.unwrap().capacity_units, Some(0.5));
    let query = client.query().table_name(TABLE).key_condition_expression("pk = :p").expression_attribute_values(":p", s("p"));
    assert_eq!(query.send().await.unwrap().count, 1);
    let described = client.describe_table().table_name(TABLE).send().await.unwrap();
    assert!(described.table.unwrap().latest_stream_arn.is_some());
    let scan = client.scan().table_name(TABLE).send().await.unwrap_err();
    assert_eq!(scan.code(), Some("UnknownOperationException"));
    let empty = client.put_item().table_name(TABLE).item("pk", s("")).item("sk", s("x"));
    assert_eq!(empty.send().await.unwrap_err().code(), Some("ValidationException"));
}

#[tokio::test]
async fn a_cancelled_transaction_says_why_and_shows_the_old_item() {
    let client = client(&memory().await);
    put(&client, "a").await;
    let fresh = Put::builder().table_name(TABLE).item("pk", s("p")).item("sk", s("b")).build().unwrap();
    let clash = Put::builder()
        .table_name(TABLE)
        .item("pk", s("p"))
        .item("sk", s("a"))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .unwrap();
    let failed = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(fresh).build())
        .transact_items(TransactWriteItem::builder().put(clash).build())
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let cancelled = match failed {
        aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(c) => c,
        other => panic!("{other:?}"),
    };
    let reasons = cancelled.cancellation_reasons();
    assert_eq!(reasons[0].code(), Some("None"));
    assert_eq!(reasons[1].code(), Some("ConditionalCheckFailed"));
    assert_eq!(reasons[1].item().unwrap()["sk"], s("a"));
    // Nothing of it was written.
    let got = client.get_item().table_name(TABLE).key("pk", s("p")).key("sk", s("b"));
    assert!(got.send().await.unwrap().item.is_none());

    let single = client
        .put_item()
        .table_name(TABLE)
        .item("pk", s("p"))
        .item("sk", s("a"))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    match single {
        aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(e) => {
            assert_eq!(e.item().unwrap()["sk"], s("a"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn hooks_see_the_actions_and_can_refuse_or_lose_the_answer() {
    let table = memory().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let watched = table.clone().with_observer(Arc::new(move |operation| {
        log.lock().unwrap().push((operation.name.clone(), operation.actions.clone()));
        match operation.actions.contains(&"ConditionCheckItem") {
            true => Err(Fault::access_denied("ConditionCheckItem")),
            false => Ok(()),
        }
    }));
    let put_a = Put::builder().table_name(TABLE).item("pk", s("p")).item("sk", s("a")).build().unwrap();
    let check = ConditionCheck::builder()
        .table_name(TABLE)
        .key("pk", s("p"))
        .key("sk", s("z"))
        .condition_expression("attribute_not_exists(pk)")
        .build()
        .unwrap();
    let refused = client(&watched)
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put_a).build())
        .transact_items(TransactWriteItem::builder().condition_check(check).build())
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("AccessDeniedException"));
    let expected = ("TransactWriteItems".to_owned(), vec!["PutItem", "ConditionCheckItem"]);
    assert_eq!(*seen.lock().unwrap(), [expected]);

    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let lossy = table.clone().with_after(Arc::new(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Err(Fault::Lost)
    }));
    let config = config().retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled()).http_client(lossy.http_client());
    let lossy = aws_sdk_dynamodb::Client::from_conf(config.build());
    let lost = lossy.put_item().table_name(TABLE).item("pk", s("p")).item("sk", s("lost"));
    let error = lost.send().await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(ref f) if f.is_io()), "{error:?}");
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    let got = client(&table).get_item().table_name(TABLE).key("pk", s("p")).key("sk", s("lost"));
    assert!(got.send().await.unwrap().item.is_some(), "the change stays");

    let throttled = table.with_observer(Arc::new(|_| Err(Fault::throttled())));
    let config = aws_sdk_dynamodb::config::retry::RetryConfig::disabled();
    let config = crate::support::config().retry_config(config).http_client(throttled.http_client());
    let throttled = aws_sdk_dynamodb::Client::from_conf(config.build());
    let got = throttled.get_item().table_name(TABLE).key("pk", s("p")).key("sk", s("a"));
    assert_eq!(got.send().await.unwrap_err().code(), Some("ThrottlingException"));
}

#[tokio::test]
async fn only_one_opens_a_file_and_it_keeps_its_items() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/crm.db");
    let table = Table::open(&path).unwrap();
    table.create_table(schema()).await.unwrap();
    put(&client(&table), "a").await;
    let second = Table::open(&path).unwrap_err();
    assert!(matches!(second, TableError::Locked(_)), "{second}");
    assert!(second.to_string().contains("in use by another process"));
    drop(table);
    assert!(!dir.path().join("data/crm.db-wal").exists(), "it is closed when it can be opened by another");
    let table = Table::open(&path).unwrap();
    assert!(!table.create_table(schema()).await.unwrap());
    let got = client(&table).get_item().table_name(TABLE).key("pk", s("p")).key("sk", s("a"));
    assert!(got.send().await.unwrap().item.is_some());

    let copy = dir.path().join("copy.db");
    table.copy_to(&copy).await.unwrap();
    table.copy_to(&copy).await.unwrap();
    put(&client(&table), "later").await;
    table.restore_from(&copy).await.unwrap();
    let got = client(&table).get_item().table_name(TABLE).key("pk", s("p")).key("sk", s("later"));
    assert!(got.send().await.unwrap().item.is_none());
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("crm.db");
    std::fs::write(&path, "this is a letter, not a database, and quite a long one").unwrap();
    let error = Table::open(&path).unwrap_err();
    assert!(matches!(error, TableError::NotADatabase(_)), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept.starts_with("this is a letter"), "the file is left as it was");

    let real = dir.path().join("real.db");
    let table = Table::open(&real).unwrap();
    table.create_table(schema()).await.unwrap();
    let db = client(&table);
    for n in 0..200 {
        put(&db, &format!("{n:0>200}")).await;
    }
    drop((db, table));
    let mut bytes = std::fs::read(&real).unwrap();
    let len = bytes.len();
    bytes[4096..].fill(0xab);
    std::fs::write(&real, &bytes).unwrap();
    let error = Table::open(&real).unwrap_err();
    assert!(matches!(error, TableError::Damaged { .. }), "{error} ({len} bytes)");
    println!("damaged: {error}");
    bytes.truncate(3000);
    std::fs::write(&real, &bytes).unwrap();
    let error = Table::open(&real).unwrap_err();
    println!("cut off: {error}");
    assert_eq!(error.to_string().lines().count(), 1);

    let error = Table::open(&path.join("sub/crm.db")).unwrap_err();
    assert!(matches!(error, TableError::Unwritable { .. }), "{error}");
    println!("unwritable: {error}");
}

#[tokio::test]
async fn the_database_is_also_served_over_tcp() {
    let table = memory().await;
    put(&client(&table), "a").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn({
        let table = table.clone();
        async move { table.serve_http(listener, async { drop(stopped.await) }).await }
    });
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("healthy: dynamodb"), "{text}");
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn measure_the_connector() {
    let start = Instant::now();
    for _ in 0..10 {
        Table::memory().unwrap();
    }
    println!("Table::memory {:?}", start.elapsed() / 10);
    let dir = tempfile::tempdir().unwrap();
    let file = Table::open(&dir.path().join("crm.db")).unwrap();
    file.create_table(schema()).await.unwrap();
    for (name, table) in [("memory", memory().await), ("file", file)] {
        let client = client(&table);
        put(&client, "warm").await;
        let start = Instant::now();
        for n in 0..200 {
            put(&client, &n.to_string()).await;
        }
        let puts = start.elapsed() / 200;
        let start = Instant::now();
        for n in 0..200 {
            let got = client.get_item().table_name(TABLE).key("pk", s("p")).key("sk", s(n.to_string()));
            assert!(got.send().await.unwrap().item.is_some());
        }
        println!("{name}: put {puts:?}, get {:?}", start.elapsed() / 200);
        let start = Instant::now();
        for n in 0..200 {
            let key = serde_json::json!({"pk": {"S": "p"}, "sk": {"S": n.to_string()}});
            let request = serde_json::json!({"TableName": TABLE, "Item": key});
            table.request("PutItem", request).await.unwrap();
        }
        println!("{name}: put without the SDK {:?}", start.elapsed() / 200);
    }
}
