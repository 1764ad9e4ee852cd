//! Messages to customers on the way out: what happens between the moment in which one is made and the one in which it is sent.

use super::mails::{Step, Way};
use application::metric::Metric;
use local::Table;
use local::mailbox::Letter;
use messaging::SendError;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::background::{Post, settle, worker};
use tests::people::text;
use tests::recount::{Look, disagreements};
use tests::{Crm, Passing, Person, log};

/// 2026-03-02T09:00:00Z, a Monday.
const START: i64 = 1_772_442_000_000;

struct Office {
    crm: Crm,
    posts: Vec<Post>,
    admin: Person,
}

impl Office {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let settings: Vec<(&str, &str)> = settings.iter().copied().chain([("ACCESS_TTL", "864000")]).collect();
        let crm = Crm::set(Table::memory().expect("memory"), Passing::by_hand(START), &settings).await;
        let mut posts = crm.posts().await;
        let admin = crm.admin().await;
        settle(&mut posts).await;
        Self { crm, posts, admin }
    }

    fn script(&mut self, steps: impl IntoIterator<Item = Step>) {
        Way::script(&self.crm, &mut self.posts, "messenger", steps);
    }

    /// A customer that mails reach.
    async fn customer(&self, name: &str, more: Value) -> String {
        let mut body = json!({"name": name, "email": format!("{}@works.example", name.to_lowercase())});
        body.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        text(&self.admin.make("/customers", body).await["id"])
    }

    /// The only message to a customer.
    async fn message(&self, customer: &str) -> Value {
        let mut all = self.admin.all(&format!("/messages?customerId={customer}")).await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    async fn letters(&self) -> Vec<Letter> {
        self.crm.embedded().mailbox.letters().await.expect("reads")
    }

    /// Lets the workers work that do not send.
    async fn all_but_sending(&mut self) {
        let away = self.posts.iter().position(|post| post.worker.name == "messenger").expect("a post");
        let messenger = self.posts.remove(away);
        settle(&mut self.posts).await;
        self.posts.push(messenger);
    }

    async fn hours(&mut self, hours: usize) {
        for _ in 0..hours * 6 {
            self.crm.advance(601);
            settle(&mut self.posts).await;
        }
    }
}

/// Status, reason and attempts of a message.
fn fate(message: &Value) -> (String, String, u64) {
    (text(&message["status"]), text(&message["skipReason"]), message["attempts"].as_u64().unwrap_or_default())
}

fn is(status: &str, reason: &str, attempts: u64) -> (String, String, u64) {
    (status.to_owned(), reason.to_owned(), attempts)
}

/// The event that brings a message to whoever sends it, as the bus delivers it.
fn queued(message: &Value) -> Value {
    let detail = json!({
        "id": "01900000-0000-7000-8000-000000000001", "type": "message.queued", "at": message["queuedAt"], "actorId": null,
        "entity": {"type": "MESSAGE", "id": message["id"]}, "ownerId": null, "teamId": null, "data": {},
    });
    let body = json!({"version": "0", "id": "1", "detail-type": "message.queued", "source": "crm.message", "account": "1", "time": "2026-03-02T09:00:00Z", "region": "local", "resources": [], "detail": detail});
    json!({"Records": [{"messageId": "1", "body": body.to_string()}]})
}

