//! Messages that nobody can take: parked with their cause, shown, and sent again.

use crate::faults::Faults;
use local::{Fault, StreamReader, TABLE};
use serde_json::{Value, json};
use std::time::Duration;
use tests::background::worker;
use tests::people::text;
use tests::{Crm, Person, eventually};

const SOON: Duration = Duration::from_secs(20);

async fn parked(admin: &Person, count: usize) -> Vec<Value> {
    eventually(&format!("{count} messages are parked"), SOON, || async {
        let list = admin.get("/admin/dead-letters").await.expect(200).data().as_array().expect("list").clone();
        (list.len() == count).then_some(list)
    })
    .await
}

/// A disabled user who still owns a customer; gives the message that moves it, and its path.
pub(super) async fn left_behind(crm: &Crm, admin: &Person) -> (Value, String) {
    let rep = crm.person("SALES_REP", None).await;
    let path = format!("/customers/{}", text(&admin.customer(json!({"ownerId": rep.id})).await["id"]));
    // Disabled without the event that would move it at once.
    let disabled = json!({"TableName": TABLE, "Key": {"pk": {"S": format!("USER#{}", rep.id)}, "sk": {"S": "AUTH"}},
        "UpdateExpression": "SET #data.#status = :disabled", "ExpressionAttributeNames": {"#data": "data", "#status": "status"},
        "ExpressionAttributeValues": {":disabled": {"S": "DISABLED"}}});
    crm.embedded().table.request("UpdateItem", disabled).await.expect("disabled");
    (json!({"task": "move_records", "user": rep.id, "to": null}), path)
}

async fn unowned(admin: &Person, path: &str) {
    eventually("the customer has no owner", SOON, || async { (admin.get(path).await.data()["ownerId"] == Value::Null).then_some(()) }).await;
}

#[tokio::test]
async fn a_poison_message_is_parked_with_its_cause_and_its_neighbours_get_through() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let (work, path) = left_behind(&crm, &admin).await;
    let bodies = ["not json".to_owned(), work.to_string(), json!({"task": "fly"}).to_string(), String::new()];
    crm.embedded().queues.send("work", bodies.to_vec(), Duration::ZERO).await.expect("sent");
    unowned(&admin, &path).await;
    let list = parked(&admin, 3).await;
    for letter in &list {
        assert_eq!((&letter["queue"], &letter["attempts"]), (&json!("work"), &json!(1)), "what cannot be read is not tried again");
        assert!(text(&letter["cause"]).starts_with("not a piece of work:"), "{letter}");
    }
    let all = admin.get("/admin/dead-letters?queue=work").await.expect(200);
    let depth = all.body["meta"]["queues"].as_array().expect("queues").iter().find(|queue| queue["name"] == "work").cloned().expect("work");
    assert_eq!(depth["dead"], json!(3));
    assert_eq!(admin.ids("/admin/dead-letters?queue=automation").await, Vec::<String>::new());
    assert_eq!(admin.ids("/admin/dead-letters?limit=1").await.len(), 3);
    // Sent again it fails again, and is there once.
    admin.post(&format!("/admin/dead-letters/{}/redrive", text(&list[0]["id"])), json!({})).await.expect(202);
    admin.post(&format!("/admin/dead-letters/{}/redrive", text(&list[0]["id"])), json!({})).await.expect(404);
    let again = parked(&admin, 3).await;
    assert!(!again.iter().any(|letter| letter["id"] == list[0]["id"]), "a new message has a new id");
}

#[tokio::test]
async fn a_message_that_keeps_failing_is_parked_at_its_last_try_and_works_when_it_is_redriven() {
    let (table, faults) = Faults::table();
    let crm = Crm::on(table).await;
    let admin = crm.admin().await;
    let (work, path) = left_behind(&crm, &admin).await;
    faults.before(|operation| match (operation.role, operation.name.as_str()) {
        (Some("work"), "Query") => Err(Fault::access_denied("Query")),
        _ => Ok(()),
    });
    crm.embedded().queues.send("work", vec![work.to_string()], Duration::ZERO).await.expect("sent");
    let letter = eventually("it is parked", SOON, || async {
        crm.advance(5);
        admin.get("/admin/dead-letters").await.data().as_array().expect("list").first().cloned()
    })
    .await;
    assert_eq!(letter["attempts"], json!(3));
    assert!(text(&letter["cause"]).contains("AccessDenied"), "{letter}");
    faults.none();
    // With what else was to follow the customers meanwhile.
    admin.post(&format!("/admin/dead-letters/{}/redrive", text(&letter["id"])), json!({})).await.expect(202);
    admin.post("/admin/dead-letters/redrive", json!({})).await.expect(202);
    unowned(&admin, &path).await;
    parked(&admin, 0).await;
}

