//! Loyalty levels: four floors that rise, and who is moved between them.

use crate::crm::unique;
use crate::people::text;
use crate::{Crm, Person, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// A change of a floor goes by the bus, two queues and a run that may have to wait for another.
const IN_THE_BACKGROUND: Duration = Duration::from_secs(150);

async fn levels(person: &Person) -> Vec<Value> {
    person.get("/customer-levels").await.expect(200).data().as_array().expect("a list").clone()
}

async fn has_level(person: &Person, customer: &Value, level: &str) {
    eventually(&format!("the level is {level}"), IN_THE_BACKGROUND, || async {
        let page = person.get(&format!("/customers/{}", text(customer))).await.expect(200);
        (page.data()["levelCode"] == level).then_some(())
    })
    .await;
}

/// One scenario, since there are four levels in a deployment: others do not change them.
pub async fn a_customer_has_the_level_of_what_was_bought(crm: Crm) {
    let team = crm.team().await;
    let (admin, manager) = (crm.admin().await, crm.person("MANAGER", Some(&team)).await);
    let rep = crm.person("SALES_REP", Some(&team)).await;
    let put = async |code: &str, body: &Value| admin.ask("PUT", &format!("/customer-levels/{code}"), Some(body), &[]).await;
    let list = levels(&rep).await;
    let shown: Vec<_> = list.iter().map(|level| (text(&level["code"]), level["rank"].as_u64(), level["minScore"].as_f64())).collect();
    let floors = [("BRONZE", 1, 1.0), ("SILVER", 2, 2.6), ("GOLD", 3, 3.6), ("PLATINUM", 4, 4.6)];
    assert_eq!(shown, floors.map(|(code, rank, floor)| (code.to_owned(), Some(rank), Some(floor))));
    let [bronze, silver, gold, platinum] = [0, 1, 2, 3].map(|place| list[place].clone());
    // What was read is no change, and what cannot be changed has to be as it is.
    assert_eq!(put("GOLD", &gold).await.expect(200).data(), &gold);
    let with = |level: &Value, field: &str, value: Value| {
        let mut level = level.clone();
        level[field] = value;
        level
    };
    for (level, field, value) in [
        (&bronze, "minScore", json!(1.01)),
        (&silver, "minScore", json!(1)),
        (&silver, "minScore", json!(3.6)),
        (&gold, "minScore", json!(3.555)),
        (&gold, "name", json!("")),
        (&gold, "code", json!("SILVER")),
        (&gold, "rank", json!(4)),
        (&gold, "version", json!(9_999)),
    ] {
        let refused = put(&text(&level["code"]), &with(level, field, value.clone())).await.expect(422);
        assert_eq!(refused.pointers(), [format!("/{field}")], "{value}");
    }
    assert_eq!(levels(&rep).await, list, "nothing was changed");
    put("COPPER", &gold).await.expect(404);
    rep.ask("PUT", "/customer-levels/GOLD", Some(&gold), &[]).await.expect(403);
    let benefits = format!("A call a month {}", unique());
    let changed = put("GOLD", &with(&gold, "benefits", json!(benefits))).await.expect(200).data().clone();
    assert_eq!((&changed["benefits"], changed["version"].as_u64()), (&json!(benefits), gold["version"].as_u64().map(|version| version + 1)));
    let stale = admin.ask("PUT", "/customer-levels/GOLD", Some(&changed), &[("if-match", &format!("\"{}\"", gold["version"]))]).await;
    stale.expect(412);
    let feed = admin.get("/feed?entityType=LEVEL&entityId=GOLD&limit=1").await.expect(200);
    assert_eq!(feed.data()[0]["type"], "level.updated");

    // Three orders of 10,000 and more, today: 5, 2 and 5 make 4.00.
    let customer = manager.customer(json!({})).await["id"].clone();
    let page = manager.get(&format!("/customers/{}", text(&customer))).await.expect(200).data().clone();
    assert_eq!(
        (&page["levelCode"], &page["rfm"], &page["level"]),
        (&json!("BRONZE"), &Value::Null, &json!({"code": "BRONZE", "name": bronze["name"]}))
    );
    let other = manager.customer(json!({})).await["id"].clone();
    for price in [500_000, 499_000, 1_000] {
        manager.order(&customer, price).await;
    }
    let cancelled = manager.order(&customer, 9_000_000).await;
    manager.patch(&format!("/orders/{}/status", text(&cancelled["id"])), json!({"status": "CANCELLED"})).await.expect(200);
    eventually("what was bought is shown", IN_THE_BACKGROUND, || async {
        let page = manager.get(&format!("/customers/{}", text(&customer))).await.expect(200);
        (page.data()["orderCount"] == 3 && page.data()["totalSpentMinor"] == 1_000_000).then_some(())
    })
    .await;
    eventually("the job scores", IN_THE_BACKGROUND, || async {
        // One that is under way may have looked before.
        admin.post("/admin/jobs/rfm-scoring/run", json!({})).await;
        let page = manager.get(&format!("/customers/{}", text(&customer))).await.expect(200);
        (page.data()["levelCode"] == "GOLD").then_some(())
    })
    .await;
    let page = manager.get(&format!("/customers/{}", text(&customer))).await.expect(200).data().clone();
    let rfm = &page["rfm"];
    assert_eq!([&rfm["r"], &rfm["f"], &rfm["m"], &rfm["frequency"], &rfm["monetaryMinor"]], [5, 2, 5, 3, 1_000_000], "{rfm}");
    assert_eq!((rfm["score"].as_f64(), &page["level"], &page["version"]), (Some(4.0), &json!({"code": "GOLD", "name": gold["name"]}), &json!(1)));
    // A floor that the score reaches.
    put("PLATINUM", &with(&platinum, "minScore", json!(4))).await.expect(200);
    has_level(&manager, &customer, "PLATINUM").await;
    let lower = levels(&admin).await[3].clone();
    put("PLATINUM", &with(&lower, "minScore", json!(4.6))).await.expect(200);
    has_level(&manager, &customer, "GOLD").await;
    has_level(&manager, &other, "BRONZE").await;
    let feed = manager.get(&format!("/feed?entityType=CUSTOMER&entityId={}", text(&customer))).await.expect(200);
    let moves = feed.data().as_array().expect("a feed").iter().filter(|event| event["type"] == "customer.level_changed");
    let moves: Vec<_> = moves.map(|event| event["changes"]["levelCode"].clone()).collect();
    let to = |old: &str, new: &str| json!({"old": old, "new": new});
    assert_eq!(moves, [to("PLATINUM", "GOLD"), to("GOLD", "PLATINUM"), to("BRONZE", "GOLD")]);
    let found = manager.get("/customers?levelCode=GOLD").await.expect(200);
    assert_eq!(found.data().as_array().map(Vec::len), Some(1));
}
