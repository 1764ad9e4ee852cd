//! The runs of migrations: killed, repeated, overtaken, tried without writing, and what they cost.

use super::{begin, carry_out, fixture, hand, is_present, is_record, left, left_with_faults, migrate, numbers, plain, progress};
use crate::faults::Faults;
use local::{Fault, Operation, TABLE, Table};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use store::migrations::LEAD_SOURCE_KEY;
use tests::Crm;
use tests::items::Raw;
use tests::people::text;

const NAME: &str = LEAD_SOURCE_KEY.name;

/// Every item but how far runs are, which has the times of day.
async fn table(crm: &Crm) -> Vec<Value> {
    let items = crm.items().await;
    let mut items: Vec<Value> = items.into_iter().filter(|item| item.text("type") != "MIGRATION").map(|item| Value::Object(item.0)).collect();
    items.sort_by_key(|item| (text(&item["pk"]), text(&item["sk"])));
    items.retain(|item| item["type"] != "JWKS");
    items
}

/// The worker dies at its write of this number: before it was carried out, or after, without having heard of it.
fn die_at(faults: &Faults, number: u32, carried_out: bool) {
    let writes = Arc::new(AtomicU32::new(0));
    let dead = move |writes: &AtomicU32| writes.load(Ordering::SeqCst) >= number;
    let died = || Err(Fault::access_denied("anything: it is dead"));
    if carried_out {
        let counted = writes.clone();
        faults.after(move |operation| {
            counted.fetch_add(u32::from(operation.name == "TransactWriteItems"), Ordering::SeqCst);
            if dead(&counted) { died() } else { Ok(()) }
        });
        faults.before(move |_| if dead(&writes) { died() } else { Ok(()) });
        return;
    }
    faults.before(move |operation| {
        writes.fetch_add(u32::from(operation.name == "TransactWriteItems"), Ordering::SeqCst);
        if dead(&writes) { died() } else { Ok(()) }
    });
}

#[tokio::test]
async fn a_run_that_dies_at_any_write_comes_to_the_same_end() {
    let undisturbed = left().await;
    carry_out(&undisturbed, NAME).await;
    let (wanted, counted) = (table(&undisturbed).await, numbers(&progress(&undisturbed, NAME, "RUN").await));
    assert!(counted[1] > 10 && counted[0] == counted[1] && counted[2] + counted[3] == 0, "{counted:?}");
    let mut deaths = 0;
    for carried_out in [false, true] {
        for number in 1.. {
            let (crm, faults) = left_with_faults().await;
            die_at(&faults, number, carried_out);
            let done = hand(&crm, "one", &begin(NAME)).await;
            faults.none();
            if done {
                break;
            }
            deaths += 1;
            assert!(hand(&crm, "one", &begin(NAME)).await, "the queue delivers it again");
            assert_eq!(numbers(&progress(&crm, NAME, "RUN").await), counted, "write {number}, carried out: {carried_out}");
            assert!(table(&crm).await == wanted, "write {number}, carried out: {carried_out}");
        }
    }
    assert!(deaths >= 8, "it died {deaths} times");
}

#[tokio::test]
async fn what_is_delivered_again_changes_nothing_more() {
    let crm = left().await;
    migrate(&crm).await;
    let (after, done) = (table(&crm).await, progress(&crm, NAME, "RUN").await);
    for (id, body) in [("begin lead-source-key", begin(NAME)), ("two", json!({"task": "migrate", "name": NAME, "run": 1}))] {
        assert!(hand(&crm, id, &body).await);
    }
    assert_eq!(progress(&crm, NAME, "RUN").await, done, "neither the message that began it nor one that went on");
    assert!(hand(&crm, "another day", &begin(NAME)).await, "a run that somebody wants finds nothing to do");
    let again = progress(&crm, NAME, "RUN").await;
    assert_eq!((numbers(&again), &again["run"]), ([numbers(&done)[0], 0, numbers(&done)[0], 0], &json!(2)));
    assert!(table(&crm).await == after);
}

#[tokio::test]
async fn pieces_side_by_side_count_each_record_once() {
    let crm = left().await;
    let pieces = (0..4).map(|_| {
        let crm = crm.clone();
        async move { hand(&crm, "one", &begin(NAME)).await }
    });
    let done = futures::future::join_all(pieces).await;
    assert_eq!(done, [true; 4]);
    let end = progress(&crm, NAME, "RUN").await;
    let leads = crm.items_of("LEAD").await;
    assert_eq!((numbers(&end), end["finishedAt"].is_string()), ([leads.len() as u64, leads.len() as u64, 0, 0], true));
    assert!(leads.iter().all(is_present));
    for lead in left().await.items_of("LEAD").await {
        let now = leads.iter().find(|item| item.text("pk") == lead.text("pk")).expect("there");
        assert_eq!(now.at("rev").as_u64(), lead.at("rev").as_u64().map(|rev| rev + 1), "written once");
    }
}

