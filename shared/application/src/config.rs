//! Configuration: template parameters in the cloud, environment variables in the embedded run.

use domain::money::Currency;
use domain::text::TextValue;
use domain::value::{Email, Text};
use jiff::tz::TimeZone;
use std::ops::RangeInclusive;
use store::Shards;

/// One setting of the deployment; `docs/configuration.md` is generated from the list.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Environment variable.
    pub name: &'static str,
    /// Template parameter.
    pub parameter: &'static str,
    /// Value when not given.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "PUBLIC_URL",
        parameter: "PublicUrl",
        default: "",
        meaning: "Base address in problem types, in the document of the API and in the links of messages to customers; empty is the address called",
    },
    Setting { name: "TIME_ZONE", parameter: "TimeZone", default: "UTC", meaning: "IANA time zone of dates in filters and of the daily jobs" },
    Setting { name: "CURRENCY", parameter: "Currency", default: "USD", meaning: "ISO 4217 code of the one currency of the deployment" },
    Setting {
        name: "CORS_ORIGINS",
        parameter: "CorsOrigins",
        default: "",
        meaning: "Origins that browsers may call from, comma-separated; empty allows none",
    },
    Setting { name: "ACCESS_TTL", parameter: "AccessTtl", default: "900", meaning: "Life of an access token, seconds" },
    Setting {
        name: "REFRESH_TTL",
        parameter: "RefreshTtl",
        default: "2592000",
        meaning: "Life of an unused refresh token, seconds; a session ends after 90 days in any case",
    },
    Setting {
        name: "TABLE_SHARDS",
        parameter: "TableShards",
        default: "1",
        meaning: "Over how many partitions everything of a kind and of a team is spread: 1, 2, 4, 8, 16 or 32; may be raised, never lowered",
    },
    Setting {
        name: "SEARCHES_PER_MINUTE",
        parameter: "SearchesPerMinute",
        default: "120",
        meaning: "How many requests with q one user may make in a minute, from 1 to 100000",
    },
    Setting {
        name: "APP_URL",
        parameter: "AppUrl",
        default: "",
        meaning: "Address of the application in which people open records, for the links of mails; empty has none",
    },
    Setting {
        name: "MAIL_FROM",
        parameter: "MailFrom",
        default: "",
        meaning: "Address that mails come from; in the cloud SES has to know it, and empty sends no mail",
    },
    Setting { name: "MAIL_FROM_NAME", parameter: "MailFromName", default: "CRM", meaning: "Name that mails come from" },
    Setting {
        name: "SMS_SENDER",
        parameter: "SmsSender",
        default: "",
        meaning: "Name that text messages come from, where a country lets there be one: 3 to 11 letters and digits; empty is a number of SNS",
    },
    Setting {
        name: "MESSAGES_PER_SECOND",
        parameter: "MessagesPerSecond",
        default: "10",
        meaning: "How many messages are sent to customers in a second, from 1 to 1000; what SES and SNS take for the account is the most that makes sense",
    },
    Setting {
        name: "PUSH_APPLICATION_ARN",
        parameter: "PushApplicationArn",
        default: "",
        meaning: "ARN of the platform application of SNS whose devices are pushed to; empty pushes to none in the cloud",
    },
    Setting { name: "LOG_LEVEL", parameter: "LogLevel", default: "info", meaning: "off, error or info (one line per request)" },
];

/// Settings that make no sense: all of them.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<WrongSetting>);

impl std::error::Error for ConfigError {}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let wrong: Vec<String> = self.0.iter().map(WrongSetting::to_string).collect();
        f.write_str(&wrong.join("; "))
    }
}

/// A setting that makes no sense: which, and what would.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name}={value:?} makes no sense: {expected}")]
pub struct WrongSetting {
    /// The environment variable.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What would make sense.
    pub expected: &'static str,
}

