//! Mails on the way out: what is told, and what happens where they cannot be sent.

use application::metric::Metric;
use local::mailbox::{Letter, Mailbox};
use local::{Table, mailbox};
use messaging::{Mail, Mailer, SendError, Senders, Sending};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tests::background::{Post, settle};
use tests::people::text;
use tests::{Crm, Passing, Person, log};

/// 2026-03-02T09:00:00Z.
const START: i64 = 1_772_442_000_000;

/// What becomes of a mail; without one it arrives.
pub(crate) enum Step {
    Refuse(SendError),
    DieBefore,
    DieAfter,
}

/// A way to the mailbox on which things happen.
pub(crate) struct Way {
    to: Mailbox,
    steps: Mutex<VecDeque<Step>>,
}

impl Way {
    /// With these steps, and then to the mailbox of this CRM; for the worker of this name.
    pub(crate) fn script(crm: &Crm, posts: &mut [Post], worker: &str, steps: impl IntoIterator<Item = Step>) {
        let way = Self { to: crm.embedded().mailbox.clone(), steps: Mutex::new(steps.into_iter().collect()) };
        let post = posts.iter_mut().find(|post| post.worker.name == worker).expect("a post");
        post.app = post.app.clone().with_senders(Senders { mailer: Some(Arc::new(way)), ..post.app.senders().clone() });
    }
}

impl Mailer for Way {
    fn mail<'a>(&'a self, mail: &'a Mail) -> Sending<'a> {
        Box::pin(async move {
            let step = self.steps.lock().expect("lock").pop_front();
            match step {
                None => self.to.mail(mail).await,
                Some(Step::Refuse(error)) => Err(error),
                Some(Step::DieBefore) => panic!("dies before it sends"),
                Some(Step::DieAfter) => {
                    self.to.mail(mail).await?;
                    panic!("dies after it sent")
                }
            }
        })
    }
}

struct House {
    crm: Crm,
    posts: Vec<Post>,
    admin: Person,
    rep: Person,
}

impl House {
    async fn start() -> Self {
        let settings =
            [("APP_URL", "https://app.example/"), ("MAIL_FROM", "crm@house.example"), ("MAIL_FROM_NAME", "The house"), ("ACCESS_TTL", "864000")];
        let crm = Crm::set(Table::memory().expect("memory"), Passing::by_hand(START), &settings).await;
        let mut posts = crm.posts().await;
        let (admin, rep) = (crm.admin().await, crm.person("SALES_REP", None).await);
        settle(&mut posts).await;
        Self { crm, posts, admin, rep }
    }

    fn script(&mut self, steps: impl IntoIterator<Item = Step>) {
        Way::script(&self.crm, &mut self.posts, "notify", steps);
    }

    /// What came to somebody, oldest first, without the welcome.
    async fn mails(&self, person: &Person) -> Vec<Letter> {
        let mut letters = self.crm.embedded().mailbox.letters().await.expect("reads");
        letters.reverse();
        letters.retain(|letter| letter.to == person.email && !letter.subject.as_deref().unwrap_or_default().starts_with("Welcome"));
        letters
    }

    /// The notifications of the representative through a channel, newest first, without the welcome.
    async fn told(&self, channel: &str) -> Vec<Value> {
        let mut all = self.rep.all(&format!("/notifications?type={channel}")).await;
        all.retain(|told| told["event"] != "USER_WELCOME");
        all
    }

    async fn give(&self, title: &str) -> String {
        let lead = text(&self.admin.lead(json!({"title": title})).await["id"]);
        self.admin.patch(&format!("/leads/{lead}/assign"), json!({"ownerId": self.rep.id})).await.expect(200);
        lead
    }

    /// Lets so many hours pass, in pieces, so that whatever waits for another try gets it.
    async fn hours(&mut self, hours: usize) {
        for _ in 0..hours * 6 {
            self.crm.advance(601);
            settle(&mut self.posts).await;
        }
    }

