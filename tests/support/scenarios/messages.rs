//! Messages to customers: whom they are written to, and who sees them.

use crate::people::text;
use crate::{Crm, Person, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// The welcome of a customer, once it is there.
async fn welcome(person: &Person, customer: &str) -> Value {
    eventually("the customer is welcomed", Duration::from_secs(20), || async {
        let page = person.get(&format!("/messages?customerId={customer}")).await.expect(200);
        page.data().as_array().and_then(|messages| messages.first().cloned())
    })
    .await
}

pub async fn who_becomes_a_customer_is_written_to_and_who_wants_nothing_is_not(crm: Crm) {
    let (admin, rep) = (crm.admin().await, crm.person("SALES_REP", None).await);
    let wants_none = text(&admin.customer(json!({"marketingOptOut": true, "ownerId": rep.id})).await["id"]);
    let message = welcome(&rep, &wants_none).await;
    assert_eq!((&message["kind"], &message["status"], &message["skipReason"]), (&json!("WELCOME"), &json!("SKIPPED"), &json!("OPTED_OUT")));
    assert_eq!((&message["to"], &message["attempts"], &message["ownerId"]), (&Value::Null, &json!(0), &json!(rep.id)));
    let id = text(&message["id"]);
    // What was not to be sent is not sent again, and a rep sends nothing again.
    let refused = admin.post(&format!("/messages/{id}/retry"), json!({})).await.expect(409);
    assert_eq!((&refused.body["code"], &refused.body["allowed"]), (&json!("MESSAGE_TRANSITION"), &json!([])));
    rep.post(&format!("/messages/{id}/retry"), json!({})).await.expect(403);
    // Each sees those of the customers inside reach.
    let other = crm.person("SALES_REP", None).await;
    other.get(&format!("/messages?customerId={wants_none}")).await.expect(404);
    assert_eq!(other.ids("/messages").await, Vec::<String>::new());
    let found = |query: &str| format!("/messages?kind=WELCOME&status=SKIPPED{query}");
    eventually("the list shows it", Duration::from_secs(10), || async { (rep.ids(&found("")).await == [id.clone()]).then_some(()) }).await;
    assert_eq!(rep.ids(&found("&from=2100-01-01")).await, Vec::<String>::new());
    assert_eq!(rep.ids("/messages?kind=BIRTHDAY").await, Vec::<String>::new());
    assert_eq!(rep.ids("/messages?status=SENT").await, Vec::<String>::new());
    // Who may become one is not welcomed yet.
    let prospect = text(&admin.customer(json!({"marketingOptOut": true, "lifecycle": "PROSPECT"})).await["id"]);
    admin.patch(&format!("/customers/{prospect}"), json!({"lifecycle": "CUSTOMER"})).await.expect(200);
    assert_eq!(welcome(&admin, &prospect).await["skipReason"], "OPTED_OUT");
    let page = admin.get(&format!("/customers/{prospect}")).await.expect(200);
    assert!(page.data()["welcomedAt"].is_string());
}
