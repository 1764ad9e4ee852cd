//! Message templates: what customers and users are told, through what, in whose words.
//!
//! Until somebody changes one of a kind, the words of the product hold.

use crate::event::{Act, Event, EventKind};
use crate::id::{TeamId, UserId};
use crate::notification::{Channel, NotificationKind};
use crate::record::{Access, Entity, Record, Row};
use crate::refused::FieldFault;
use crate::text::{Invalid, TextValue};
use crate::value::{Text, cut};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

crate::choice! {
    /// What a template tells of.
    pub enum TemplateKind {
        /// A customer became one.
        Welcome = "WELCOME",
        /// It is a customer's birthday.
        Birthday = "BIRTHDAY",
        /// Nobody heard of a customer for long.
        Inactivity = "INACTIVITY",
        /// A user was registered.
        UserWelcome = "USER_WELCOME",
        /// A follow-up is due.
        FollowUpDue = "FOLLOW_UP_DUE",
        /// A lead was given to a user.
        LeadAssigned = "LEAD_ASSIGNED",
        /// A customer was given to a user.
        CustomerAssigned = "CUSTOMER_ASSIGNED",
        /// A task was given to a user.
        TaskAssigned = "TASK_ASSIGNED",
        /// A task is due.
        TaskDue = "TASK_DUE",
        /// A campaign of a user is finished.
        CampaignFinished = "CAMPAIGN_FINISHED",
    }
}

impl From<NotificationKind> for TemplateKind {
    fn from(kind: NotificationKind) -> Self {
        match kind {
            NotificationKind::UserWelcome => Self::UserWelcome,
            NotificationKind::FollowUpDue => Self::FollowUpDue,
            NotificationKind::LeadAssigned => Self::LeadAssigned,
            NotificationKind::CustomerAssigned => Self::CustomerAssigned,
            NotificationKind::TaskAssigned => Self::TaskAssigned,
            NotificationKind::TaskDue => Self::TaskDue,
            NotificationKind::CampaignFinished => Self::CampaignFinished,
        }
    }
}

/// The longest subject, in characters.
pub const SUBJECT: usize = 200;

/// A value by the name of its placeholder.
pub type Values = BTreeMap<&'static str, String>;

impl TemplateKind {
    /// Whether it is for customers.
    pub const fn is_for_customers(self) -> bool {
        matches!(self, Self::Welcome | Self::Birthday | Self::Inactivity)
    }

    /// The names that may stand in braces.
    pub const fn placeholders(self) -> &'static [&'static str] {
        match self {
            Self::Welcome | Self::Birthday | Self::Inactivity => &["name", "firstName", "company"],
            Self::UserWelcome => &["recipientName", "actorName", "email", "appUrl"],
            Self::LeadAssigned | Self::CustomerAssigned | Self::TaskAssigned => &["recipientName", "actorName", "name", "link"],
            Self::FollowUpDue | Self::TaskDue => &["recipientName", "name", "dueDate", "overdue", "link"],
            Self::CampaignFinished => &["recipientName", "name", "failed", "results", "link"],
        }
    }

    /// Through what it can go: customers have no inbox and no devices of ours.
    pub const fn channels(self) -> &'static [Channel] {
        if self.is_for_customers() { &[Channel::Sms, Channel::Email] } else { Channel::ALL }
    }

    /// What holds until somebody changes it. Customers are told by the first of the channels that they have an address for.
    pub fn original(self) -> (TemplateData, TemplateText) {
        let (subject, body) = match self {
            Self::Welcome => ("Welcome", "Hello {{ firstName or name }}, welcome! It is good to have you with us."),
            Self::Birthday => ("Happy birthday", "Hello {{ firstName or name }}, we wish you a happy birthday!"),
            Self::Inactivity => ("We have not heard of you for a while", "Hello {{ firstName or name }}, is there anything we can do for you?"),
            Self::UserWelcome => (
                "Welcome to the CRM, {{ recipientName }}",
                "{{ actorName }} made an account for you. Your user name is {{ email }}; whoever made the account tells you the first password.",
            ),
            Self::FollowUpDue => (
                "A follow-up is {% if overdue %}overdue{% else %}due today{% endif %}: {{ name }}",
                "Your follow-up {% if overdue %}was due on {{ dueDate }}{% else %}is due today{% endif %}: {{ name }}",
            ),
            Self::TaskDue => (
                "A task is {% if overdue %}overdue{% else %}due today{% endif %}: {{ name }}",
                "Your task {% if overdue %}was due on {{ dueDate }}{% else %}is due today{% endif %}: {{ name }}",
            ),
            Self::LeadAssigned => ("You were given a lead: {{ name }}", "{{ actorName }} gave you a lead: {{ name }}"),
            Self::CustomerAssigned => ("You were given a customer: {{ name }}", "{{ actorName }} gave you a customer: {{ name }}"),
            Self::TaskAssigned => ("You were given a task: {{ name }}", "{{ actorName }} gave you a task: {{ name }}"),
            Self::CampaignFinished => (
                "A campaign {% if failed %}failed{% else %}is finished{% endif %}: {{ name }}",
                "Your campaign {% if failed %}failed, since {{ failed }}{% else %}is finished{% endif %}: {{ name }}. {{ results }}",
            ),
        };
        let channels = if self.is_for_customers() { vec![Channel::Sms, Channel::Email] } else { vec![Channel::Email, Channel::InApp] };
        (TemplateData { subject: Text::read(subject).ok(), channels, enabled: true }, TemplateText { body: body.to_owned() })
    }
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageTemplate;

