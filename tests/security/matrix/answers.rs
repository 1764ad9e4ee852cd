//! What an answer says about authorisation and reach. Only a success counts as one: the bodies of the
//! probes are made to succeed, so a 409 or a 422 proves nothing and is an outcome of its own.

use tests::Reply;

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Yes,
    /// 401, 403 or 404.
    No(u16),
    /// 422 because what the body names is outside reach.
    Reference,
    /// Any other refusal: status and code, and the rules that its errors name.
    Refused(u16, String, Vec<String>),
}

impl Outcome {
    pub fn of(reply: &Reply) -> Self {
        let errors = reply.body["errors"].as_array().into_iter().flatten();
        let rules: Vec<String> = errors.filter_map(|error| error["rule"].as_str()).map(str::to_owned).collect();
        match reply.status {
            200..300 => Self::Yes,
            401 | 403 | 404 => Self::No(reply.status),
            422 if rules.iter().any(|rule| rule == "reference") => Self::Reference,
            status => Self::Refused(status, reply.code().to_owned(), rules),
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Yes => f.write_str("yes"),
            Self::No(status) => write!(f, "{status}"),
            Self::Reference => f.write_str("422"),
            Self::Refused(status, code, rules) => write!(f, "{status} {code} {}", rules.join(", ")),
        }
    }
}

/// Several outcomes in one cell: `yes: own, teammate's; 404: another team's`, or just `yes` where all
/// are the same.
pub fn cell(outcomes: &[(&str, String)]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (label, outcome) in outcomes {
        match groups.iter_mut().find(|(known, _)| known == outcome) {
            Some((_, labels)) => labels.push(label),
            None => groups.push((outcome, vec![label])),
        }
    }
    match groups.as_slice() {
        [(only, _)] => (*only).to_owned(),
        _ => groups.iter().map(|(outcome, labels)| format!("{outcome}: {}", labels.join(", "))).collect::<Vec<_>>().join("; "),
    }
}