#[tokio::test(start_paused = true)]
async fn who_becomes_a_customer_is_welcomed_once_for_ever() {
    let mut office = Office::start(&[]).await;
    let ada = office.customer("Ada", json!({"lifecycle": "PROSPECT", "firstName": "Ada"})).await;
    settle(&mut office.posts).await;
    assert_eq!(office.admin.all(&format!("/messages?customerId={ada}")).await, Vec::<Value>::new());
    for lifecycle in ["CUSTOMER", "FORMER", "CUSTOMER"] {
        office.admin.patch(&format!("/customers/{ada}"), json!({"lifecycle": lifecycle})).await.expect(200);
        settle(&mut office.posts).await;
    }
    let message = office.message(&ada).await;
    assert_eq!(fate(&message), is("SENT", "", 1));
    assert_eq!((&message["kind"], &message["channel"], &message["to"]), (&json!("WELCOME"), &json!("EMAIL"), &json!("ada@works.example")));
    assert!(message["sentAt"].is_string() && text(&message["providerId"]).starts_with("letter-"), "{message}");
    let letters = office.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.to == "ada@works.example").count(), 1);
    assert!(letters[0].text.starts_with("Hello Ada, welcome!"), "{}", letters[0].text);
    let customer = office.admin.get(&format!("/customers/{ada}")).await.expect(200);
    assert!(customer.data()["welcomedAt"].is_string());
    // The event of long ago, published again.
    let bob = office.customer("Bob", json!({})).await;
    settle(&mut office.posts).await;
    assert_eq!(fate(&office.message(&bob).await), is("SENT", "", 1));
    assert_eq!(disagreements(&office.crm.items().await, Look::Settled), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_comes_between_making_and_sending_counts() {
    let mut office = Office::start(&[]).await;
    let names = ["Out", "Gone", "Elsewhere", "Nowhere", "Back", "Stays"];
    let mut ids = BTreeMap::new();
    for name in names {
        ids.insert(name, office.customer(name, json!({})).await);
    }
    // What is put on its way, and not sent yet: whoever sends is busy with who became a customer.
    office.all_but_sending().await;
    let welcomes = office.crm.embedded().queues.peek("messages", 100).await.expect("peeks");
    for (n, welcome) in welcomes.iter().enumerate() {
        let event = json!({"Records": [{"messageId": n.to_string(), "body": welcome["body"]}]});
        (worker("messenger").handle)(&office.crm.embedded().worker_app(worker("messenger")), event).await.expect("answers");
    }
    assert_eq!(fate(&office.message(&ids["Stays"]).await), is("QUEUED", "", 0));
    let change = async |name: &str, body: Value| office.admin.patch(&format!("/customers/{}", ids[name]), body).await.expect(200);
    change("Out", json!({"marketingOptOut": true})).await;
    office.admin.delete(&format!("/customers/{}", ids["Gone"])).await.expect(204);
    change("Elsewhere", json!({"email": "new@works.example"})).await;
    change("Nowhere", json!({"email": null, "phone": "+4930123456"})).await;
    let bounce = json!({"bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "back@works.example"}]}});
    office.crm.hand("bounces", json!({"Records": [{"messageId": "b", "body": bounce.to_string()}]})).await;
    assert_eq!(office.admin.get(&format!("/customers/{}", ids["Back"])).await.data()["emailStatus"], "BOUNCED");
    settle(&mut office.posts).await;
    let expected = [
        ("Out", is("SKIPPED", "OPTED_OUT", 0)),
        ("Gone", is("SKIPPED", "ARCHIVED", 0)),
        ("Elsewhere", is("SENT", "", 1)),
        ("Nowhere", is("SKIPPED", "NO_ADDRESS", 0)),
        ("Back", is("SKIPPED", "BOUNCED", 0)),
        ("Stays", is("SENT", "", 1)),
    ];
    for (name, fate_then) in expected {
        assert_eq!(fate(&office.message(&ids[name]).await), fate_then, "{name}");
    }
    let mut to: Vec<String> = office.letters().await.into_iter().map(|letter| letter.to).collect();
    to.sort();
    assert_eq!(to, ["new@works.example", "stays@works.example"], "where the customer is reached now");
    // Another address is another matter.
    change("Back", json!({"email": "fine@works.example"})).await;
    assert_eq!(office.admin.get(&format!("/customers/{}", ids["Back"])).await.data()["emailStatus"], "OK");
    settle(&mut office.posts).await;
    assert_eq!(disagreements(&office.crm.items().await, Look::Settled), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_template_that_is_off_is_not_sent_and_says_so() {
    let mut office = Office::start(&[]).await;
    let off = json!({"subject": "Welcome", "body": "Welcome", "channels": ["EMAIL"], "enabled": false});
    office.admin.ask("PUT", "/message-templates/WELCOME", Some(&off), &[]).await.expect(200);
    let ada = office.customer("Ada", json!({"marketingOptOut": true})).await;
    settle(&mut office.posts).await;
    let message = office.message(&ada).await;
    assert_eq!((fate(&message), &message["to"], office.letters().await.len()), (is("SKIPPED", "TEMPLATE_OFF", 0), &Value::Null, 0));
    let refused = office.admin.post(&format!("/messages/{}/retry", text(&message["id"])), json!({})).await.expect(409);
    assert_eq!(refused.body["code"], "MESSAGE_TRANSITION");
}

#[tokio::test(start_paused = true)]
async fn the_rate_holds_whoever_sends_and_nothing_is_dropped() {
    let mut office = Office::start(&[("MESSAGES_PER_SECOND", "3")]).await;
    for n in 0..10 {
        office.customer(&format!("C{n}"), json!({})).await;
    }
    let mut sent = 0;
    for _ in 0..60 {
        settle(&mut office.posts).await;
        let now = office.letters().await.len();
        assert!(now - sent <= 3, "{now} after {sent} in one second");
        sent = now;
        office.crm.advance(1);
    }
    assert_eq!(sent, 10);
    let all = office.admin.all("/messages?status=SENT&limit=100").await;
    assert_eq!(all.len(), 10, "each once");
    assert!(office.crm.items_of("PARKED").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_fails_five_times_is_given_up_told_and_sent_again_by_hand() {
    log::listen();
    let mut office = Office::start(&[]).await;
    let counted = || log::lines_where(|line| line[Metric::Unsent.name()] == 1 && line["_aws"].is_object()).len();
    let before = counted();
    office.script((0..5).map(|_| Step::Refuse(SendError::Failed("InternalFailure".into()))));
    let ada = office.customer("Ada", json!({})).await;
    settle(&mut office.posts).await;
    assert_eq!(fate(&office.message(&ada).await), is("SENDING", "", 1));
    office.hours(3).await;
    let failed = office.message(&ada).await;
    assert_eq!((fate(&failed), &failed["error"]), (is("FAILED", "", 5), &json!("InternalFailure")));
    assert!(counted() > before, "what the alarm waits for");
    assert_eq!((office.letters().await.len(), office.crm.items_of("PARKED").await.len()), (0, 0), "the record itself can be sent again");
    let events = office.crm.items_of("EVENT").await;
    let told = events.iter().filter(|event| event.at("data")["type"] == "message.failed").count();
    assert_eq!(told, 1);
    let path = format!("/messages/{}/retry", text(&failed["id"]));
    for _ in 0..2 {
        let queued = office.admin.post(&path, json!({})).await.expect(200);
        assert_eq!((&queued.data()["status"], &queued.data()["attempts"]), (&json!("QUEUED"), &json!(0)));
    }
    settle(&mut office.posts).await;
    assert_eq!((fate(&office.message(&ada).await), office.letters().await.len()), (is("SENT", "", 1), 1));
    office.admin.post(&path, json!({})).await.expect(409);
    assert!(log::lines().iter().all(|line| !line.contains("ada@works.example")), "no address is logged");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_busy_costs_no_try_and_one_that_refuses_is_asked_once() {
    let mut office = Office::start(&[]).await;
    office.script((0..9).map(|_| Step::Refuse(SendError::Busy("Throttling".into()))));
    let ada = office.customer("Ada", json!({})).await;
    office.hours(3).await;
    assert_eq!((fate(&office.message(&ada).await), office.letters().await.len()), (is("SENT", "", 1), 1));
    office.script([Step::Refuse(SendError::Refused("MessageRejected".into()))]);
    let bob = office.customer("Bob", json!({})).await;
    office.hours(1).await;
    assert_eq!(fate(&office.message(&bob).await), is("FAILED", "", 1));
    assert_eq!((office.letters().await.len(), office.crm.items_of("PARKED").await.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn who_dies_while_sending_sends_one_more_at_most_and_never_none() {
    for (step, letters) in [(Step::DieBefore, 1), (Step::DieAfter, 2)] {
        let mut office = Office::start(&[]).await;
        office.script([step]);
        let ada = office.customer("Ada", json!({})).await;
        office.hours(1).await;
        let sent = office.letters().await;
        assert_eq!(sent.len(), letters);
        let id =
            |mail: &Letter| mail.source.as_deref().and_then(|source| source.lines().find(|line| line.starts_with("Message-ID"))).map(str::to_owned);
        assert!(sent.iter().all(|mail| id(mail).is_some() && id(mail) == id(&sent[0])), "a mail program knows that it is the same");
        assert_eq!(fate(&office.message(&ada).await), is("SENT", "", 2));
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_twice_is_sent_once() {
    let mut office = Office::start(&[]).await;
    let ada = office.customer("Ada", json!({})).await;
    settle(&mut office.posts).await;
    let message = office.message(&ada).await;
    for _ in 0..3 {
        assert_eq!(office.crm.hand("messenger", queued(&message)).await, json!({"batchItemFailures": []}));
    }
    office.hours(1).await;
    assert_eq!((office.letters().await.len(), fate(&office.message(&ada).await)), (1, is("SENT", "", 1)));
}

/// The link of a mail: what stands in its header, which has to be in its texts as well.
fn link(letter: &Letter) -> String {
    let source = letter.source.as_deref().expect("a mail");
    let header = source.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: <")).expect("the header");
    let link = header.trim_end_matches('>').to_owned();
    assert!(source.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{source}");
    assert!(letter.text.contains(&link), "{}", letter.text);
    let html = letter.html.as_deref().unwrap_or_default();
    assert!(html.contains(&link) || html.contains(&link.replace('/', "&#x2f;")), "{html}");
    link.strip_prefix("https://api.example/api/v1").expect("of this API").to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_link_in_a_mail_opts_its_customer_out_with_one_click_and_no_other() {
    let mut office = Office::start(&[]).await;
    let (ada, bob) = (office.customer("Ada", json!({})).await, office.customer("Bob", json!({})).await);
    settle(&mut office.posts).await;
    let letters = office.letters().await;
    let twin = json!({"name": "Ada at home", "email": "ada@works.example", "lifecycle": "PROSPECT"});
    let twin = text(&office.admin.make("/customers?allowDuplicate=true", twin).await["id"]);
    let of = |name: &str| link(letters.iter().find(|letter| letter.to.starts_with(name)).expect("a letter"));
    let (link, other) = (of("ada"), of("bob"));
    assert_ne!(link, other);
    let nobody = office.crm.nobody();
    let wants_none =
        async |office: &Office, id: &str| office.admin.get(&format!("/customers/{id}")).await.expect(200).data()["marketingOptOut"].clone();
    // Whoever looks at the link changes nothing.
    let page = nobody.get(&link).await.expect(200);
    assert!(page.text.contains("<form method=\"post\"><button>") && !page.text.contains("<script") && !page.text.contains("Ada"), "{}", page.text);
    assert_eq!(wants_none(&office, &ada).await, json!(false));
    // What others add to a link on its way says nothing.
    for more in ["", "?utm_source=mail&fbclid=1", ""] {
        nobody.get(&format!("{link}{more}")).await.expect(200);
        assert!(nobody.post(&format!("{link}{more}"), json!({})).await.expect(200).text.contains("no more messages"));
    }
    // The same person is somebody else's customer as well.
    assert_eq!(wants_none(&office, &twin).await, json!(true));
    let version = office.admin.get(&format!("/customers/{ada}")).await.data()["version"].clone();
    assert_eq!((wants_none(&office, &ada).await, version, wants_none(&office, &bob).await), (json!(true), json!(2), json!(false)));
    let events = office.admin.all(&format!("/feed?entityType=CUSTOMER&entityId={ada}")).await;
    assert_eq!(
        (&events[0]["type"], &events[0]["actorName"], &events[0]["actorId"]),
        (&json!("customer.updated"), &json!("The customer"), &Value::Null)
    );
    // Somebody else's signature, another customer, another channel, and what is no link.
    let (said, signature) = link.rsplit_once('.').expect("signed");
    let forged = [
        format!("{said}.{}", other.rsplit_once('.').expect("signed").1),
        format!("{}.{signature}", said.replace(&ada, &bob)),
        format!("{}.{signature}", said.replace("EMAIL", "SMS")),
        format!("{said}."),
        "/unsubscribe/EMAIL".to_owned(),
    ];
    for forged in forged {
        nobody.get(&forged).await.expect(404);
        nobody.post(&forged, json!({})).await.expect(404);
    }
    assert_eq!(wants_none(&office, &bob).await, json!(false));
}

#[tokio::test(start_paused = true)]
async fn who_told_the_provider_so_wants_none() {
    let mut office = Office::start(&[]).await;
    office.script([Step::Refuse(SendError::Unwanted)]);
    let ada = office.customer("Ada", json!({})).await;
    settle(&mut office.posts).await;
    assert_eq!(fate(&office.message(&ada).await), is("SKIPPED", "OPTED_OUT", 1));
    assert_eq!(office.admin.get(&format!("/customers/{ada}")).await.data()["marketingOptOut"], json!(true));
}

#[tokio::test(start_paused = true)]
async fn messages_follow_their_customer_and_are_seen_by_who_sees_it() {
    let mut office = Office::start(&[]).await;
    let (first, second) = (office.crm.person("SALES_REP", None).await, office.crm.person("SALES_REP", None).await);
    let ada = office.customer("Ada", json!({"ownerId": first.id})).await;
    settle(&mut office.posts).await;
    let seen = async |person: &Person| person.all("/messages?kind=WELCOME").await.len();
    assert_eq!((seen(&first).await, seen(&second).await), (1, 0));
    second.get(&format!("/messages?customerId={ada}")).await.expect(404);
    office.admin.patch(&format!("/customers/{ada}/assign"), json!({"ownerId": second.id})).await.expect(200);
    office.hours(1).await;
    assert_eq!((seen(&first).await, seen(&second).await), (0, 1));
    second.post(&format!("/messages/{}/retry", text(&office.message(&ada).await["id"])), json!({})).await.expect(403);
}