/// Short fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateData {
    /// The subject of a mail and the title of a notification.
    pub subject: Option<Text<SUBJECT>>,
    /// Through what it goes.
    pub channels: Vec<Channel>,
    /// Whether it is sent at all.
    pub enabled: bool,
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateText {
    /// What it says: plain text.
    pub body: String,
}

impl Entity for MessageTemplate {
    const KIND: &'static str = "TEMPLATE";
    type Id = TemplateKind;
    type Data = TemplateData;
    type Text = TemplateText;
    type Derived = ();

    fn owner(_: &Row<Self>) -> Option<UserId> {
        None
    }

    fn team(_: &Row<Self>) -> Option<TeamId> {
        None
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Everyone
    }

    fn label(row: &Row<Self>) -> String {
        row.id.to_string()
    }
}

/// A template as it stands; 0 is the version of the product's own.
pub fn standing(kind: TemplateKind, stored: Option<&Record<MessageTemplate>>, act: &Act) -> Record<MessageTemplate> {
    stored.cloned().unwrap_or_else(|| {
        let (data, text) = kind.original();
        let mut original = Record::new(kind, act, data, text, ());
        original.version = 0;
        original
    })
}

/// What is wrong with a template, field by field: words that are none of its kind's, broken braces, a channel that does
/// not lead to whom it is for. What did not parse is not looked at.
pub fn faults(kind: TemplateKind, subject: Option<Option<&Text<SUBJECT>>>, body: Option<&str>, channels: Option<&[Channel]>) -> Vec<FieldFault> {
    let mut wrong = Vec::new();
    match subject {
        Some(Some(text)) => wrong.extend(fault(kind, text.as_str()).map(|invalid| FieldFault::new("subject", invalid.rule, invalid.message))),
        // What goes by text message alone has none.
        Some(None) if channels.is_some_and(|channels| channels.iter().any(|channel| *channel != Channel::Sms)) => {
            wrong.push(FieldFault::new("subject", "required", "is needed for every channel but SMS"));
        }
        _ => {}
    }
    wrong.extend(body.and_then(|body| fault(kind, body)).map(|invalid| FieldFault::new("body", invalid.rule, invalid.message)));
    if let Some(channels) = channels {
        let possible = kind.channels();
        if !channels.iter().all(|channel| possible.contains(channel)) {
            let names: Vec<&str> = possible.iter().map(|channel| channel.as_str()).collect();
            wrong.push(FieldFault::new("channels", "enum", format!("can be {} for this kind", names.join(", "))));
        }
        if channels.iter().enumerate().any(|(at, channel)| channels[..at].contains(channel)) {
            wrong.push(FieldFault::new("channels", "unique", "must not name a channel twice"));
        }
    }
    wrong
}

/// Replaces a template; `None` where it is so already.
pub fn replace(present: &Record<MessageTemplate>, act: &Act, data: TemplateData, text: TemplateText) -> Option<(Record<MessageTemplate>, Event)> {
    let (next, changes) = present.changed(act, data, text)?;
    let summary = format!("{} changed the template {}", act.actor_name, next.id);
    let event = next.event(act, EventKind::TemplateUpdated, summary, json!({})).with_changes(changes);
    Some((next, event))
}

