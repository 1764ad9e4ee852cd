//! Route declarations.
//!
//! A route is built in steps that the type system keeps in order: method and path, then who may
//! call it, then the handler. A route that does not say who may call it has no `handle`, so it does
//! not compile.

use crate::answer::Shown;
use crate::identity::{Access, Authenticated, Authorized, Identity};
use crate::parts::{FromBody, FromPath};
use crate::pipeline::{Handler, respond};
use crate::problem::{Code, Rejection};
use crate::request::{Context, Request};
use contract::{Components, Query, Show};
use domain::Permission;
use http::Method;
use messaging::Queue;
use serde_json::Value;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
pub use store::Action;
use store::keys::Reserved;

/// What else a route's function needs beside the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Reads the deployment's secret.
    Secret,
    /// Reads the secret that signs the links of messages.
    Links,
    /// Sends to this queue.
    Send(Queue),
    /// Sends to every queue.
    SendAll,
    /// Reads the depths of the queues.
    QueueDepths,
    /// Asks how the bus, mails and text messages stand.
    Probes,
    /// Reads or writes the hashes of passwords and refresh tokens, which other roles are kept off.
    Credentials,
    /// Writes roles and their grants, which other roles are kept off.
    Roles,
    /// More CPU: password hashing (1,769 MB is one vCPU on Lambda).
    Cpu,
}

/// A member of `meta` and its schema.
pub type MetaMember = (&'static str, fn(&mut Components) -> Value);

/// What a route says of itself, before its handler's types say the rest.
#[derive(Clone)]
pub struct Declaration {
    /// Method.
    pub method: Method,
    /// Path below `/api/v1`, parameters as `{id}`.
    pub path: &'static str,
    /// The one name of the route: function, file, event sample, test, operation id.
    pub name: &'static str,
    /// One line for the documentation.
    pub summary: &'static str,
    /// What has to be known beyond it; empty where that is enough.
    pub remark: &'static str,
    /// Group in the documentation.
    pub tag: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Whether it works while the password has to be changed.
    pub before_password_change: bool,
    /// Status of success.
    pub status: u16,
    /// Problems of its own, beyond those every route has.
    pub problems: &'static [Code],
    /// What it does to the table beside reading the caller.
    pub actions: &'static [Action],
    /// What else it needs.
    pub resources: &'static [Resource],
    /// Whether the answer has the envelope.
    pub envelope: bool,
    /// Media type of a success.
    pub media_type: &'static str,
    /// Another status that the same answer can have.
    pub also: Option<u16>,
    /// Whether the answer has an `ETag` although it shows more than one record.
    pub tagged: bool,
    /// Whether the answer has an `ETag` and `If-None-Match` is looked at.
    pub cacheable: bool,
    /// Whether HEAD is answered as well.
    pub head: bool,
    /// Members of `meta` of its own, with their schemas.
    pub meta: &'static [MetaMember],
}

/// One route of the API.
#[derive(Clone)]
pub struct Route {
    declaration: Declaration,
    /// Whether it takes a body.
    pub has_body: bool,
    /// Body schema and whether it is required.
    pub body: fn(&mut Components) -> Option<(Value, bool)>,
    /// Schemas of the path's parameters.
    pub path_schemas: fn(&mut Components) -> Vec<Value>,
    /// Query parameters.
    pub query: fn(&mut Components) -> Vec<contract::Parameter>,
    /// Schema of `data` in a success.
    pub answer: fn(&mut Components) -> Value,
    /// What of its answer the system keeps by itself.
    pub(crate) kept: fn() -> Vec<&'static str>,
    /// Whether the answer is a list with `meta`.
    pub is_list: bool,
    pub(crate) handler: Handler,
}

impl Deref for Route {
    type Target = Declaration;

    fn deref(&self) -> &Declaration {
        &self.declaration
    }
}

impl Route {
    /// Whether it reads what another one changes.
    pub(crate) fn reads_for(&self, change: &Self) -> bool {
        change.method == Method::PATCH && self.method == Method::GET && self.path == change.path
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.method, self.path, self.name)
    }
}

/// Nobody decided yet who may call the route.
pub struct Undecided;

/// A route in the making. `I` is who the handler will be told is calling.
pub struct Draft<I> {
    declaration: Declaration,
    identity: PhantomData<I>,
}

macro_rules! methods {
    ($($name:ident => $method:ident),*) => {$(
        /// Begins a route of this method.
        pub fn $name(path: &'static str, name: &'static str) -> Draft<Undecided> {
            Draft::begin(Method::$method, path, name)
        }
    )*};
}

