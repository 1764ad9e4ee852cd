//! How calls are made up: forms whose fields are filled at random, and shrink to fewer and simpler
//! fields when a sequence of calls fails.

use crate::model::calendar::later;
use crate::model::call::{Act, Call, NEVER, NO_ID, WRONG};
use crate::model::world::{PEOPLE, TODAY, World};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::{Value, json};

/// What a part of a form fills in: names and values, mostly one or none.
type Part<T> = BoxedStrategy<Vec<(&'static str, T)>>;

/// How calls of one act are made up. Parts that come later win.
pub struct Form {
    id: BoxedStrategy<(String, Option<u64>)>,
    /// How far the version in `If-Match` is off, where there is one.
    off: BoxedStrategy<Option<i64>>,
    query: Vec<Part<String>>,
    body: Vec<Part<Value>>,
}

impl Form {
    /// About nothing that exists.
    pub fn new() -> Self {
        Self { id: Just((String::new(), None)).boxed(), off: Just(None).boxed(), query: Vec::new(), body: Vec::new() }
    }

    /// About one of these records, of which the versions are known; seldom about one that is gone, or
    /// about nothing.
    pub fn about(world: &World, known: Vec<(String, u64)>) -> Self {
        let versions = known.clone();
        let ids = a_record(world, known.into_iter().map(|(id, _)| id).collect(), &[NEVER, NO_ID]);
        let version = move |id: &String| versions.iter().find(|(known, _)| known == id).map(|(_, version)| *version);
        Self { id: ids.prop_map(move |id| (id.clone(), version(&id))).boxed(), ..Self::new() }
    }

    /// With the record's version in `If-Match` now and then, seldom a wrong one.
    pub fn guarded(self) -> Self {
        Self { off: weighted(0.4, select(vec![0, 0, 1, -1])).boxed(), ..self }
    }

    /// A field of the body.
    pub fn field<V: Into<Value>>(self, chance: f64, name: &'static str, value: impl Strategy<Value = V> + 'static) -> Self {
        self.fields(weighted(chance, value.prop_map(move |value| (name, value.into()))).prop_map(|part| part.into_iter().collect()))
    }

    /// Some fields of the body.
    pub fn fields(mut self, part: impl Strategy<Value = Vec<(&'static str, Value)>> + 'static) -> Self {
        self.body.push(part.boxed());
        self
    }

    /// A query parameter.
    pub fn query<V: Into<String>>(self, chance: f64, name: &'static str, value: impl Strategy<Value = V> + 'static) -> Self {
        self.queries(weighted(chance, value.prop_map(move |value| (name, value.into()))).prop_map(|part| part.into_iter().collect()))
    }

    /// Some query parameters.
    pub fn queries(mut self, part: impl Strategy<Value = Vec<(&'static str, String)>> + 'static) -> Self {
        self.query.push(part.boxed());
        self
    }

    /// A mistake now and then: one of these fields is what it cannot be.
    pub fn spoilt(self, fields: &'static [&'static str]) -> Self {
        self.fields(weighted(0.04, select(fields)).prop_map(|field| field.map(|field| (field, json!(WRONG))).into_iter().collect()))
    }

    /// A mistake now and then: one of these fields is null.
    pub fn nulled(self, fields: &'static [&'static str]) -> Self {
        self.fields(weighted(0.03, select(fields)).prop_map(|field| field.map(|field| (field, Value::Null)).into_iter().collect()))
    }

    /// The same for a query parameter.
    pub fn spoilt_query(self, name: &'static str) -> Self {
        self.query(0.03, name, Just(WRONG))
    }

    /// Calls of an act; `name` is for what it makes.
    pub fn calls(self, act: &'static Act, name: String) -> BoxedStrategy<Call> {
        let who = select(vec!["admin", "admin", "admin", "manager", "manager", "manager", "manager", "rep", "rep", "rep", "rep", "stranger"]);
        (who, self.id, self.off, self.query, self.body)
            .prop_map(move |(who, (id, version), off, query, body)| {
                let tag = version.zip(off).map(|(version, off)| version.saturating_add_signed(off));
                let mut call = Call {
                    who,
                    act,
                    id,
                    query: Vec::new(),
                    body: body.into_iter().flatten().map(|(n, v)| (n.to_owned(), v)).collect(),
                    tag,
                    makes: name.clone(),
                };
                for (name, value) in query.into_iter().flatten() {
                    call.query.retain(|(known, _)| known != name);
                    call.query.push((name.to_owned(), value));
                }
                call
            })
            .boxed()
    }
}

/// The name of a record, seldom one that is gone, or one of these.
fn a_record(world: &World, known: Vec<String>, never: &'static [&'static str]) -> BoxedStrategy<String> {
    let none = select(never).prop_map(str::to_owned).boxed();
    if known.is_empty() {
        return none;
    }
    let newest = known[known.len() / 2..].to_vec();
    let mut choice = vec![(19, select(newest).boxed()), (18, select(known).boxed()), (2, none)];
    if !world.gone.is_empty() {
        choice.push((1, select(world.gone.clone()).boxed()));
    }
    Union::new_weighted(choice).boxed()
}