/// How many steps a template may take: those of a long one are hundreds.
const STEPS: u64 = 20_000;

/// The longest text that a template may become, in characters.
const LONGEST: usize = 20_000;

fn environment<'a>(escape: AutoEscape) -> Environment<'a> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(move |_| escape.clone());
    environment.set_fuel(Some(STEPS));
    environment
}

/// Why a template cannot be filled in, with the line.
fn explained(error: &minijinja::Error) -> String {
    let what = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    match error.line() {
        Some(line) => format!("line {line}: {what}"),
        None => what,
    }
}

/// How deep conditions may stand inside one another.
const DEEPEST: usize = 10;

/// What of the template language is not taken, with its line. Placeholders and conditions are all that there is: what else the
/// language has could take whatever fills it in with it.
fn beyond(source: &str) -> Option<Invalid> {
    let name = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !word.as_bytes()[0].is_ascii_digit()
    };
    let (mut at, mut depth) = (0, 0usize);
    while let Some(found) = source[at..].find(['{']).map(|found| at + found) {
        let (close, what) = match source[found..].get(..2) {
            Some("{{") => ("}}", "a placeholder, or several with `or` between them"),
            Some("{%") => ("%}", "`if`, `if not`, `elif` and a placeholder, `else` or `endif`"),
            Some("{#") => ("#}", "a remark"),
            _ => {
                at = found + 1;
                continue;
            }
        };
        let line = source[..found].matches('\n').count() + 1;
        let wrong = |message: String| Some(Invalid::new("template", format!("line {line}: {message}")));
        let Some(end) = source[found + 2..].find(close).map(|end| found + 2 + end) else {
            return wrong(format!("`{close}` is missing"));
        };
        let words: Vec<&str> = source[found + 2..end].split_whitespace().collect();
        let is_fine = match (close, words.as_slice()) {
            ("#}", _) => true,
            ("}}", words) => {
                words.len() <= 5
                    && words.iter().enumerate().all(|(at, word)| if at % 2 == 0 { name(word) } else { *word == "or" })
                    && words.len() % 2 == 1
            }
            (_, ["if", word] | ["if", "not", word]) => {
                depth += 1;
                name(word)
            }
            (_, ["elif", word] | ["elif", "not", word]) => name(word),
            (_, ["else"]) => true,
            (_, ["endif"]) if depth == 0 => return wrong("`endif` stands there without an `if`".to_owned()),
            (_, ["endif"]) => {
                depth -= 1;
                true
            }
            _ => false,
        };
        if !is_fine {
            return wrong(format!("only {what} can stand there"));
        }
        if depth > DEEPEST {
            return wrong(format!("more than {DEEPEST} conditions stand inside one another"));
        }
        at = end + 2;
    }
    let last = source.trim_end().matches('\n').count() + 1;
    (depth > 0).then(|| Invalid::new("template", format!("line {last}: `{{% endif %}}` is missing")))
}

/// What always has a value.
const ALWAYS_THERE: [&str; 5] = ["name", "recipientName", "actorName", "email", "results"];

/// What is wrong with the words of a template.
fn fault(kind: TemplateKind, source: &str) -> Option<Invalid> {
    if let Some(beyond) = beyond(source) {
        return Some(beyond);
    }
    let environment = environment(AutoEscape::None);
    let template = match environment.template_from_str(source) {
        Ok(template) => template,
        Err(error) => return Some(Invalid::new("template", explained(&error))),
    };
    let known = kind.placeholders();
    let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().filter(|name| !known.contains(&name.as_str())).collect();
    if !unknown.is_empty() {
        unknown.sort_unstable();
        let (unknown, known) = (unknown.join(", "), known.join(", "));
        return Some(Invalid::new("placeholder", format!("has unknown placeholders: {unknown}; there are {known}")));
    }
    // What may be there, and what may not, in every combination.
    let optional: Vec<&str> = known.iter().copied().filter(|name| !ALWAYS_THERE.contains(name)).collect();
    let combinations = (0..1_u32 << optional.len()).rev().map(|present| {
        let is_there = |name: &str| optional.iter().position(|found| *found == name).is_none_or(|at| present & (1 << at) > 0);
        let values: Values = known.iter().map(|name| (*name, if is_there(name) { "Some words".to_owned() } else { String::new() })).collect();
        template.render(values)
    });
    for filled in combinations {
        match filled {
            Err(error) => return Some(Invalid::new("template", explained(&error))),
            Ok(text) if text.chars().count() > LONGEST => return Some(Invalid::new("length", format!("becomes longer than {LONGEST} characters"))),
            Ok(text) if line(&text).is_empty() => return Some(Invalid::new("length", "becomes empty where nothing is to be filled in")),
            Ok(_) => {}
        }
    }
    None
}