impl Route {
    /// What it does where others are kept off.
    pub fn reserved(&self) -> Vec<Reserved> {
        let of_resource = |resource: &Resource| match resource {
            Resource::Credentials => Some(Reserved::Credentials),
            Resource::Roles => Some(Reserved::Roles),
            Resource::Secret | Resource::Links | Resource::Send(_) | Resource::SendAll | Resource::QueueDepths | Resource::Probes | Resource::Cpu => {
                None
            }
        };
        self.resources.iter().filter_map(of_resource).collect()
    }

    /// The methods it answers: a PATCH route answers PUT in the same way, and one that says so HEAD.
    pub fn methods(&self) -> Vec<Method> {
        let also = match self.method {
            Method::PATCH => Some(Method::PUT),
            Method::GET if self.head => Some(Method::HEAD),
            _ => None,
        };
        std::iter::once(self.method.clone()).chain(also).collect()
    }

    methods! { get => GET, post => POST, put => PUT, patch => PATCH, delete => DELETE }
}

impl Draft<Undecided> {
    fn begin(method: Method, path: &'static str, name: &'static str) -> Self {
        let declaration = Declaration {
            method,
            path,
            name,
            summary: "",
            remark: "",
            tag: "",
            access: Access::Public,
            before_password_change: false,
            status: 200,
            problems: &[],
            actions: &[],
            resources: &[],
            envelope: true,
            media_type: "application/json",
            also: None,
            tagged: false,
            cacheable: false,
            head: false,
            meta: &[],
        };
        Self { declaration, identity: PhantomData }
    }

    fn open<I: Identity>(self, access: Access) -> Draft<I> {
        Draft { declaration: Declaration { access, ..self.declaration }, identity: PhantomData }
    }

    /// Anyone may call it and nobody is looked up.
    pub fn public(self) -> Draft<()> {
        self.open(Access::Public)
    }

    /// Anyone may call it; who sends a valid token is recognised.
    pub fn optional(self) -> Draft<Option<Authenticated>> {
        self.open(Access::Optional)
    }

    /// Anyone signed in may call it.
    pub fn authenticated(self) -> Draft<Authenticated> {
        self.open(Access::Authenticated)
    }

    /// Who holds the permission may call it, and the handler gets the reach.
    pub fn needs(self, permission: Permission) -> Draft<Authorized> {
        self.open(Access::Needs(permission))
    }
}

impl<I: Identity> Draft<I> {
    /// One line for the documentation, and the group it stands in.
    #[must_use]
    pub fn about(mut self, tag: &'static str, summary: &'static str) -> Self {
        (self.declaration.tag, self.declaration.summary) = (tag, summary);
        self
    }

    /// A sentence or two for the documentation, on what the line does not say.
    #[must_use]
    pub fn remark(mut self, remark: &'static str) -> Self {
        self.declaration.remark = remark;
        self
    }

    /// Works while the password has to be changed.
    #[must_use]
    pub fn before_password_change(mut self) -> Self {
        self.declaration.before_password_change = true;
        self
    }

