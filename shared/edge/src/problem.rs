//! Answers that say no: RFC 9457 problem details, one shape everywhere.
//!
//! Which to use where: a wrong value is [`Problem::fields`]; something absent or outside the
//! caller's reach is [`Problem::not_found`]; a permission that is missing is
//! [`Problem::forbidden`]; what clashes with the present state is a conflict with its own code.
//! Causes inside the system are logged and never sent.

use application::App;
use application::keys::KeyFailure;
use contract::FieldError;
use domain::refused::StateMachine;
use domain::time::{DateBound, ends_before};
use domain::{FieldFault, Refused};
use serde_json::{Map, Value, json};
use store::{FailedCondition, SavedAnswer};

macro_rules! codes {
    ($($(#[$meta:meta])* $variant:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// The machine-readable reason of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[$meta])* $variant),* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// As it stands in answers.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $code),* } }
            /// HTTP status.
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status),* } }
            /// Short title.
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title),* } }
        }
    };
}

codes! {
    /// A field or parameter is wrong.
    Validation = "VALIDATION", 422, "Some fields are wrong";
    /// The body is not JSON.
    Malformed = "MALFORMED", 400, "The body is not JSON";
    /// No token, or one that does not count.
    Unauthenticated = "UNAUTHENTICATED", 401, "Please sign in";
    /// E-mail address, username or password is wrong.
    InvalidCredentials = "INVALID_CREDENTIALS", 401, "Unknown account or wrong password";
    /// The permission is missing.
    Forbidden = "FORBIDDEN", 403, "Not allowed";
    /// The password has to be changed first.
    PasswordChangeRequired = "PASSWORD_CHANGE_REQUIRED", 403, "Please change your password first";
    /// Absent, or outside the caller's reach.
    NotFound = "NOT_FOUND", 404, "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, "Method not allowed";
    /// A value that has to be unique is taken.
    Duplicate = "DUPLICATE", 409, "It exists already";
    /// The lead's status does not allow the move.
    LeadTransition = "LEAD_TRANSITION", 409, "The lead cannot move there";
    /// The lead became a customer and is read-only.
    LeadConverted = "LEAD_CONVERTED", 409, "The lead became a customer";
    /// The follow-up is final.
    FollowUpTransition = "FOLLOW_UP_TRANSITION", 409, "The follow-up cannot move there";
    /// The task's status does not allow the move.
    TaskTransition = "TASK_TRANSITION", 409, "The task cannot move there";
    /// The project's status does not allow the move.
    ProjectTransition = "PROJECT_TRANSITION", 409, "The project cannot move there";
    /// The order's status does not allow the move.
    OrderTransition = "ORDER_TRANSITION", 409, "The order cannot move there";
    /// What was paid has to be given back before the order is called off.
    RefundFirst = "REFUND_FIRST", 409, "The order was paid";
    /// Nothing is paid on an order that was called off.
    OrderCancelled = "ORDER_CANCELLED", 409, "The order was cancelled";
    /// The customer cannot use a promotion that the order names.
    PromotionNotApplicable = "PROMOTION_NOT_APPLICABLE", 422, "A promotion code cannot be used";
    /// An archived customer buys nothing.
    CustomerArchived = "CUSTOMER_ARCHIVED", 409, "The customer is archived";
    /// The lifecycle does not allow the move.
    CustomerTransition = "CUSTOMER_TRANSITION", 409, "The customer cannot move there";
    /// The status of the promotion, or of the one that the customer holds, does not allow the move.
    PromotionTransition = "PROMOTION_TRANSITION", 409, "The promotion cannot move there";
    /// The campaign's status does not allow the move.
    CampaignTransition = "CAMPAIGN_TRANSITION", 409, "The campaign cannot move there";
    /// The message's status does not allow the move.
    MessageTransition = "MESSAGE_TRANSITION", 409, "The message cannot move there";
    /// The idempotency key was used with another body.
    IdempotencyConflict = "IDEMPOTENCY_CONFLICT", 409, "The idempotency key was used for another request";
    /// The last active administrator stays.
    LastAdmin = "LAST_ADMIN", 409, "The last administrator stays";
    /// A team with members is not deleted.
    TeamNotEmpty = "TEAM_NOT_EMPTY", 409, "The team has members";
    /// What the role of administrators holds is fixed.
    RoleFixed = "ROLE_FIXED", 409, "The role cannot be changed";
    /// A run of the job is under way.
    JobRunning = "JOB_RUNNING", 409, "The job is running";
    /// A limit of the product.
    LimitReached = "LIMIT_REACHED", 409, "A limit is reached";
    /// `If-Match` does not match.
    VersionMismatch = "VERSION_MISMATCH", 412, "The record has changed";
    /// The body is larger than 256 KB.
    TooLarge = "TOO_LARGE", 413, "The body is too large";
    /// The body is declared as something other than JSON.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415, "The body must be JSON";
    /// Too many attempts.
    Throttled = "THROTTLED", 429, "Too many attempts";
    /// A fault on our side.
    Internal = "INTERNAL", 500, "Something went wrong on our side";
    /// Busy; try again.
    Unavailable = "UNAVAILABLE", 503, "Please try again in a moment";
}