/// A text in one line: whatever would end it, or is not seen, is a blank. A header of a mail ends with its line.
pub fn line(text: &str) -> String {
    let parts = text.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A template that cannot be filled in.
#[derive(Debug, thiserror::Error)]
#[error("the template {kind} cannot be filled in: {cause}")]
pub struct Unfilled {
    kind: TemplateKind,
    cause: String,
}

/// What a template says with these values: a line for the subject, which the product's own gives where there is none, and the text.
pub fn filled(template: &Record<MessageTemplate>, values: &Values) -> Result<(Text<SUBJECT>, String), Unfilled> {
    let kind = template.id;
    let unfilled = |cause: String| Unfilled { kind, cause };
    let environment = environment(AutoEscape::None);
    let fill = |source: &str| {
        let rendered = environment.render_str(source, values.clone());
        rendered.map_err(|error| unfilled(explained(&error)))
    };
    let (original, _) = kind.original();
    let subject = template.data.subject.as_ref().or(original.subject.as_ref()).map(Text::as_str).unwrap_or(kind.as_str());
    let subject = cut(&line(&fill(subject)?), SUBJECT - 1);
    let subject = Text::read(&subject).map_err(|invalid| unfilled(invalid.message))?;
    Ok((subject, cut(fill(&template.text.body)?.trim(), LONGEST)))
}

/// A page of HTML from a template of the code's own, everything filled in escaped. Of `message` the page is given the `paragraphs`, each
/// the list of its lines.
pub fn page<'a>(source: &'static str, values: impl IntoIterator<Item = (&'static str, &'a str)>) -> Result<String, String> {
    let mut environment = environment(AutoEscape::Html);
    environment.set_fuel(None);
    let mut filled: BTreeMap<&'static str, minijinja::Value> = BTreeMap::new();
    for (name, value) in values {
        match name {
            "message" => filled.insert("paragraphs", paragraphs(value)),
            name => filled.insert(name, value.into()),
        };
    }
    environment.render_str(source, filled).map_err(|error| explained(&error))
}

