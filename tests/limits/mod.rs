//! A customer of as many leads as there can be: what it costs does not grow with them, but where each of
//! them has to be written.

use domain::LeadId;
use domain::customer::MAX_LEADS;
use domain::lead::Lead;
use domain::text::TextValue;
use local::{Operation, TABLE, Table};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use store::Shards;
use tests::background::{Post, settle};
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Person, together};

/// How many conversions are asked for at once, of which the customer has room for two.
const AT_ONCE: u64 = 6;
const ROOM: u64 = 2;

/// What something did at the table: its calls, and how many items these can have read and written.
#[derive(Debug, Default, Clone, PartialEq)]
struct Cost {
    calls: usize,
    read: u64,
    written: usize,
}

/// What each route and worker did, since it was last looked at.
#[derive(Clone, Default)]
struct Costs(Arc<Mutex<Vec<(&'static str, Cost)>>>);

impl Costs {
    fn table(&self) -> Table {
        let costs = self.clone();
        let observer = move |operation: &Operation| {
            if let Some(role) = operation.role {
                costs.0.lock().expect("lock").push((role, cost(operation)));
            }
            Ok(())
        };
        Table::memory().expect("memory").with_observer(Arc::new(observer))
    }

    /// What this route or worker did; the rest is forgotten.
    fn of(&self, role: &str) -> Cost {
        let costs = std::mem::take(&mut *self.0.lock().expect("lock"));
        let own = costs.into_iter().filter(|(other, _)| *other == role);
        own.fold(Cost::default(), |sum, (_, cost)| Cost {
            calls: sum.calls + cost.calls,
            read: sum.read + cost.read,
            written: sum.written + cost.written,
        })
    }
}

fn cost(operation: &Operation) -> Cost {
    let request = &operation.request;
    let keys = || request["RequestItems"][TABLE]["Keys"].as_array().map_or(0, |keys| keys.len() as u64);
    let read = match operation.name.as_str() {
        "GetItem" => 1,
        "BatchGetItem" => keys(),
        // A query without a limit would be one without an end.
        "Query" => request["Limit"].as_u64().unwrap_or(u64::MAX / 2),
        _ => 0,
    };
    Cost { calls: 1, read, written: request["TransactItems"].as_array().map_or(0, Vec::len) }
}

/// What the customer costs now.
#[derive(Debug, PartialEq)]
struct Measured {
    detail: Cost,
    timeline: Cost,
    note: Cost,
    dates: Cost,
}

struct Sale {
    crm: Crm,
    admin: Person,
    customer: String,
    costs: Costs,
    posts: Vec<Post>,
}

impl Sale {
    async fn start() -> Self {
        let costs = Costs::default();
        let crm = Crm::idle(costs.table()).await;
        let posts = crm.posts().await;
        let admin = crm.admin().await;
        let customer = text(&admin.customer(json!({})).await["id"]);
        Self { crm, admin, customer, costs, posts }
    }

    /// A lead that was called.
    async fn lead(&self) -> String {
        let lead = text(&self.admin.lead(json!({})).await["id"]);
        self.admin.make("/activities", json!({"leadId": lead, "type": "CALL"})).await;
        lead
    }

    /// Everything behind the API, with the second looks.
    async fn settle(&mut self) {
        settle(&mut self.posts).await;
        self.crm.advance(61);
        settle(&mut self.posts).await;
    }

    async fn measure(&mut self) -> Measured {
        // What the levels are called is kept for ten seconds.
        self.page(&format!("/customers/{}", self.customer)).await;
        let (admin, customer) = (&self.admin, &self.customer);
        // The published keys are read again now and then: not while it is measured.
        admin.get("/auth/me").await.expect(200);
        self.costs.of("");
        admin.get(&format!("/customers/{customer}")).await.expect(200);
        let detail = self.costs.of("get_customer");
        admin.get(&format!("/activities?customerId={customer}&limit=20")).await.expect(200);
        let timeline = self.costs.of("list_activities");
        admin.post(&format!("/customers/{customer}/notes"), json!({"body": "Hello"})).await.expect(201);
        let note = self.costs.of("create_note");
        admin.make("/activities", json!({"customerId": customer, "type": "CALL"})).await;
        self.settle().await;
        Measured { detail, timeline, note, dates: self.costs.of("projector") }
    }

    async fn page(&self, path: &str) -> Value {
        self.admin.get(path).await.expect(200).data().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_of_the_most_leads_costs_what_one_of_a_single_lead_does() {
    let mut sale = Sale::start().await;
    let convert = async |sale: &Sale, lead: &str| {
        sale.admin.post(&format!("/leads/{lead}/convert"), json!({"customerId": sale.customer})).await.expect(200);
    };
    let mut leads = vec![sale.lead().await];
    convert(&sale, &leads[0]).await;
    sale.settle().await;
    let of_one = sale.measure().await;
    while (leads.len() as u64) < MAX_LEADS - ROOM {
        leads.push(sale.lead().await);
        convert(&sale, leads.last().expect("a lead")).await;
    }

    // Of those at once the first two get in; of the others nothing is written.
    let mut rest = Vec::new();
    for _ in 0..AT_ONCE {
        rest.push(sale.lead().await);
    }
    let replies = together(rest.len(), |place| {
        let (admin, path, customer) = (sale.admin.clone(), format!("/leads/{}/convert", rest[place]), sale.customer.clone());
        async move { admin.post(&path, json!({"customerId": customer})).await }
    })
    .await;
    let mut refused = Vec::new();
    for (reply, lead) in replies.iter().zip(rest) {
        match (reply.status, reply.code()) {
            (200, _) => leads.push(lead),
            (409, "LIMIT_REACHED") => refused.push(lead),
            _ => panic!("{}", reply.text),
        }
    }
    assert_eq!(leads.len() as u64, MAX_LEADS, "no more and no fewer");
    for lead in &refused {
        assert_eq!(sale.page(&format!("/leads/{lead}")).await["status"], "NEW");
    }
    sale.settle().await;

    // Everything is the customer's, and costs as much as it did.
    let page = sale.page(&format!("/customers/{}", sale.customer)).await;
    assert_eq!((&page["counts"]["activities"], &page["convertedFromLeadId"]), (&json!(leads.len() + 2), &json!(leads[0])));
    let timeline = sale.admin.ids(&format!("/activities?customerId={}&limit=100", sale.customer)).await;
    assert_eq!(timeline.iter().collect::<BTreeSet<_>>().len(), leads.len() + 2);
    let of_all = sale.measure().await;
    assert_eq!(of_all, of_one);
    let most = Measured {
        detail: Cost { calls: 4, read: 9, written: 0 },
        timeline: Cost { calls: 3, read: 23, written: 0 },
        note: Cost { calls: 5, read: 9, written: 4 },
        // The call is counted as well: the record and its mark are read, both are written with the day, and read again.
        dates: Cost { calls: 10, read: 12, written: 5 },
    };
    assert_eq!(of_all, most);

    // Each lead follows its customer: two pages of them, and each by itself.
    let heir = sale.crm.person("SALES_REP", Some(&sale.crm.team().await)).await;
    sale.admin.patch(&format!("/customers/{}/assign", sale.customer), json!({"ownerId": heir.id})).await.expect(200);
    sale.costs.of("");
    settle(&mut sale.posts).await;
    let each = MAX_LEADS as usize;
    // The customer, how many orders it has, two pages of leads with a look beyond, and each lead: read and written; and a page of its
    // messages with the one that welcomed it. Beside that the customer, its new owner, and a page of its follow-ups and of its tasks,
    // for open work.
    let cost = Cost { calls: 2 + 2 + 2 * each + 3 + 4, read: 2 + 203 + MAX_LEADS + 102 + 2 + 202, written: each + 1 };
    assert_eq!(sale.costs.of("work"), cost);
    assert_eq!(heir.ids("/leads?limit=100").await.len(), leads.len(), "all of them");
    sale.settle().await;
    assert_eq!(disagreements(&sale.crm.items().await, Look::Told), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_record_was_found_by_is_gone_from_every_shard_that_it_ever_had() {
    let crm = Crm::idle(Table::memory().expect("memory")).await;
    let admin = crm.admin().await;
    let store = crm.embedded().app().unscoped().clone();
    let id = LeadId::read(&text(&admin.lead(json!({"title": "Secretive", "email": "old@secretive.example"})).await["id"])).expect("an id");
    let rows = async || crm.items().await.iter().filter(|item| item.text("sk").contains("secretive")).count();
    let mut before = None;
    for shards in [1, 2, 8, 32] {
        let spread = store.clone().spread(Shards::new(shards).expect("a number of shards"));
        spread.refind::<Lead>(id, before.as_ref()).await.expect("found");
        // Its rows stay where they are when there are more shards, are found, and are removed from there.
        assert!(rows().await > 0, "{shards} shards");
        before = spread.get_latest::<Lead>(id).await.expect("reads").map(|record| record.row);
    }
    admin.patch(&format!("/leads/{id}"), json!({"title": "Plain", "email": null})).await.expect(200);
    store.spread(Shards::new(32).expect("a number of shards")).refind::<Lead>(id, before.as_ref()).await.expect("found");
    assert_eq!(rows().await, 0);
    assert!(Shards::new(0).is_none() && Shards::new(3).is_none() && Shards::new(64).is_none());
}

#[tokio::test]
async fn contact_data_that_many_have_costs_no_more_than_that_of_two() {
    let costs = Costs::default();
    let crm = Crm::idle(costs.table()).await;
    let admin = crm.admin().await;
    let fields = json!({"name": "Shared", "email": "office@shared.example", "phone": "+4712345678"});
    let mut customers = vec![admin.customer(fields.clone()).await];
    let mut written = BTreeSet::new();
    while customers.len() < 45 {
        costs.of("");
        customers.push(admin.make("/customers?allowDuplicate=true", fields.clone()).await);
        written.insert(costs.of("create_customer").written);
    }
    assert_eq!(written.len(), 1, "each costs the same: {written:?}");
    let sizes =
        crm.items().await.iter().filter(|item| item.text("type") == "UNIQUE").map(|item| Value::Object(item.0.clone()).to_string().len()).max();
    assert!(sizes.is_some_and(|size| size < 1000), "{sizes:?}");

    // Who is told of it gets twenty of them, read in one go, and how many more there are.
    costs.of("");
    let refused = admin.post("/customers", fields.clone()).await.expect(409);
    let cost = costs.of("create_customer");
    let matches = &refused.body["matches"];
    assert_eq!((matches["ids"].as_array().map(Vec::len), &matches["hidden"]), (Some(20), &json!(25)));
    assert!(cost.read <= 70 && cost.calls <= 25, "{cost:?}");
    assert_eq!(refused.pointers(), ["/email", "/phone"]);
    let lead = json!({"title": "Lead", "phone": "+47 123 45 678"});
    assert_eq!(admin.post("/leads", lead).await.expect(409).body["matches"]["hidden"], json!(25));

    // It is free when the last of them let go of it, whoever had it first.
    for customer in &customers {
        admin.post("/customers", fields.clone()).await.expect(409);
        admin.delete(&format!("/customers/{}", text(&customer["id"]))).await.expect(204);
    }
    assert_eq!(disagreements(&crm.items().await, Look::AtOnce), Vec::<String>::new());
    admin.customer(fields).await;
}