#[tokio::test]
async fn a_dry_run_counts_and_writes_nothing_but_its_progress() {
    let crm = left().await;
    let before = table(&crm).await;
    let dry = json!({"task": "migrate", "name": NAME, "dryRun": true});
    assert!(hand(&crm, "dry", &dry).await);
    assert!(table(&crm).await == before);
    let (counted, real) = (progress(&crm, NAME, "DRY").await, progress(&crm, NAME, "RUN").await);
    let leads = crm.items_of("LEAD").await.len() as u64;
    assert_eq!((numbers(&counted), &counted["dryRun"], real), ([leads, leads, 0, 0], &json!(true), Value::Null));
    migrate(&crm).await;
    assert!(hand(&crm, "dry again", &dry).await);
    assert_eq!(numbers(&progress(&crm, NAME, "DRY").await), [leads, 0, leads, 0]);
}

/// What the worker asked of the table: operations by name, and the partitions it read or wrote.
#[derive(Default)]
struct Asked {
    operations: Vec<String>,
    partitions: Vec<String>,
}

async fn asked(more: impl Fn(&Raw) -> bool, copies: usize) -> Asked {
    let asked = Arc::new(Mutex::new(Asked::default()));
    let noted = asked.clone();
    let observer = move |operation: &Operation| {
        if operation.role == Some("work") {
            let mut asked = noted.lock().expect("lock");
            asked.operations.push(operation.name.clone());
            asked.partitions.extend(operation.partitions.iter().map(|partition| plain(partition)));
        }
        Ok(())
    };
    let crm = super::as_left(Table::memory().expect("memory").with_observer(Arc::new(observer))).await;
    let raw = |item: &Value| Raw(item.as_object().expect("an item").iter().map(|(name, value)| (name.clone(), tests::items::plain(value))).collect());
    for item in fixture::items().iter().filter(|item| more(&raw(item))) {
        for copy in 0..copies {
            let mut item = item.clone();
            let pk = format!("{}{copy:03}", text(&item["pk"]["S"]).trim_end_matches(|c: char| c.is_ascii_hexdigit()));
            item["pk"] = json!({"S": format!("{pk}{}", &"0123456789ab"[..12 - 3])});
            item["s"] = json!({"S": format!("{}{copy:03}", text(&item["s"]["S"]))});
            crm.embedded().table.request("PutItem", json!({"TableName": TABLE, "Item": item})).await.expect("written");
        }
    }
    carry_out(&crm, NAME).await;
    std::mem::take(&mut *asked.lock().expect("lock"))
}