/// The name of a record for a body or a query, where no id at all is another mistake.
pub fn reference(world: &World, known: impl Iterator<Item = String>) -> BoxedStrategy<String> {
    a_record(world, known.collect(), &[NEVER])
}

/// One of these texts.
pub fn one_of(texts: &'static [&'static str]) -> BoxedStrategy<&'static str> {
    select(texts).boxed()
}

/// The same or null.
pub fn or_null<V: Into<Value> + 'static>(value: impl Strategy<Value = V> + 'static) -> BoxedStrategy<Value> {
    prop_oneof![3 => value.prop_map(Into::into), 1 => Just(Value::Null)].boxed()
}

/// Somebody, seldom nobody that is known.
pub fn somebody() -> BoxedStrategy<&'static str> {
    prop_oneof![19 => select(PEOPLE.map(|person| person.name).to_vec()), 1 => Just(NEVER)].boxed()
}

/// A date around today, at the edges and in the middle of the day.
pub fn date() -> BoxedStrategy<String> {
    let days = select(vec![0, 0, 0, -1, -1, -2, -40, 1, 6, 7, 8, 30]);
    let time = select(vec!["T12:00:00.000Z", "T00:00:00.000Z", "T23:59:59.999Z"]);
    (days, time).prop_map(|(days, time)| format!("{}{time}", later(TODAY, days))).boxed()
}

/// A day around today.
pub fn day() -> BoxedStrategy<String> {
    select(vec![0, -1, -2, 1, 7]).prop_map(|days| later(TODAY, days)).boxed()
}

pub fn word() -> BoxedStrategy<String> {
    (0..6).prop_map(|number| format!("Word {number}")).boxed()
}

/// An e-mail address that records share.
pub fn email(place: usize) -> String {
    format!("contact{place}@model.example")
}

pub fn some_email() -> BoxedStrategy<Value> {
    let shared = (0..24usize).prop_map(|place| json!(email(place)));
    let loud = (0..9usize).prop_map(|place| json!(email(place).to_uppercase()));
    prop_oneof![8 => shared, 1 => loud, 1 => Just(Value::Null)].boxed()
}

pub fn some_phone() -> BoxedStrategy<Value> {
    prop_oneof![4 => (10..34).prop_map(|end| json!(format!("+49300000{end}"))), 1 => Just(Value::Null)].boxed()
}

/// Names and contact data of a lead.
pub fn contact(form: Form, chance: f64) -> Form {
    let form = ["firstName", "lastName", "company", "description"].into_iter().fold(form, |form, name| form.field(chance, name, or_null(word())));
    form.field(chance, "email", some_email()).field(chance, "phone", some_phone())
}

/// Says whether duplicates are fine, half of the time.
pub fn duplicates(form: Form) -> Form {
    form.query(0.5, "allowDuplicate", one_of(&["true", "true", "false"]))
}

/// How a list is cut into pages.
pub fn paged(form: Form) -> Form {
    form.queries(one_of(&["100", "20", "7", "3", "2"]).prop_map(|limit| vec![("limit", limit.to_owned())]))
}