    /// Status of success, where it is not 200.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.declaration.status = status;
        self
    }

    /// Problems of its own.
    #[must_use]
    pub fn fails(mut self, problems: &'static [Code]) -> Self {
        self.declaration.problems = problems;
        self
    }

    /// What it does to the table beside reading the caller: its function's policy.
    #[must_use]
    pub fn touches(mut self, actions: &'static [Action]) -> Self {
        self.declaration.actions = actions;
        self
    }

    /// What else its function needs.
    #[must_use]
    pub fn uses(mut self, resources: &'static [Resource]) -> Self {
        self.declaration.resources = resources;
        self
    }

    /// Answers without the envelope, as this media type.
    #[must_use]
    pub fn bare(mut self, media_type: &'static str) -> Self {
        (self.declaration.envelope, self.declaration.media_type) = (false, media_type);
        self
    }

    /// Another status that the same answer can have.
    #[must_use]
    pub fn also(mut self, status: u16) -> Self {
        self.declaration.also = Some(status);
        self
    }

    /// Answers with the `ETag` of one of the records it shows. Who answers one record need not say so.
    #[must_use]
    pub fn tagged(mut self) -> Self {
        self.declaration.tagged = true;
        self
    }

    /// Answers with an `ETag`, and 304 to who has it.
    #[must_use]
    pub fn cacheable(mut self) -> Self {
        self.declaration.cacheable = true;
        self
    }

    /// Answers HEAD as well, with everything but the body.
    #[must_use]
    pub fn head(mut self) -> Self {
        self.declaration.head = true;
        self
    }

    /// Members of `meta` of its own, with their schemas.
    #[must_use]
    pub fn meta(mut self, members: &'static [MetaMember]) -> Self {
        self.declaration.meta = members;
        self
    }

    fn finish<P: FromPath, Q: Query, B: FromBody, T: Shown>(self, handler: Handler) -> Route {
        Route {
            declaration: self.declaration,
            has_body: B::EXPECTED,
            body: B::schema,
            path_schemas: P::schemas,
            query: Q::parameters,
            answer: <T::Data as Show>::schema,
            kept: <T::Data as Show>::kept,
            is_list: T::LIST,
            handler,
        }
    }

    /// The handler.
    pub fn handle<P, Q, B, T, F, Fut>(self, handler: F) -> Route
    where
        P: FromPath,
        Q: Query + Send + Sync + 'static,
        B: FromBody,
        T: Shown,
        F: Fn(Request<I, P, Q, B>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Rejection>> + Send + 'static,
    {
        self.load(|_: Context<I, P, Q>| async { Ok(()) }).handle(move |call: Request<I, P, Q, B>, ()| handler(call))
    }

    /// What to read while the caller is looked up: one round trip for both. It is given the caller
    /// as the token presents it; where the table disagrees it is read again with the true one, so
    /// the handler always gets what the caller may have.
    pub fn load<P, Q, L, F, Fut>(self, load: F) -> Loading<I, P, Q, L, F>
    where
        F: Fn(Context<I, P, Q>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<L, Rejection>> + Send + 'static,
    {
        Loading { draft: self, load, types: PhantomData }
    }

    /// The same given what was sent: it reads what the body names, and refuses, with all that it finds, what
    /// is at odds with a rule. It looks at whatever did parse of a body, so its wrong fields are named beside
    /// those that did not. It writes nothing.
    pub fn load_sent<P, Q, S, L, F, Fut>(self, load: F) -> LoadingSent<I, P, Q, S, L, F>
    where
        F: Fn(Context<I, P, Q>, Arc<S>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<L, Rejection>> + Send + 'static,
    {
        LoadingSent { draft: self, load, types: PhantomData }
    }
}

/// A route that reads something before its handler runs.
pub struct Loading<I, P, Q, L, F> {
    draft: Draft<I>,
    load: F,
    types: PhantomData<fn(P, Q) -> L>,
}

impl<I, P, Q, L, F, LoadFut> Loading<I, P, Q, L, F>
where
    I: Identity,
    P: FromPath,
    Q: Query + Send + Sync + 'static,
    L: Send + 'static,
    F: Fn(Context<I, P, Q>) -> LoadFut + Clone + Send + Sync + 'static,
    LoadFut: Future<Output = Result<L, Rejection>> + Send + 'static,
{
    /// The handler, given what was loaded.
    pub fn handle<B, T, H, Fut>(self, handler: H) -> Route
    where
        B: FromBody,
        T: Shown,
        H: Fn(Request<I, P, Q, B>, L) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Rejection>> + Send + 'static,
    {
        let load = self.load;
        self.draft.load_sent(move |seen: Context<I, P, Q>, _: Arc<B::Sent>| load(seen)).handle(handler)
    }
}

/// A route that looks at what was sent before its handler runs.
pub struct LoadingSent<I, P, Q, S, L, F> {
    draft: Draft<I>,
    load: F,
    types: PhantomData<fn(P, Q, S) -> L>,
}

impl<I, P, Q, S, L, F, LoadFut> LoadingSent<I, P, Q, S, L, F>
where
    I: Identity,
    P: FromPath,
    Q: Query + Send + Sync + 'static,
    S: Send + Sync + 'static,
    L: Send + 'static,
    F: Fn(Context<I, P, Q>, Arc<S>) -> LoadFut + Clone + Send + Sync + 'static,
    LoadFut: Future<Output = Result<L, Rejection>> + Send + 'static,
{
    /// The handler, given what was loaded.
    pub fn handle<B, T, H, Fut>(self, handler: H) -> Route
    where
        B: FromBody<Sent = S>,
        T: Shown,
        H: Fn(Request<I, P, Q, B>, L) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Rejection>> + Send + 'static,
    {
        let load = self.load;
        let erased: Handler = Arc::new(move |app, incoming| {
            let (load, handler) = (load.clone(), handler.clone());
            Box::pin(async move { respond::<I, P, Q, B, L, T, _, _, _, _>(app, incoming, load, handler).await })
        });
        self.draft.finish::<P, Q, B, T>(erased)
    }
}