    async fn parked(&self) -> usize {
        self.crm.items_of("PARKED").await.len()
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_given_a_lead_gets_one_mail_with_a_link_and_nothing_of_it_is_markup() {
    let mut house = House::start().await;
    let lead = house.give("<script>alert(1)</script> & Söhne").await;
    settle(&mut house.posts).await;
    let mails = house.mails(&house.rep).await;
    assert_eq!(mails.len(), 1);
    let (mail, link) = (&mails[0], format!("https://app.example/leads/{lead}"));
    assert_eq!(mail.subject.as_deref(), Some("You were given a lead: <script>alert(1)</script> & Söhne"));
    let html = mail.html.as_deref().expect("HTML");
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;") && html.contains("&amp; Söhne"), "{html}");
    assert!(html.contains(&format!("href=\"{}\"", link.replace('/', "&#x2f;"))) || html.contains(&format!("href=\"{link}\"")), "{html}");
    assert!(mail.text.contains("<script>alert(1)</script> & Söhne") && mail.text.contains(&link), "{}", mail.text);
    let source = mail.source.as_deref().expect("a mail");
    for header in ["From: \"The house\" <crm@house.example>", "Auto-Submitted: auto-generated", "multipart/alternative", "Message-ID: <"] {
        assert!(source.contains(header), "{header} is missing in {source}");
    }
    // The inbox was told as well, and each by a notification of its own.
    assert_eq!(house.told("IN_APP").await.len(), 1);
    let sent = &house.told("EMAIL").await[0];
    assert_eq!((&sent["status"], &sent["attempts"], &sent["error"], &sent["entityId"]), (&json!("SENT"), &json!(1), &Value::Null, &json!(lead)));
    assert!(sent["sentAt"].is_string());
    // Nobody is told of what was not done to him.
    assert_eq!(house.mails(&house.admin).await, []);
    let feed = house.admin.all("/feed?entityType=NOTIFICATION").await;
    assert_eq!(feed, Vec::<Value>::new(), "the feed tells of what failed");
}

#[tokio::test(start_paused = true)]
async fn a_new_user_is_welcomed_without_a_password() {
    let house = House::start().await;
    let letters = house.crm.embedded().mailbox.letters().await.expect("reads");
    let welcome: Vec<&Letter> = letters.iter().filter(|letter| letter.to == house.rep.email).collect();
    assert_eq!(welcome.len(), 1);
    assert!(welcome[0].subject.as_deref().unwrap_or_default().starts_with("Welcome to the CRM"), "{:?}", welcome[0]);
    assert!(welcome[0].text.contains("https://app.example") && !welcome[0].text.contains(tests::crm::PASSWORD), "{}", welcome[0].text);
    assert_eq!(house.rep.ids("/notifications").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_follow_up_that_is_due_is_one_mail_a_day_until_it_is_done() {
    let mut house = House::start().await;
    let lead = text(&house.rep.lead(json!({"title": "A mill"})).await["id"]);
    let call = text(&house.rep.make("/follow-ups", json!({"leadId": lead, "dueAt": "2026-03-02T12:00:00Z"})).await["id"]);
    house.rep.make("/tasks", json!({"title": "Write", "dueAt": "2026-03-02T12:00:00Z"})).await;
    let subjects = async |house: &mut House, times: usize| {
        for job in ["followups-due", "tasks-due"] {
            house.crm.start_job(job, times).await;
        }
        settle(&mut house.posts).await;
        house.mails(&house.rep).await.into_iter().filter_map(|mail| mail.subject).collect::<Vec<_>>()
    };
    let today = "A follow-up is due today: A mill".to_owned();
    assert_eq!(subjects(&mut house, 2).await, ["A follow-up is due today: A mill"], "and none of the task");
    house.crm.advance(86_400);
    let overdue = "A follow-up is overdue: A mill".to_owned();
    assert_eq!(subjects(&mut house, 2).await, [today.clone(), overdue.clone()]);
    let mails = house.mails(&house.rep).await;
    assert!(mails[1].text.contains("was due on 2026-03-02"), "{}", mails[1].text);
    house.rep.patch(&format!("/follow-ups/{call}"), json!({"status": "COMPLETED"})).await.expect(200);
    // Of tasks by mail only where somebody wants it.
    house.rep.patch(&format!("/users/{}", house.rep.id), json!({"notificationPrefs": {"TASK_DUE": {"EMAIL": true}}})).await.expect(200);
    house.crm.advance(86_400);
    assert_eq!(subjects(&mut house, 1).await, [today, overdue, "A task is overdue: Write".to_owned()]);
}

#[tokio::test(start_paused = true)]
async fn preferences_and_templates_say_what_goes_where_in_which_words() {
    let mut house = House::start().await;
    let template = json!({"subject": "Yours: {{ name }}", "body": "Line one\n\n{{ actorName }}:\n{{ name }}", "channels": ["EMAIL", "SMS", "PUSH"], "enabled": true});
    house.admin.ask("PUT", "/message-templates/LEAD_ASSIGNED", Some(&template), &[]).await.expect(200);
    house.give("A mill").await;
    settle(&mut house.posts).await;
    let mails = house.mails(&house.rep).await;
    assert_eq!(mails.iter().map(|mail| mail.subject.as_deref()).collect::<Vec<_>>(), [Some("Yours: A mill")]);
    assert!(mails[0].html.as_deref().unwrap_or_default().contains(":<br>A mill</p>"), "{:?}", mails[0].html);
    assert_eq!(house.told("IN_APP").await, Vec::<Value>::new(), "the template has no inbox");
    let skipped = [house.told("SMS").await, house.told("PUSH").await].concat();
    let why: Vec<_> = skipped.iter().map(|told| (text(&told["status"]), text(&told["error"]))).collect();
    let expected = ["the recipient has no phone number", "the recipient has no device"].map(|why| ("SKIPPED".to_owned(), why.to_owned()));
    assert_eq!(why, expected);
    // With a number and a device, and without mails.
    let wants = json!({"phone": "+4930123456", "pushTokens": ["device-1", "device-2"], "notificationPrefs": {"LEAD_ASSIGNED": {"EMAIL": false}}});
    house.rep.patch(&format!("/users/{}", house.rep.id), wants).await.expect(200);
    house.give("Another").await;
    settle(&mut house.posts).await;
    assert_eq!(house.mails(&house.rep).await.len(), 1);
    let letters = house.crm.embedded().mailbox.letters().await.expect("reads");
    let to = |channel: &str| letters.iter().filter(|letter| letter.channel == channel).map(|letter| letter.to.clone()).collect::<Vec<_>>();
    assert_eq!((to("SMS"), to("PUSH")), (vec!["+4930123456".to_owned()], vec!["device-2".to_owned(), "device-1".to_owned()]));
    // Off is off.
    let off = json!({"subject": "Yours", "body": "Yours", "channels": ["EMAIL", "IN_APP", "SMS"], "enabled": false});
    house.admin.ask("PUT", "/message-templates/LEAD_ASSIGNED", Some(&off), &[]).await.expect(200);
    house.give("A third").await;
    settle(&mut house.posts).await;
    assert_eq!(house.crm.embedded().mailbox.letters().await.expect("reads").len(), letters.len());
    assert_eq!(house.told("IN_APP").await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn what_fails_five_times_is_given_up_parked_and_told_in_the_feed() {
    log::listen();
    let mut house = House::start().await;
    let counted = || log::lines_where(|line| line[Metric::Unsent.name()] == 1 && line["_aws"].is_object()).len();
    let before = counted();
    house.script((0..5).map(|_| Step::Refuse(SendError::Failed("InternalFailure".into()))));
    house.give("A mill").await;
    settle(&mut house.posts).await;
    let first = &house.told("EMAIL").await[0];
    assert_eq!((&first["status"], &first["attempts"]), (&json!("QUEUED"), &json!(1)));
    house.hours(3).await;
    let failed = &house.told("EMAIL").await[0];
    assert_eq!((&failed["status"], &failed["attempts"], &failed["error"]), (&json!("FAILED"), &json!(5), &json!("InternalFailure")));
    assert_eq!((house.parked().await, house.mails(&house.rep).await.len()), (1, 0));
    assert!(counted() > before, "what the alarm waits for");
    let feed = house.admin.all("/feed?entityType=NOTIFICATION").await;
    let told: Vec<_> = feed.iter().map(|event| text(&event["type"])).collect();
    assert_eq!(told, ["notification.failed"]);
    assert!(!feed[0].to_string().contains(&house.rep.email), "{}", feed[0]);
    let letters = house.admin.get("/admin/dead-letters").await.expect(200);
    assert!(!letters.text.contains(&house.rep.email), "{}", letters.text);
    assert!(log::lines().iter().all(|line| !line.contains(&house.rep.email)), "no address is logged");
    // Sent again by hand.
    let letter = text(&letters.data()[0]["id"]);
    house.admin.post(&format!("/admin/dead-letters/{letter}/redrive"), json!({})).await.expect(202);
    settle(&mut house.posts).await;
    let sent = &house.told("EMAIL").await[0];
    assert_eq!((&sent["status"], &sent["attempts"], &sent["error"]), (&json!("SENT"), &json!(6), &Value::Null));
    assert_eq!(house.mails(&house.rep).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_busy_costs_no_mail_and_one_that_refuses_is_asked_once() {
    let mut house = House::start().await;
    house.script((0..9).map(|_| Step::Refuse(SendError::Busy("Throttling".into()))));
    house.give("A mill").await;
    house.hours(3).await;
    let sent = &house.told("EMAIL").await[0];
    assert_eq!((&sent["status"], &sent["attempts"], house.parked().await), (&json!("SENT"), &json!(10), 0));
    assert_eq!(house.mails(&house.rep).await.len(), 1);
    house.script([Step::Refuse(SendError::Refused("MessageRejected".into()))]);
    house.give("Another").await;
    house.hours(1).await;
    let refused = &house.told("EMAIL").await[0];
    assert_eq!((&refused["status"], &refused["attempts"], &refused["error"]), (&json!("FAILED"), &json!(1), &json!("MessageRejected")));
    assert_eq!((house.parked().await, house.mails(&house.rep).await.len()), (0, 1));
    // A provider that never has time is given up on as well, in the end.
    house.script((0..50).map(|_| Step::Refuse(SendError::Busy("Throttling".into()))));
    house.give("A third").await;
    house.hours(4).await;
    assert_eq!((&house.told("EMAIL").await[0]["status"], house.parked().await), (&json!("FAILED"), 1));
}

#[tokio::test(start_paused = true)]
async fn who_dies_while_sending_sends_one_more_at_most_and_never_none() {
    for (step, mails) in [(Step::DieBefore, 1), (Step::DieAfter, 2)] {
        let mut house = House::start().await;
        house.script([step]);
        house.give("A mill").await;
        house.hours(1).await;
        let sent = house.mails(&house.rep).await;
        assert_eq!(sent.len(), mails);
        let id =
            |mail: &Letter| mail.source.as_deref().and_then(|source| source.lines().find(|line| line.starts_with("Message-ID"))).map(str::to_owned);
        assert!(sent.iter().all(|mail| id(mail).is_some() && id(mail) == id(&sent[0])), "a mail program knows that it is the same");
        let told = house.told("EMAIL").await;
        assert_eq!((told.len(), &told[0]["status"], &told[0]["attempts"]), (1, &json!("SENT"), &json!(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_from_which_mails_came_back_gets_no_more_until_it_is_another() {
    let mut house = House::start().await;
    let tell = async |house: &mut House, event: Value| {
        house.crm.embedded().queues.send("bounces", vec![event.to_string()], std::time::Duration::ZERO).await.expect("sent");
        settle(&mut house.posts).await;
    };
    let status = async |house: &House| text(&house.rep.get("/auth/me").await.expect(200).data()["emailStatus"]);
    let bounce = |kind: &str, to: &str| json!({"eventType": "Bounce", "bounce": {"bounceType": kind, "bouncedRecipients": [{"emailAddress": to}]}, "mail": {}});
    let email = house.rep.email.clone();
    tell(&mut house, bounce("Transient", &email)).await;
    tell(&mut house, bounce("Permanent", "nobody@house.example")).await;
    assert_eq!(status(&house).await, "OK");
    tell(&mut house, bounce("Permanent", &format!("Somebody <{}>", email.to_uppercase()))).await;
    assert_eq!(status(&house).await, "BOUNCED");
    house.give("A mill").await;
    settle(&mut house.posts).await;
    let skipped = &house.told("EMAIL").await[0];
    assert_eq!(
        (&skipped["status"], &skipped["error"], &skipped["attempts"]),
        (&json!("SKIPPED"), &json!("mails to the address came back"), &json!(0))
    );
    assert_eq!((house.mails(&house.rep).await.len(), house.told("IN_APP").await.len()), (0, 1));
    let complaint = json!({"eventType": "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": email}]}, "mail": {}});
    tell(&mut house, complaint).await;
    tell(&mut house, bounce("Permanent", &email)).await;
    assert_eq!(status(&house).await, "COMPLAINED");
    // Another address is another matter.
    let moved = format!("{}@house.example", tests::crm::unique());
    house.admin.patch(&format!("/users/{}", house.rep.id), json!({"email": moved})).await.expect(200);
    house.rep.email = moved;
    assert_eq!(status(&house).await, "OK");
    house.give("Another").await;
    settle(&mut house.posts).await;
    assert_eq!(house.mails(&house.rep).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_person_tells_another_through_any_channel() {
    let mut house = House::start().await;
    let tell = async |house: &House, channel: &str| {
        let body = json!({"recipientId": house.rep.id, "type": channel, "title": "Lunch", "message": "At noon.\nBring bread."});
        house.admin.post("/notifications", body).await.expect(202)
    };
    let queued = tell(&house, "EMAIL").await;
    assert_eq!((&queued.data()["status"], &queued.data()["sentAt"]), (&json!("QUEUED"), &Value::Null));
    let there = tell(&house, "IN_APP").await;
    assert_eq!(there.data()["status"], "SENT");
    tell(&house, "SMS").await;
    let inbox = house.rep.get("/notifications?unread=true").await.expect(200);
    assert_eq!(inbox.body["meta"]["unread"], json!(2), "the welcome and the lunch, in the application");
    settle(&mut house.posts).await;
    let mails = house.mails(&house.rep).await;
    assert_eq!((mails.len(), mails[0].subject.as_deref()), (1, Some("Lunch")));
    assert!(
        mails[0].html.as_deref().unwrap_or_default().contains("At noon.<br>Bring bread.") && !mails[0].text.contains("Open it"),
        "{:?}",
        mails[0]
    );
    assert_eq!(house.rep.ids("/notifications?type=ALL&status=SKIPPED").await.len(), 1);
    assert_eq!(house.rep.ids("/notifications?type=EMAIL&status=SENT").await.len(), 2);
    // Whoever was disabled meanwhile is told nothing.
    tell(&house, "EMAIL").await;
    house.admin.ask("DELETE", &format!("/users/{}", house.rep.id), None, &[]).await.expect(204);
    settle(&mut house.posts).await;
    let skipped = house.admin.all(&format!("/notifications?type=EMAIL&status=SKIPPED&recipientId={}", house.rep.id)).await;
    assert_eq!((skipped.len(), &skipped[0]["error"]), (1, &json!("the recipient is disabled")));
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_mail_is_on_the_bus() {
    let mut house = House::start().await;
    house.give("A secret mill").await;
    let (relay, notify) =
        (house.posts.iter().position(|post| post.worker.name == "relay"), house.posts.iter().position(|post| post.worker.name == "notify"));
    let (relay, notify) = (relay.expect("a post"), notify.expect("a post"));
    while house.posts[relay].step().await {}
    while house.posts[notify].step().await {}
    while house.posts[relay].step().await {}
    let waiting = house.crm.embedded().queues.peek("notifications", 100).await.expect("peeks");
    let body = waiting.iter().filter_map(|message| message["body"].as_str()).find(|body| body.contains("notification.queued")).expect("on its way");
    assert!(!body.contains(&house.rep.email) && !body.contains("mill"), "{body}");
}

#[tokio::test]
async fn the_mailbox_keeps_the_latest_and_shows_them_to_this_machine_alone() {
    let crm = Crm::idle(Table::memory().expect("memory")).await;
    let box_ = &crm.embedded().mailbox;
    let mail = |n: usize| Mail {
        id: format!("m{n}"),
        to: "ada@example.com".into(),
        subject: format!("<b>Mail</b> {n}"),
        text: "Text".into(),
        html: "<p>Hi</p>".into(),
        unsubscribe: None,
    };
    for n in 0..mailbox::KEPT + 3 {
        box_.mail(&mail(n)).await.expect("kept");
    }
    let letters = box_.letters().await.expect("reads");
    assert_eq!((letters.len(), letters[0].number), (mailbox::KEPT, 503));
    let get = async |path: &str, host: &str| {
        let request = http::Request::get(path).header("host", host).body(bytes::Bytes::new()).expect("request");
        let answer = crm.embedded().call(request).await;
        let (parts, body) = answer.into_parts();
        let policy = parts.headers.get("content-security-policy").and_then(|policy| policy.to_str().ok()).unwrap_or_default().to_owned();
        let text = String::from_utf8_lossy(&body).into_owned();
        (parts.status.as_u16(), policy, text)
    };
    let (status, policy, page) = get("/dev/mailbox", "127.0.0.1:9000").await;
    assert!(status == 200 && policy.starts_with("default-src 'none'") && page.contains("&lt;b&gt;Mail&lt;&#x2f;b&gt; 502"), "{policy}");
    let (status, policy, html) = get("/dev/mailbox/503/html", "localhost:9000").await;
    assert_eq!((status, html.as_str()), (200, "<p>Hi</p>"));
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'") && !policy.contains("script"), "{policy}");
    let (_, _, page) = get("/dev/mailbox/503", "127.0.0.1").await;
    assert!(page.contains("<iframe sandbox src=\"/dev/mailbox/503/html\""), "{page}");
    let (_, _, all) = get("/dev/mailbox.json", "[::1]:9000").await;
    let all: Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!((all.as_array().map(Vec::len), &all[0]["subject"], &all[0]["type"]), (Some(500), &json!("<b>Mail</b> 502"), &json!("EMAIL")));
    for (path, host, expected) in [
        ("/dev/mailbox", "evil.example", 403),
        ("/dev/mailbox/1", "127.0.0.1", 404),
        ("/dev/nothing", "127.0.0.1", 404),
        ("/dev/dashboard", "evil.example", 403),
        ("/dev/dashboard", "localhost:9000", 200),
    ] {
        assert_eq!(get(path, host).await.0, expected, "{path} {host}");
    }
    // What was kept is there after a start.
    let again = crm.killed().await;
    assert_eq!(again.embedded().mailbox.letters().await.expect("reads"), letters);
}

#[tokio::test]
async fn with_a_server_of_its_own_mails_go_there() {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    // A server that takes one mail and refuses the next address (RFC 5321).
    let server = tokio::spawn(async move {
        let mut taken = Vec::new();
        for answer_to_recipient in ["250 ok", "550 no such user"] {
            let (stream, _) = listener.accept().await.expect("accepts");
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 here\r\n").await.expect("greets");
            let mut in_data = false;
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match line.get(..4).unwrap_or(&line).to_uppercase().as_str() {
                    _ if in_data && line == "." => {
                        in_data = false;
                        "250 taken"
                    }
                    _ if in_data => {
                        taken.push(line);
                        continue;
                    }
                    "EHLO" => "250 here",
                    "RCPT" => answer_to_recipient,
                    "DATA" => {
                        in_data = true;
                        "354 go on"
                    }
                    "QUIT" => {
                        // The client may not wait for it.
                        let _ = write.write_all(b"221 bye\r\n").await;
                        break;
                    }
                    _ => "250 ok",
                };
                write.write_all(format!("{answer}\r\n").as_bytes()).await.expect("answers");
                if answer.starts_with('5') {
                    break;
                }
            }
        }
        taken
    });
    let smtp = local::smtp::Smtp::new(&url, Some("crm@house.example"), "The house").expect("a server");
    let mail = Mail {
        id: "m1".into(),
        to: "ada@example.com".into(),
        subject: "Hello".into(),
        text: "Text".into(),
        html: "<p>Text</p>".into(),
        unsubscribe: None,
    };
    smtp.mail(&mail).await.expect("sent");
    drop(smtp);
    let smtp = local::smtp::Smtp::new(&url, Some("crm@house.example"), "The house").expect("a server");
    let refused = smtp.mail(&mail).await.expect_err("refused");
    assert_eq!(refused, SendError::Refused("the server said 550".into()));
    let taken = server.await.expect("served").join("\n");
    assert!(taken.contains("Subject: Hello") && taken.contains("multipart/alternative") && taken.contains("<m1@house.example>"), "{taken}");
    let gone = smtp.mail(&mail).await.expect_err("nobody there");
    assert!(matches!(gone, SendError::Busy(_)), "{gone}");
    assert!(local::smtp::Smtp::new("http://x", Some("crm@house.example"), "").is_err() && local::smtp::Smtp::new(&url, None, "").is_err());
}