/// How many wrong fields an answer names: a body of 256 KB can have more of them than an answer can carry.
pub const MOST_ERRORS: usize = 50;

/// A problem in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The reason.
    pub code: Code,
    /// What happened, for a person.
    pub detail: String,
    /// Wrong fields.
    pub errors: Vec<FieldError>,
    /// Members of this kind of problem: `matches`, `allowed`.
    pub members: Map<String, Value>,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<i64>,
    /// The cause inside, for the log only.
    pub cause: Option<String>,
}

impl Problem {
    /// A problem with a sentence for people.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), members: Map::new(), retry_after: None, cause: None }
    }

    /// Wrong fields; the answer names at most [`MOST_ERRORS`] and says how many there are.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] if one.pointer.is_empty() => format!("The body {}", one.message),
            [one] => format!("{} {}", one.pointer, one.message),
            many if many.len() > MOST_ERRORS => format!("{} fields are wrong; the first {MOST_ERRORS} are named", many.len()),
            many => format!("{} fields are wrong", many.len()),
        };
        Self { errors, ..Self::new(Code::Validation, detail) }
    }

    /// One wrong field.
    pub fn field(pointer: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError::new(pointer, rule, message)])
    }

    /// Absent or outside reach.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is no such record, or it is outside your reach")
    }

    /// The permission is missing.
    pub fn forbidden(permission: &str) -> Self {
        Self::new(Code::Forbidden, format!("This needs the permission {permission}"))
    }

    /// No token, or one that does not count.
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "Send a valid access token as Authorization: Bearer <token>")
    }

    /// A search has an order of its own.
    pub fn sorted_search() -> Self {
        Self::field("?sort", "conflict", "cannot be combined with q, which orders by word")
    }

    /// A period that ends before it begins: its end is wrong.
    pub fn backwards(from: (Option<DateBound>, &str), to: (Option<DateBound>, &str), app: &App) -> Option<Self> {
        let (begin, end) = from.0.zip(to.0)?;
        ends_before(begin, end, &app.config.zone).then(|| Self::field(format!("?{}", to.1), "range", format!("must not be before {}", from.1)))
    }

    /// Several problems with fields as one that names them all.
    pub fn all(problems: impl IntoIterator<Item = Option<Self>>) -> Result<(), Self> {
        let errors: Vec<FieldError> = problems.into_iter().flatten().flat_map(|problem| problem.errors).collect();
        if errors.is_empty() { Ok(()) } else { Err(Self::fields(errors)) }
    }

    /// A fault inside: logged, not sent.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let mut problem = Self::new(Code::Internal, "The request was not carried out. Quote the instance when you report it");
        problem.cause = Some(cause.to_string());
        problem
    }

    /// Busy: nothing was written, the client may repeat.
    pub fn busy(cause: impl std::fmt::Display) -> Self {
        let mut problem = Self::new(Code::Unavailable, "Nothing was changed. Please send the request again");
        problem.retry_after = Some(1);
        problem.cause = Some(cause.to_string());
        problem
    }

    /// What is needed did not answer: a change may have been made.
    pub fn unreached(cause: impl std::fmt::Display) -> Self {
        let detail = "Something did not answer. Whether a change was made is not known: look first, or repeat it with the same Idempotency-Key";
        let mut problem = Self::new(Code::Unavailable, detail);
        problem.retry_after = Some(1);
        problem.cause = Some(cause.to_string());
        problem
    }

    /// Too many wrong passwords; there is room again in so many seconds.
    pub fn throttled(seconds: i64) -> Self {
        Self::too_many("wrong passwords", seconds)
    }

    /// Too many searches; there is room again in so many seconds.
    pub fn too_many_searches(seconds: i64) -> Self {
        Self::too_many("searches", seconds)
    }

    fn too_many(what: &str, seconds: i64) -> Self {
        let (count, unit) = if seconds < 60 { (seconds.max(1), "second") } else { ((seconds + 59) / 60, "minute") };
        let wait = format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
        let mut problem = Self::new(Code::Throttled, format!("Too many {what}. Try again in {wait}"));
        problem.retry_after = Some(seconds.max(1));
        problem
    }

    /// With a member of its own.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// The body to send.
    pub fn body(&self, public_url: &str, request_id: &str) -> Value {
        let slug = self.code.as_str().to_lowercase().replace('_', "-");
        let errors: Vec<Value> =
            self.errors.iter().take(MOST_ERRORS).map(|e| json!({"pointer": e.pointer, "rule": e.rule, "message": e.message})).collect();
        let mut body = json!({
            "type": format!("{public_url}/api/v1/docs#problem-{slug}"),
            "title": self.code.title(),
            "status": self.code.status(),
            "detail": self.detail,
            "instance": request_id,
            "success": false,
            "code": self.code.as_str(),
            "errors": errors,
        });
        if let Some(object) = body.as_object_mut() {
            object.extend(self.members.clone());
        }
        body
    }
}