/// The configuration in force.
#[derive(Debug, Clone)]
pub struct Config {
    /// Base of problem type addresses.
    pub public_url: String,
    /// Where the API is called, without a path; `None` where nobody says so, and messages have no links then.
    pub api_url: Option<String>,
    /// Zone of dates in filters and of jobs.
    pub zone: TimeZone,
    /// Its IANA name.
    pub zone_name: String,
    /// ISO 4217 code.
    pub currency: Currency,
    /// Allowed origins.
    pub cors_origins: Vec<String>,
    /// Life of an access token, seconds.
    pub access_seconds: i64,
    /// Life of an unused refresh token, seconds.
    pub refresh_seconds: i64,
    /// Over how many partitions the table spreads what stands in one place.
    pub shards: Shards,
    /// How many searches one user may make in a minute.
    pub searches_per_minute: u32,
    /// Where people open records; `None` has no links.
    pub app_url: Option<String>,
    /// The address that mails come from.
    pub mail_from: Option<Email>,
    /// The name that they come from.
    pub mail_from_name: String,
    /// The name that text messages come from.
    pub sms_sender: Option<String>,
    /// How many messages are sent to customers in a second.
    pub messages_per_second: u32,
    /// The platform application whose devices are pushed to.
    pub push_application: Option<String>,
}

impl Config {
    /// From environment variables, checked at start.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// From any source of values by name; missing and empty ones take the default.
    pub fn read(source: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut wrong = Vec::new();
        let mut read = Settings { source, wrong: &mut wrong };
        let config = Self {
            public_url: read.text("PUBLIC_URL").trim_end_matches('/').to_owned(),
            // Where nobody gave it another address, the deployment says its own.
            api_url: ["PUBLIC_URL", "API_URL"].map(|name| read.text(name)).into_iter().find_map(|url| app_url(&url)),
            zone: read.parse("TIME_ZONE", "an IANA time zone such as Europe/Berlin", |zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC),
            zone_name: read.text("TIME_ZONE"),
            currency: read.parse("CURRENCY", "an ISO 4217 code such as EUR", |code| Currency::read(code).ok()).unwrap_or(Currency::DOLLAR),
            cors_origins: read
                .parse("CORS_ORIGINS", "origins such as https://app.example.com, with commas and without blanks", origins)
                .unwrap_or_default(),
            access_seconds: read.seconds("ACCESS_TTL"),
            refresh_seconds: read.seconds("REFRESH_TTL"),
            shards: read.parse("TABLE_SHARDS", "1, 2, 4, 8, 16 or 32", |count| count.parse().ok().and_then(Shards::new)).unwrap_or_default(),
            searches_per_minute: read.number("SEARCHES_PER_MINUTE", "a number from 1 to 100000", 1..=100_000).unwrap_or_default(),
            app_url: read.optional("APP_URL", "an address such as https://app.example.com", app_url),
            mail_from: read.optional("MAIL_FROM", "an e-mail address", |address| Email::read(address).ok()),
            mail_from_name: read
                .parse("MAIL_FROM_NAME", "a name of at most 100 characters in a line", |name| Text::<100>::read(name).ok())
                .map(|name| name.to_string())
                .unwrap_or_default(),
            sms_sender: read.optional("SMS_SENDER", "3 to 11 letters and digits, a letter among them", sms_sender),
            messages_per_second: read.number("MESSAGES_PER_SECOND", "a number from 1 to 1000", 1..=1000).unwrap_or_default(),
            push_application: read
                .optional("PUSH_APPLICATION_ARN", "an ARN of SNS", |arn| (arn.starts_with("arn:") && arn.contains(":app/")).then(|| arn.to_owned())),
        };
        read.parse("LOG_LEVEL", "off, error or info", |level| matches!(level, "off" | "error" | "info").then_some(()));
        if wrong.is_empty() { Ok(config) } else { Err(ConfigError(wrong)) }
    }
}

/// Reads settings and notes those that make no sense.
struct Settings<'a, S> {
    source: S,
    wrong: &'a mut Vec<WrongSetting>,
}