#[tokio::test]
async fn all_of_a_cause_are_sent_again_at_once_and_one_is_given_up_with_a_reason() {
    let crm = Crm::start().await;
    let (admin, rep) = (crm.admin().await, crm.person("SALES_REP", None).await);
    let (work, path) = left_behind(&crm, &admin).await;
    crm.embedded().queues.send("work-dead", vec![work.to_string()], Duration::ZERO).await.expect("sent");
    let nonsense = json!({"task": "fly", "to": "Ada Lovelace"}).to_string();
    crm.embedded().queues.send("work", vec![nonsense; 3], Duration::ZERO).await.expect("sent");
    let before: Vec<String> = parked(&admin, 4).await.iter().map(|letter| text(&letter["id"])).collect();
    assert_eq!(admin.ids("/admin/dead-letters?cause=A%20PIECE%20of%20work").await.len(), 3, "whatever its case");
    let crashed = admin.all("/admin/dead-letters?cause=crashed").await;
    assert_eq!(crashed.len(), 1);
    assert!(text(&crashed[0]["body"]).contains("move_records") && !admin.get("/admin/dead-letters").await.text.contains("Lovelace"));
    // Those of another cause stay.
    admin.post("/admin/dead-letters/redrive", json!({"queue": "work", "cause": "crashed"})).await.expect(202);
    unowned(&admin, &path).await;
    let left = parked(&admin, 3).await;
    assert!(left.iter().all(|letter| before.contains(&text(&letter["id"]))));
    // All of them fail again, and are there once each.
    admin.post("/admin/dead-letters/redrive", json!({})).await.expect(202);
    let again = eventually("they are parked again", SOON, || async {
        let list = admin.all("/admin/dead-letters").await;
        (list.len() == 3 && list.iter().all(|letter| !before.contains(&text(&letter["id"])))).then_some(list)
    })
    .await;
    let refused = admin.post("/admin/dead-letters/redrive", json!({"queue": "stream"})).await.expect(422);
    assert_eq!(refused.pointers(), ["/queue"]);
    rep.post("/admin/dead-letters/redrive", json!({})).await.expect(403);

    let one = format!("/admin/dead-letters/{}", text(&again[0]["id"]));
    let discard = async |person: &Person, body: Value| person.ask("DELETE", &one, Some(&body), &[]).await;
    assert_eq!(discard(&admin, json!({})).await.expect(422).pointers(), ["/reason"]);
    discard(&rep, json!({"reason": "No"})).await.expect(403);
    discard(&admin, json!({"reason": "Nobody can fly"})).await.expect(204);
    discard(&admin, json!({"reason": "Nobody can fly"})).await.expect(404);
    parked(&admin, 2).await;
    eventually("it is kept as an event", SOON, || async {
        let told = admin.get("/feed").await.expect(200);
        let is_it = |event: &Value| event["type"] == "deadletter.discarded" && text(&event["summary"]).ends_with("Nobody can fly");
        told.data().as_array().is_some_and(|events| events.iter().any(is_it)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_dead_letter_of_a_queue_is_parked_and_can_be_redriven() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let (work, path) = left_behind(&crm, &admin).await;
    crm.embedded().queues.send("work-dead", vec![work.to_string()], Duration::ZERO).await.expect("sent");
    let list = parked(&admin, 1).await;
    assert_eq!((&list[0]["queue"], &list[0]["attempts"]), (&json!("work"), &json!(12)));
    admin.post(&format!("/admin/dead-letters/{}/redrive", text(&list[0]["id"])), json!({})).await.expect(202);
    unowned(&admin, &path).await;
    parked(&admin, 0).await;
}

#[tokio::test]
async fn a_record_of_the_stream_that_cannot_be_read_is_parked_and_the_rest_goes_on() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let id = "01900000-0000-7000-8000-00000000dead";
    let broken =
        json!({"pk": {"S": format!("CUSTOMER#{id}")}, "sk": {"S": "CUSTOMER"}, "type": {"S": "CUSTOMER"}, "data": {"M": {"name": {"N": "7"}}}});
    crm.embedded().table.request("PutItem", json!({"TableName": TABLE, "Item": broken})).await.expect("put");
    let broken_event = json!({"pk": {"S": format!("CUSTOMER#{id}")}, "sk": {"S": "EVENT#x"}, "type": {"S": "EVENT"}, "data": {"M": {}}});
    crm.embedded().table.request("PutItem", json!({"TableName": TABLE, "Item": broken_event})).await.expect("put");
    let customer = admin.customer(json!({"name": "Findable afterwards"})).await;
    eventually("the next one is found", SOON, || async { admin.ids("/customers?q=findable").await.contains(&text(&customer["id"])).then_some(()) })
        .await;
    let list = parked(&admin, 2).await;
    let mut causes: Vec<String> = list.iter().map(|letter| text(&letter["cause"]).split(':').next().expect("cause").to_owned()).collect();
    causes.sort();
    assert_eq!(causes, ["projector", "relay"]);
    // The parked record still names the item; once that is gone, there is nothing left to do.
    let get = admin.get(&format!("/customers/{id}")).await;
    assert_eq!(get.status, 500, "an unreadable record is our fault");
    assert!(!get.text.contains("name"), "{}", get.text);
}

#[tokio::test]
async fn a_record_that_is_no_record_is_parked_alone_and_redriving_it_parks_it_again() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let customer = admin.customer(json!({"name": "Findable afterwards"})).await;
    let reader = StreamReader::open(crm.embedded().table.clone(), TABLE, None).await.expect("stream");
    let batch = reader.peek(1000).await.expect("reads").expect("a batch");
    let mut records = vec![json!({"eventName": "INSERT", "dynamodb": "nothing"}), json!(7)];
    records.extend(batch.event["Records"].as_array().cloned().expect("records"));
    let hand = async |name: &str, event: Value| (worker(name).handle)(&crm.embedded().worker_app(worker(name)), event).await;
    let answer = hand("projector", json!({"Records": records})).await.expect("answers");
    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(admin.ids("/customers?q=findable").await, [text(&customer["id"])], "those after it were done");
    let list = parked(&admin, 2).await;
    assert!(list.iter().all(|letter| text(&letter["cause"]).starts_with("projector: not a stream record:")), "{list:?}");
    let again: Vec<Value> = crm.items_of("PARKED").await.iter().map(|item| item.at("data")["body"].clone()).collect();
    for (at, body) in again.iter().enumerate() {
        let answer = hand("repair", json!({"Records": [{"messageId": format!("01900000-0000-7000-8000-0000000000{at:02}"), "body": body}]})).await;
        assert_eq!(answer.expect("answers"), json!({"batchItemFailures": []}));
    }
    parked(&admin, 4).await;
    // One that is a record again is done.
    let event = records.iter().find(|record| text(&record["dynamodb"]["Keys"]["sk"]["S"]).starts_with("EVENT#")).expect("an event");
    for task in ["relay", "project"] {
        let body = json!({"task": task, "record": event}).to_string();
        let answer = hand("repair", json!({"Records": [{"messageId": "01900000-0000-7000-8000-000000000009", "body": body}]})).await;
        assert_eq!(answer.expect("answers"), json!({"batchItemFailures": []}));
    }
    parked(&admin, 4).await;
    // An event that has not the form of one says so.
    let nothing = hand("relay", json!({})).await.expect_err("fails");
    assert!(nothing.to_string().starts_with("not a stream's event:"), "{nothing}");
    let nothing = hand("parker", json!({"Records": 7})).await.expect_err("fails");
    assert!(nothing.to_string().starts_with("not a queue's event:"), "{nothing}");
}

#[tokio::test(start_paused = true)]
async fn work_that_is_handed_on_counts_how_often_and_does_not_go_in_circles() {
    let crm = Crm::idle(local::Table::memory().expect("memory")).await;
    let rep = crm.person("SALES_REP", None).await;
    for number in 0..301 {
        rep.make("/tasks", json!({"title": format!("Task {number}")})).await;
    }
    let event = |body: Value| json!({"Records": [{"messageId": "01900000-0000-7000-8000-00000000c0de", "body": body.to_string()}]});
    let handed_on = async |body: Value| {
        crm.hand("work", event(body)).await;
        let sent = std::sync::Mutex::new(Vec::new());
        let take = |event: Value| {
            sent.lock().expect("lock").push(serde_json::from_str::<Value>(&text(&event["Records"][0]["body"])).expect("JSON"));
            async { Ok::<_, String>(json!({"batchItemFailures": []})) }
        };
        while crm.embedded().queues.run_once("work", 1, &take).await.expect("the queue") > 0 {}
        sent.into_inner().expect("lock")
    };
    let first = handed_on(json!({"task": "restamp", "user": rep.id})).await;
    assert_eq!((first.len(), &first[0]["task"], &first[0]["hops"]), (1, &json!("restamp"), &json!(1)));
    let last = handed_on(first[0].clone()).await;
    assert_eq!(last, Vec::<Value>::new(), "the second one does the rest");
    let mut again = first[0].clone();
    again["hops"] = json!(10_000);
    assert_eq!(handed_on(again).await, Vec::<Value>::new());
    let admin = crm.admin().await;
    let letters = admin.get("/admin/dead-letters").await.expect(200).data().as_array().expect("list").clone();
    assert!(text(&letters[0]["cause"]).starts_with("it was handed on 10000 times"), "{letters:?}");
}