/// Why a handler stopped before its answer.
#[derive(Debug)]
pub enum Rejection {
    /// With a problem.
    Problem(Box<Problem>),
    /// The request was answered before under its idempotency key.
    Replay(Box<SavedAnswer>),
    /// The idempotency key is in use; the edge looks up what was answered.
    Answered,
    /// Others have the contact data, or what is unique; the edge looks up who.
    Duplicate(Box<store::Error>),
}

impl From<Problem> for Rejection {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl Rejection {
    /// The same, naming the field that a problem of this code is about, where it names none.
    #[must_use]
    pub fn about(self, code: Code, pointer: &str, rule: &'static str) -> Self {
        match self {
            Self::Problem(problem) if problem.code == code && problem.errors.is_empty() => problem.about(pointer, rule).into(),
            other => other,
        }
    }
}

impl From<store::Error> for Rejection {
    fn from(error: store::Error) -> Self {
        if error.is_refused(&FailedCondition::Answered) {
            Self::Answered
        } else if error.duplicate_fields().is_empty() && error.unique_holders().is_empty() {
            Problem::of_store(error).into()
        } else {
            Self::Duplicate(Box::new(error))
        }
    }
}

impl From<KeyFailure> for Rejection {
    fn from(error: KeyFailure) -> Self {
        match error {
            KeyFailure::Keys(error) => Problem::internal(error).into(),
            KeyFailure::Store(error) => error.into(),
        }
    }
}

impl From<application::NotSent> for Rejection {
    fn from(error: application::NotSent) -> Self {
        match error {
            application::NotSent::NoQueue(_) => Problem::new(Code::LimitReached, error.to_string()).into(),
            application::NotSent::NotGiven(error) => Problem::internal(error).into(),
            application::NotSent::Queue(error) => Problem::busy(error).into(),
            application::NotSent::Store(error) => error.into(),
        }
    }
}

impl From<application::Error> for Rejection {
    fn from(error: application::Error) -> Self {
        match error {
            application::Error::NotFound => Problem::not_found().into(),
            application::Error::Forbidden(permission) => Problem::forbidden(permission.name()).into(),
            application::Error::Refused(refused) => refused.into(),
            application::Error::Throttled(seconds) => Problem::throttled(seconds).into(),
            application::Error::TooManySearches(seconds) => Problem::too_many_searches(seconds).into(),
            application::Error::Contended(what) => Problem::busy(format!("{what} kept changing")).into(),
            application::Error::Store(error) => error.into(),
        }
    }
}

impl From<Refused> for Rejection {
    fn from(refused: Refused) -> Self {
        Problem::from(refused).into()
    }
}

/// A rule that was broken, to the client.
impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Fields(faults) => {
                let error = |fault: FieldFault| FieldError::new(format!("/{}", fault.field), fault.rule, fault.message);
                Self::fields(faults.into_iter().map(error).collect())
            }
            Refused::Transition { of, detail, allowed } => {
                let (code, field) = machine(of);
                let errors = vec![FieldError::new(field, "transition", detail.clone())];
                Self { errors, ..Self::new(code, detail) }.with("allowed", json!(allowed))
            }
            Refused::Converted(customer) => {
                Self::new(Code::LeadConverted, "The lead became a customer and is read-only; change the customer instead")
                    .with("customerId", json!(customer))
            }
            Refused::Beyond(detail) => Self::new(Code::Forbidden, detail),
            Refused::Limit { field, detail } => {
                let problem = Self::new(Code::LimitReached, detail);
                field.into_iter().fold(problem, |problem, field| problem.about(&format!("/{field}"), "limit"))
            }
            Refused::NotApplicable(faults) => {
                let error = |fault: FieldFault| FieldError::new(format!("/{}", fault.field), fault.rule, fault.message);
                let problem = Self::fields(faults.into_iter().map(error).collect());
                Self { code: Code::PromotionNotApplicable, ..problem }
            }
            Refused::CustomerArchived => Self::new(Code::CustomerArchived, refused.to_string()).about("/customerId", "archived"),
            Refused::OrderCancelled => Self::new(Code::OrderCancelled, refused.to_string()).about("/type", "cancelled"),
            Refused::RefundFirst { .. } => Self::new(Code::RefundFirst, refused.to_string()).about("/status", "refund"),
            Refused::TeamNotEmpty(detail) => Self::new(Code::TeamNotEmpty, detail),
            Refused::RoleFixed => Self::new(Code::RoleFixed, refused.to_string()),
        }
    }
}