impl<S: Fn(&str) -> Option<String>> Settings<'_, S> {
    fn text(&self, name: &str) -> String {
        let default = SETTINGS.iter().find(|setting| setting.name == name).map(|setting| setting.default).unwrap_or_default();
        (self.source)(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
    }

    fn parse<T>(&mut self, name: &'static str, expected: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = self.text(name);
        let parsed = parse(&value);
        if parsed.is_none() {
            self.wrong.push(WrongSetting { name, value, expected });
        }
        parsed
    }

    /// A setting that may be left out.
    fn optional<T>(&mut self, name: &'static str, expected: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.parse(name, expected, |value| if value.is_empty() { Some(None) } else { parse(value).map(Some) }).flatten()
    }

    fn number<T: std::str::FromStr + PartialOrd>(&mut self, name: &'static str, expected: &'static str, range: RangeInclusive<T>) -> Option<T> {
        self.parse(name, expected, |value| value.parse().ok().filter(|number| range.contains(number)))
    }

    fn seconds(&mut self, name: &'static str) -> i64 {
        self.number(name, "a number of seconds from 60 to 31536000", 60..=31_536_000).unwrap_or_default()
    }
}

/// The address that the path of a record is put behind.
fn app_url(address: &str) -> Option<String> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let is_plain = !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic() && !"\"<>".contains(c));
    is_plain.then(|| address.trim_end_matches('/').to_owned())
}

/// What SNS takes as a sender (<https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html>).
fn sms_sender(name: &str) -> Option<String> {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric()) && name.bytes().any(|byte| byte.is_ascii_alphabetic());
    (is_name && (3..=11).contains(&name.len())).then(|| name.to_owned())
}

/// Origins as browsers write them, and as the gateway is given them; or `*`.
fn origins(list: &str) -> Option<Vec<String>> {
    let is_host = |host: &str| !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    let is_origin = |origin: &str| origin == "*" || ["https://", "http://"].iter().any(|scheme| origin.strip_prefix(scheme).is_some_and(is_host));
    let origins = list.split(',').filter(|_| !list.is_empty());
    origins.map(|origin| is_origin(origin).then(|| origin.to_owned())).collect()
}

/// Whether the table is asked during init. `WARM_UP=off` leaves it out, so that `./bench` can count
/// what the start alone costs; it is no setting of a deployment.
pub fn warms_up() -> bool {
    std::env::var("WARM_UP").as_deref() != Ok("off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_as_browsers_write_them() {
        let read = |list: &str| {
            let list = list.to_owned();
            Config::read(move |name| (name == "CORS_ORIGINS").then(|| list.clone())).map(|config| config.cors_origins)
        };
        assert_eq!(read("").expect("none"), Vec::<String>::new());
        assert_eq!(read("https://a.example,http://localhost:3000").expect("two"), ["https://a.example", "http://localhost:3000"]);
        assert_eq!(read("*").expect("all"), ["*"]);
        for wrong in ["https://a.example, https://b.example", "a.example", "https://a.example/", "https://", "https://a.example,", "ftp://a.example"]
        {
            assert!(read(wrong).expect_err(wrong).to_string().contains("CORS_ORIGINS"), "{wrong}");
        }
    }

    #[test]
    fn defaults_hold_and_nonsense_is_named() {
        let config = Config::read(|_| None).expect("defaults");
        assert_eq!((config.zone_name.as_str(), config.currency, config.access_seconds), ("UTC", Currency::DOLLAR, 900));
        for (name, value) in [
            ("TIME_ZONE", "Mars/Base"),
            ("CURRENCY", "euro"),
            ("ACCESS_TTL", "0"),
            ("REFRESH_TTL", "x"),
            ("SEARCHES_PER_MINUTE", "0"),
            ("APP_URL", "crm.example"),
            ("MAIL_FROM", "crm"),
            ("SMS_SENDER", "12345"),
            ("MAIL_FROM_NAME", "a\nb"),
            ("MESSAGES_PER_SECOND", "0"),
        ] {
            let error = Config::read(|asked| (asked == name).then(|| value.to_owned())).expect_err("nonsense");
            assert_eq!(error.0.iter().map(|wrong| wrong.name).collect::<Vec<_>>(), [name]);
        }
    }

    #[test]
    fn every_setting_that_makes_no_sense_is_named_at_once() {
        let wrong = [("TIME_ZONE", "Mars/Base"), ("ACCESS_TTL", "5"), ("TABLE_SHARDS", "3"), ("LOG_LEVEL", "loud")];
        let error = Config::read(|asked| wrong.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())).expect_err("nonsense");
        let text = error.to_string();
        for (name, value) in wrong {
            assert!(text.contains(&format!("{name}={value:?}")), "{text}");
        }
        assert!(!text.contains("CURRENCY"), "{text}");
    }
}