#[tokio::test]
async fn a_run_costs_what_its_kind_takes_and_not_what_the_table_holds() {
    let usual = asked(|_| false, 0).await;
    let others = asked(|item| is_record(item) && item.text("type") != "LEAD", 20).await;
    assert_eq!(others.operations, usual.operations, "a thousand records of other kinds cost nothing");
    let leads = asked(|item| item.text("type") == "LEAD", 5).await;
    let gets = |asked: &Asked| asked.operations.iter().filter(|name| *name == "GetItem").count();
    assert!(gets(&leads) > 4 * gets(&usual), "{} and {}", gets(&leads), gets(&usual));
    for asked in [usual, others, leads] {
        let mine = |partition: &&String| ["ALL#LEAD#LIVE", "ALL#LEAD#ARCHIVED"].contains(&partition.as_str()) || partition.starts_with("LEAD#");
        let foreign: Vec<&String> = asked.partitions.iter().filter(|partition| !mine(partition)).collect();
        assert!(foreign.iter().all(|partition| partition.starts_with("MIGRATION#")), "{foreign:?}");
        assert!(asked.operations.iter().all(|name| name != "Scan"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_that_comes_between_reading_and_writing_wins() {
    type Edit = Box<dyn FnOnce() + Send>;
    let edit: Arc<Mutex<Option<(String, Edit)>>> = Arc::default();
    let due = edit.clone();
    let observer = move |operation: &Operation| {
        // Taken before it runs, since what it asks of the table comes by here as well.
        let due = {
            let mut slot = due.lock().expect("lock");
            let mine = slot.as_ref().is_some_and(|(pk, _)| operation.role == Some("work") && operation.written.contains(pk));
            if mine { slot.take() } else { None }
        };
        if let Some((_, edit)) = due {
            edit();
        }
        Ok(())
    };
    let crm = super::as_left(Table::memory().expect("memory").with_observer(Arc::new(observer))).await;
    let admin = fixture::demo_person(&crm, "admin").await;
    let lead = crm.items_of("LEAD").await.into_iter().find(|lead| lead.at("data")["source"] == "website").expect("a lead");
    let path = format!("/leads/{}", lead.text("pk").trim_start_matches("LEAD#"));
    let change = move || {
        let change = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
            runtime.block_on(async { admin.patch(&path, json!({"title": "Meanwhile", "source": "Newsletter"})).await.expect(200) });
        });
        change.join().expect("edited");
    };
    *edit.lock().expect("lock") = Some((lead.text("pk").to_owned(), Box::new(change)));
    migrate(&crm).await;
    assert!(edit.lock().expect("lock").is_none(), "it was edited in between");
    let leads = crm.items_of("LEAD").await;
    let edited = leads.iter().find(|item| item.text("pk") == lead.text("pk")).expect("there");
    assert_eq!((&edited.at("data")["title"], &edited.at("data")["source"]), (&json!("Meanwhile"), &json!("Newsletter")));
    assert_eq!((&edited.at("derived")["sourceKey"], edited.at("version")), (&json!("newsletter"), &json!(2)));
    let all = leads.len() as u64;
    assert_eq!(numbers(&progress(&crm, NAME, "RUN").await), [all, all - 1, 1, 0], "it was in the present shape already");
    assert!(leads.iter().all(is_present));
}

/// Writes a field of a lead's `data` as a release without shapes would: the field and `rev`, and no word of the shape.
async fn write(crm: &Crm, pk: &str, expression: &str, field: &str, text: Option<&str>) {
    let mut values = json!({":one": {"N": "1"}});
    if let Some(text) = text {
        values[":text"] = json!({"S": text});
    }
    let request = json!({"TableName": TABLE, "Key": {"pk": {"S": pk}, "sk": {"S": "LEAD"}}, "UpdateExpression": expression,
        "ExpressionAttributeNames": {"#data": "data", "#field": field}, "ExpressionAttributeValues": values});
    crm.embedded().table.request("UpdateItem", request).await.expect("written");
}

#[tokio::test]
async fn what_a_release_without_shapes_wrote_over_is_old_again() {
    let crm = left().await;
    migrate(&crm).await;
    let lead = crm.items_of("LEAD").await.into_iter().find(|lead| lead.at("data")["source"] == "Trade Fair").expect("a lead");
    write(&crm, lead.text("pk"), "SET #data.#field = :text ADD rev :one", "source", Some("Open Day")).await;
    let admin = fixture::demo_person(&crm, "admin").await;
    let id = lead.text("pk").trim_start_matches("LEAD#").to_owned();
    let archived = if lead.at("data")["archivedAt"].is_string() { "archived=true&" } else { "" };
    assert_eq!(admin.get(&format!("/leads/{id}")).await.data()["source"], "Open Day");
    assert!(!admin.ids(&format!("/leads?{archived}status=NEW&source=trade%20fair")).await.contains(&id), "read as if it were new, it has no old key");
    assert!(hand(&crm, "after the way back", &begin(NAME)).await);
    assert_eq!(numbers(&progress(&crm, NAME, "RUN").await)[1], 1);
    let lead = crm.items_of("LEAD").await.into_iter().find(|item| item.text("pk") == lead.text("pk")).expect("there");
    assert_eq!(lead.at("derived")["sourceKey"], "open day");
}

#[tokio::test]
async fn a_sign_in_and_a_new_member_leave_the_mark_of_the_shape_where_it_was() {
    let mark = |item: &Raw| &item.at("head")["s"] == item.at("rev");
    let crm = Crm::idle(Table::memory().expect("memory")).await;
    let team = crm.team().await;
    crm.person("SALES_REP", Some(&team)).await;
    let (users, teams) = (crm.items_of("USER").await, crm.items_of("TEAM").await);
    assert!(users.iter().all(mark) && teams.iter().all(mark) && teams[0].at("rev").as_u64() > Some(1), "known before, known after");
    let crm = left().await;
    let admin = fixture::demo_person(&crm, "admin").await;
    crm.sign_in(&admin.email, local::demo::PASSWORD).await;
    let user = crm.items_of("USER").await.into_iter().find(|user| user.text("pk").ends_with(&admin.id)).expect("there");
    assert!(!mark(&user) && user.at("head")["s"].is_u64(), "never known, not known now: {}", user.at("head"));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_counted_and_holds_up_none_of_the_others() {
    let crm = left().await;
    let leads = crm.items_of("LEAD").await;
    let broken = leads[3].text("pk");
    write(&crm, broken, "REMOVE #data.#field ADD rev :one", "title", None).await;
    migrate(&crm).await;
    let all = leads.len() as u64;
    assert_eq!(numbers(&progress(&crm, NAME, "RUN").await), [all, all - 1, 0, 1]);
    let after = crm.items_of("LEAD").await;
    let old: Vec<&str> = after.iter().filter(|lead| !is_present(lead)).map(|lead| lead.text("pk")).collect();
    assert_eq!(old, [broken]);
    assert!(crm.items_of("PARKED").await.is_empty());
    assert!(hand(&crm, "typo", &begin("lead-source-kee")).await, "what makes no sense is parked at once");
    assert!(text(&crm.items_of("PARKED").await[0].at("data")["cause"]).contains(NAME), "and told what there is");
}
