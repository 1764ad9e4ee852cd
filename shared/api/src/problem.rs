//! Answers that say no: RFC 9457 problem details, one shape everywhere.
//!
//! Which to use where: a wrong value is [`Problem::fields`]; something absent or outside the
//! caller's reach is [`Problem::not_found`]; a permission that is missing is
//! [`Problem::forbidden`]; what clashes with the present state is a conflict with its own code.
//! Causes inside the system are logged and never sent.

use domain::FieldError;
use serde_json::{Map, Value, json};
use store::{Refusal, SavedAnswer};

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
    /// The lifecycle does not allow the move.
    CustomerTransition = "CUSTOMER_TRANSITION", 409, "The customer cannot move there";
    /// The idempotency key was used with another body.
    IdempotencyConflict = "IDEMPOTENCY_CONFLICT", 409, "The idempotency key was used for another request";
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

    /// Wrong fields.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{} {}", one.pointer, one.message),
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

    /// A converted lead is read-only.
    pub fn converted(customer: Option<domain::CustomerId>) -> Self {
        Self::new(Code::LeadConverted, "The lead became a customer and is read-only; change the customer instead")
            .with("customerId", customer.map_or(Value::Null, |id| Value::String(id.to_string())))
    }

    /// A lifecycle does not have this move; `allowed` lists those it has from here.
    pub fn transition<T: serde::Serialize>(code: Code, refused: impl std::fmt::Display, allowed: &[T]) -> Self {
        let mut detail = refused.to_string();
        if let Some(first) = detail.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self::new(code, detail).with("allowed", serde_json::json!(allowed))
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

    /// With a member of its own.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// The body to send.
    pub fn body(&self, public_url: &str, request_id: &str) -> Value {
        let slug = self.code.as_str().to_lowercase().replace('_', "-");
        let errors: Vec<Value> = self.errors.iter().map(|e| json!({"pointer": e.pointer, "rule": e.rule, "message": e.message})).collect();
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
pub enum Stop {
    /// With a problem.
    Problem(Box<Problem>),
    /// The request was answered before under its idempotency key.
    Replay(Box<SavedAnswer>),
    /// The idempotency key is in use; the edge looks up what was answered.
    Answered,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        if error.is_refused(&Refusal::Answered) { Self::Answered } else { problem_of(error).into() }
    }
}

/// What a failure of the table is to the client.
fn problem_of(error: store::Error) -> Problem {
    match error {
        store::Error::Cursor => Problem::field("?cursor", "cursor", "is not a cursor of this list with these filters"),
        store::Error::Busy(cause) => Problem::busy(cause),
        store::Error::Unreadable { .. } | store::Error::Call(_) => Problem::internal(error),
        store::Error::Refused(list) => {
            let fields = |wanted: fn(&Refusal) -> Option<&'static str>, rule, message: &str| {
                list.iter().filter_map(|(refusal, _)| wanted(refusal)).map(|at| FieldError::new(at, rule, message)).collect::<Vec<_>>()
            };
            let references =
                fields(|r| if let Refusal::Reference(at) = r { Some(at) } else { None }, "reference", "does not exist or cannot be used");
            if !references.is_empty() {
                return Problem::fields(references);
            }
            let taken =
                fields(|r| if let Refusal::Taken(at) | Refusal::Duplicate { pointer: at, .. } = r { Some(at) } else { None }, "unique", "is taken");
            if !taken.is_empty() {
                let detail = taken.iter().map(|error| error.pointer.trim_start_matches('/')).collect::<Vec<_>>().join(" and ");
                return Problem { errors: taken, ..Problem::new(Code::Duplicate, format!("Another record has this {detail}")) };
            }
            let limit = list.iter().find_map(|(refusal, _)| if let Refusal::Limit(text) = refusal { Some(*text) } else { None });
            match limit {
                Some(text) => Problem::new(Code::LimitReached, text),
                None => Problem::busy(format!("refused: {:?}", list.iter().map(|(refusal, _)| refusal).collect::<Vec<_>>())),
            }
        }
    }
}