fn paragraphs(text: &str) -> minijinja::Value {
    let text = text.replace("\r\n", "\n");
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|paragraph| paragraph.lines().map(minijinja::Value::from).collect::<minijinja::Value>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use uuid::Uuid;

    fn act() -> Act {
        let ids: Arc<dyn Fn() -> Uuid + Send + Sync> = Arc::new(Uuid::nil);
        Act { at: crate::Time::from_millis(1), actor: None, actor_name: "System".into(), request: None, ids }
    }

    fn written(kind: TemplateKind, subject: &str, body: &str) -> Record<MessageTemplate> {
        let mut template = standing(kind, None, &act());
        (template.data.subject, template.text.body) = (Text::read(subject).ok(), body.to_owned());
        template
    }

    #[test]
    fn the_products_own_words_are_valid() {
        for kind in TemplateKind::ALL {
            let (data, text) = kind.original();
            assert!(data.subject.is_some(), "{kind}");
            assert_eq!(faults(*kind, Some(data.subject.as_ref()), Some(&text.body), Some(&data.channels)), [], "{kind}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_what_there_is() {
        let of_body = |body: &str| faults(TemplateKind::LeadAssigned, None, Some(body), None).pop().map(|fault| (fault.rule, fault.message));
        let (rule, message) = of_body("Hello\n{{ nme }} and {{ password }}").expect("unknown");
        assert_eq!(rule, "placeholder");
        assert_eq!(message, "has unknown placeholders: nme, password; there are recipientName, actorName, name, link");
        let (rule, message) = of_body("Hello\n\n{{ name").expect("broken");
        assert!(rule == "template" && message.starts_with("line 3: "), "{message}");
        let (rule, message) = of_body("a\n{{ name | shout }}").expect("no such filter");
        assert!(rule == "template" && message.starts_with("line 2: "), "{message}");
        assert!(of_body("{% for a in name * 90000 %}{% for b in name * 90000 %}x{% endfor %}{% endfor %}").is_some(), "too many steps");
        assert!(of_body("{{ name.first }}").is_some(), "a name has no parts");
        // What else the language has, some of which takes the process with it.
        let minus = format!("{{{{ {}1 }}}}", "-".repeat(3000));
        let nested = "{% if name %}".repeat(11) + &"{% endif %}".repeat(11);
        let all = [
            minus.as_str(),
            &nested,
            "{{ [1,2][::-9223372036854775808] }}",
            "{{ 1//0 }}",
            "{% if name == 1 %}{% endif %}",
            "{% set a = 1 %}",
            "{{ name",
            "{%- if name %}",
            "{{ }}",
        ];
        for source in all {
            let (rule, message) = of_body(source).unwrap_or_else(|| panic!("{source:.40} was taken"));
            assert!(rule == "template" && message.starts_with("line 1: "), "{source:.40}: {message}");
        }
        for source in
            ["By {{ name or actorName }}", "{% if name %}a{% elif not actorName %}b{% else %}c{% endif %}", "{# a remark {{ #} { } %}", "By {{name}}"]
        {
            assert_eq!(of_body(source), None, "{source}");
        }
        assert_eq!(of_body("{{ name }} 100 % {ok}"), None);
        let said = |body: &str| of_body(body).map(|(_, message)| message);
        assert_eq!(said("Hello\n{% if name %}you\n"), Some("line 2: `{% endif %}` is missing".to_owned()));
        assert_eq!(said("Hello\n{% endif %}"), Some("line 2: `endif` stands there without an `if`".to_owned()));
        // A name is always there, a company is not; nor is it where the other condition holds.
        let of_welcome = |body: &str| faults(TemplateKind::Welcome, None, Some(body), None).pop().map(|fault| fault.rule);
        assert_eq!((of_welcome("{{ name }}"), of_welcome("{{ company }}")), (None, Some("length")));
        assert_eq!(of_welcome("{% if company %}{% if firstName %}Hello{% endif %}{% else %}Hello{% endif %}"), Some("length"));
    }

    #[test]
    fn a_channel_leads_to_whom_the_template_is_for() {
        let channels = |kind, channels: &[Channel]| faults(kind, None, None, Some(channels)).into_iter().map(|fault| fault.rule).collect::<Vec<_>>();
        assert_eq!(channels(TemplateKind::Birthday, &[Channel::InApp]), ["enum"]);
        assert_eq!(channels(TemplateKind::TaskDue, &[Channel::InApp, Channel::Push, Channel::InApp]), ["unique"]);
        assert_eq!(channels(TemplateKind::TaskDue, &[]), Vec::<&str>::new());
        assert_eq!(faults(TemplateKind::Birthday, Some(None), None, Some(&[Channel::Email]))[0].field, "subject");
        assert_eq!(faults(TemplateKind::Birthday, Some(None), None, Some(&[Channel::Sms])), []);
    }

    #[test]
    fn a_subject_is_one_line_whatever_is_filled_in() {
        let values: Values = [("name", "a\r\nBcc: x@y.example\u{2028}b".to_owned()), ("actorName", "A".to_owned())].into();
        let (subject, body) = filled(&written(TemplateKind::LeadAssigned, "New: {{ name }}", "{{ name }}"), &values).expect("filled");
        assert_eq!(subject.as_str(), "New: a Bcc: x@y.example b");
        assert!(body.contains('\n'));
        let long = "x".repeat(500);
        let values: Values = values.into_iter().chain([("name", long)]).collect();
        let (subject, _) = filled(&written(TemplateKind::LeadAssigned, "{{ name }}", "{{ name }}"), &values).expect("filled");
        assert_eq!(subject.as_str().chars().count(), SUBJECT);
    }

    #[test]
    fn a_page_escapes_what_is_filled_in() {
        let source = "<h1>{{ title }}</h1>{% for paragraph in paragraphs %}<p>{% for line in paragraph %}{{ line }}{% if not loop.last %}<br>{% endif %}{% endfor %}</p>{% endfor %}";
        let html = page(source, [("title", "<script>\"&"), ("message", "a\nb <b>\n\nc")]).expect("page");
        assert_eq!(html, "<h1>&lt;script&gt;&quot;&amp;</h1><p>a<br>b &lt;b&gt;</p><p>c</p>");
    }
}
