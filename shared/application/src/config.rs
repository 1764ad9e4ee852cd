//! Configuration: template parameters in the cloud, environment variables in the embedded run.

use jiff::tz::TimeZone;
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
        meaning: "Base address in problem types and in the document of the API; empty is the address called",
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
    Setting { name: "LOG_LEVEL", parameter: "LogLevel", default: "info", meaning: "off, error or info (one line per request)" },
];

/// A setting that makes no sense: which, and what would.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name}={value:?} makes no sense: {expected}")]
pub struct ConfigError {
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
    /// Zone of dates in filters and of jobs.
    pub zone: TimeZone,
    /// Its IANA name.
    pub zone_name: String,
    /// ISO 4217 code.
    pub currency: String,
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
}

impl Config {
    /// From environment variables, checked at start.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// From any source of values by name; missing and empty ones take the default.
    pub fn read(source: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let value = |name: &str| {
            let default = SETTINGS.iter().find(|setting| setting.name == name).map(|setting| setting.default).unwrap_or_default();
            source(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
        };
        let seconds = |name: &'static str| {
            let value = value(name);
            let expected = "a number of seconds from 60 to 31536000";
            value.parse().ok().filter(|seconds| (60..=31_536_000).contains(seconds)).ok_or(ConfigError { name, value, expected })
        };
        let zone_name = value("TIME_ZONE");
        let zone = TimeZone::get(&zone_name).map_err(|_| ConfigError {
            name: "TIME_ZONE",
            value: zone_name.clone(),
            expected: "an IANA time zone such as Europe/Berlin",
        })?;
        let currency = value("CURRENCY");
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(ConfigError { name: "CURRENCY", value: currency, expected: "an ISO 4217 code such as EUR" });
        }
        let shards = value("TABLE_SHARDS");
        let count = shards.parse().ok().and_then(Shards::new);
        let shards = count.ok_or(ConfigError { name: "TABLE_SHARDS", value: shards, expected: "1, 2, 4, 8, 16 or 32" })?;
        let searches = value("SEARCHES_PER_MINUTE");
        let searches_per_minute = searches.parse().ok().filter(|count| (1..=100_000).contains(count));
        let searches_per_minute =
            searches_per_minute.ok_or(ConfigError { name: "SEARCHES_PER_MINUTE", value: searches, expected: "a number from 1 to 100000" })?;
        Ok(Self {
            public_url: value("PUBLIC_URL").trim_end_matches('/').to_owned(),
            zone,
            zone_name,
            currency,
            cors_origins: value("CORS_ORIGINS").split(',').map(str::trim).filter(|o| !o.is_empty()).map(str::to_owned).collect(),
            access_seconds: seconds("ACCESS_TTL")?,
            refresh_seconds: seconds("REFRESH_TTL")?,
            shards,
            searches_per_minute,
        })
    }
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
    fn defaults_hold_and_nonsense_is_named() {
        let config = Config::read(|_| None).expect("defaults");
        assert_eq!((config.zone_name.as_str(), config.currency.as_str(), config.access_seconds), ("UTC", "USD", 900));
        for (name, value) in
            [("TIME_ZONE", "Mars/Base"), ("CURRENCY", "euro"), ("ACCESS_TTL", "0"), ("REFRESH_TTL", "x"), ("SEARCHES_PER_MINUTE", "0")]
        {
            let error = Config::read(|asked| (asked == name).then(|| value.to_owned())).expect_err("nonsense");
            assert_eq!(error.name, name);
        }
    }
}