/// The code of a move that a lifecycle does not have, and the field that it is about.
const fn machine(machine: StateMachine) -> (Code, &'static str) {
    match machine {
        StateMachine::Lead => (Code::LeadTransition, "/status"),
        StateMachine::Customer => (Code::CustomerTransition, "/lifecycle"),
        StateMachine::FollowUp => (Code::FollowUpTransition, "/status"),
        StateMachine::Task => (Code::TaskTransition, "/status"),
        StateMachine::Project => (Code::ProjectTransition, "/status"),
        StateMachine::Order => (Code::OrderTransition, "/status"),
        StateMachine::Promotion => (Code::PromotionTransition, "/status"),
        StateMachine::Campaign => (Code::CampaignTransition, "/status"),
        StateMachine::Message => (Code::MessageTransition, "/status"),
    }
}

impl Problem {
    /// The same, naming a field that it is about.
    #[must_use]
    fn about(mut self, pointer: &str, rule: &'static str) -> Self {
        self.errors.push(FieldError::new(pointer, rule, self.detail.clone()));
        self
    }

    /// The cursor sent is none of the list.
    pub(crate) fn no_cursor() -> FieldError {
        FieldError::new("?cursor", "cursor", "is not a cursor of this list with these filters")
    }

    /// What a failure of the table is to the client.
    pub fn of_store(error: store::Error) -> Self {
        let list = match error {
            store::Error::Cursor => return Self::fields(vec![Self::no_cursor()]),
            store::Error::Busy(cause) => return Self::busy(cause),
            store::Error::Unreached(cause) => return Self::unreached(cause),
            store::Error::Unreadable { .. } | store::Error::Call(_) | store::Error::Invalid(_) => return Self::internal(error),
            store::Error::Refused(list) => list,
        };
        let fields = |wanted: fn(&FailedCondition) -> Option<&'static str>, rule, message: &str| {
            let found = list.iter().filter_map(|(condition, _)| wanted(condition));
            found.map(|field| FieldError::new(format!("/{field}"), rule, message)).collect::<Vec<_>>()
        };
        let references =
            fields(|c| if let FailedCondition::Reference(field) = c { Some(field) } else { None }, "reference", "does not exist or cannot be used");
        if !references.is_empty() {
            return Self::fields(references);
        }
        let taken = |condition: &FailedCondition| match condition {
            FailedCondition::Taken(field) | FailedCondition::Duplicate { field, .. } => Some(*field),
            _ => None,
        };
        let taken = fields(taken, "unique", "is taken");
        if !taken.is_empty() {
            let detail = taken.iter().map(|error| error.pointer.trim_start_matches('/')).collect::<Vec<_>>().join(" and ");
            return Self { errors: taken, ..Self::new(Code::Duplicate, format!("Another record has this {detail}")) };
        }
        match list.iter().any(|(condition, _)| *condition == FailedCondition::LastAdmin) {
            true => Self::new(Code::LastAdmin, "The last active administrator stays; make somebody else one first"),
            false => Self::busy(format!("refused: {:?}", list.iter().map(|(condition, _)| condition).collect::<Vec<_>>())),
        }
    }
}
