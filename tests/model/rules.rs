//! A plain model of leads, customers, follow-ups and tasks: what the CRM must answer to a call,
//! written down again from the rules and without the CRM's own code.

use crate::model::calendar::later;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The id of nothing.
pub const NEVER: &str = "01900000-0000-7000-8000-000000000000";
/// A path parameter that is no id.
pub const NO_ID: &str = "nothing";
/// A value that no field but a text takes.
pub const WRONG: &str = "?";
/// Stands for any value but null.
pub const ANY: &str = "*";

/// What somebody is in the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Admin,
    Manager,
    Rep,
}

/// A user.
#[derive(Debug, Clone)]
pub struct Person {
    pub name: &'static str,
    pub id: String,
    pub team: Option<String>,
    pub role: Role,
    pub active: bool,
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    CreateLead,
    ListLeads,
    GetLead,
    UpdateLead,
    DeleteLead,
    MoveLead,
    AssignLead,
    ConvertLead,
    GetCustomer,
    UpdateCustomer,
    DeleteCustomer,
    AssignCustomer,
    CreateFollowUp,
    ListFollowUps,
    GetFollowUp,
    UpdateFollowUp,
    DeleteFollowUp,
    CreateTask,
    ListTasks,
    GetTask,
    UpdateTask,
    MoveTask,
    DeleteTask,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who calls, by the place among the people.
    pub who: usize,
    pub act: Act,
    /// The record of the path, where there is one.
    pub id: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Map<String, Value>,
    /// The version that `If-Match` names.
    pub tag: Option<u64>,
}

impl Call {
    /// The method.
    pub fn method(&self) -> &'static str {
        use Act::*;
        match self.act {
            CreateLead | ConvertLead | CreateFollowUp | CreateTask => "POST",
            ListLeads | GetLead | GetCustomer | ListFollowUps | GetFollowUp | ListTasks | GetTask => "GET",
            UpdateLead | MoveLead | AssignLead | UpdateCustomer | AssignCustomer | UpdateFollowUp | UpdateTask | MoveTask => "PATCH",
            DeleteLead | DeleteCustomer | DeleteFollowUp | DeleteTask => "DELETE",
        }
    }

    /// The path with its query.
    pub fn path(&self) -> String {
        use Act::*;
        let id = &self.id;
        let path = match self.act {
            CreateLead | ListLeads => "/leads".to_owned(),
            GetLead | UpdateLead | DeleteLead => format!("/leads/{id}"),
            MoveLead => format!("/leads/{id}/status"),
            AssignLead => format!("/leads/{id}/assign"),
            ConvertLead => format!("/leads/{id}/convert"),
            GetCustomer | UpdateCustomer | DeleteCustomer => format!("/customers/{id}"),
            AssignCustomer => format!("/customers/{id}/assign"),
            CreateFollowUp | ListFollowUps => "/follow-ups".to_owned(),
            GetFollowUp | UpdateFollowUp | DeleteFollowUp => format!("/follow-ups/{id}"),
            CreateTask | ListTasks => "/tasks".to_owned(),
            GetTask | UpdateTask | DeleteTask => format!("/tasks/{id}"),
            MoveTask => format!("/tasks/{id}/status"),
        };
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    /// The body to send, where the method takes one.
    pub fn json(&self) -> Option<Value> {
        let sent = matches!(self.method(), "POST" | "PATCH") && !(self.act == Act::ConvertLead && self.body.is_empty());
        sent.then(|| Value::Object(self.body.clone()))
    }

    /// A query parameter.
    fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }

    fn allows_duplicate(&self) -> Option<bool> {
        self.asked("allowDuplicate").map(|value| value == "true")
    }

    /// A text of the body; absent and null are the same.
    fn given(&self, name: &str) -> Option<String> {
        self.body.get(name).and_then(Value::as_str).map(str::to_owned)
    }
}

/// What must be so some moments later: a path that an administrator reads, and what it answers;
/// `None` is 404.
pub type After = (String, Option<Value>);

/// What the CRM has to answer.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    pub status: u16,
    /// The code of a problem.
    pub code: &'static str,
    /// The pointers of a problem, sorted.
    pub pointers: Vec<String>,
    /// Members that the data of a success, or the problem, must have.
    pub members: Value,
    /// The rows of a list, over all its pages.
    pub rows: Option<Vec<Value>>,
    /// The version in the `ETag`.
    pub version: Option<u64>,
}

impl Expected {
    fn ok(members: Value, version: u64) -> Self {
        Self { status: 200, members, version: Some(version), ..Self::default() }
    }

    fn created(members: Value) -> Self {
        Self { status: 201, ..Self::ok(members, 1) }
    }

    fn nothing() -> Self {
        Self { status: 204, ..Self::default() }
    }

    fn rows(rows: Vec<Value>) -> Self {
        Self { status: 200, rows: Some(rows), ..Self::default() }
    }

    fn problem(status: u16, code: &'static str) -> Self {
        Self { status, code, ..Self::default() }
    }

    fn forbidden() -> Self {
        Self::problem(403, "FORBIDDEN")
    }

    fn not_found() -> Self {
        Self::problem(404, "NOT_FOUND")
    }

    fn wrong(pointers: &[&str]) -> Self {
        let mut pointers: Vec<String> = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
        pointers.sort_unstable();
        Self { pointers, ..Self::problem(422, "VALIDATION") }
    }

    fn refused(code: &'static str, allowed: &[&str]) -> Self {
        Self { members: json!({"allowed": allowed}), ..Self::problem(409, code) }
    }

    fn converted(customer: &str) -> Self {
        Self { members: json!({"customerId": customer}), ..Self::problem(409, "LEAD_CONVERTED") }
    }
}

/// An answer that is predicted, or the one that ends the call before.
type Answer = Result<Expected, Expected>;

/// What a permission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Right {
    ReadLeads,
    UpdateLeads,
    DeleteLeads,
    PurgeLeads,
    AssignLeads,
    ConvertLeads,
    ReadCustomers,
    UpdateCustomers,
    DeleteCustomers,
    AssignCustomers,
    FollowUps,
    Tasks,
    /// Everybody may, whatever it is about.
    Everybody,
}

impl Right {
    /// Whether a role has it at all.
    fn held_by(self, role: Role) -> bool {
        match role {
            Role::Admin => true,
            Role::Manager => self != Self::PurgeLeads,
            Role::Rep => !matches!(self, Self::PurgeLeads | Self::AssignLeads | Self::DeleteCustomers | Self::AssignCustomers),
        }
    }

    /// Whether a manager has it for what nobody owns.
    fn covers_pool(self) -> bool {
        matches!(self, Self::ReadLeads | Self::UpdateLeads | Self::AssignLeads | Self::ReadCustomers | Self::AssignCustomers)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    pub id: String,
    created: String,
    title: String,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    description: Option<String>,
    pub status: &'static str,
    close_reason: Option<String>,
    close_note: Option<String>,
    pub owner: Option<String>,
    pub archived: bool,
    pub customer: Option<String>,
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    pub id: String,
    name: String,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    owner: Option<String>,
    archived: bool,
    from_lead: Option<String>,
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FollowUp {
    pub id: String,
    lead: Option<String>,
    customer: Option<String>,
    due: String,
    notes: Option<String>,
    pub status: &'static str,
    assignee: String,
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub id: String,
    created: String,
    title: String,
    description: Option<String>,
    pub status: &'static str,
    priority: String,
    due: Option<String>,
    owner: String,
    customer: Option<String>,
    lead: Option<String>,
    recurrence: Value,
    pub version: u64,
}

impl Task {
    fn is_open(&self) -> bool {
        matches!(self.status, "TODO" | "IN_PROGRESS")
    }
}

/// A record whose id and time of creation only the CRM's answer tells.
#[derive(Clone)]
enum Unborn {
    Lead(Lead),
    FollowUp(FollowUp),
    Task(Task),
    Conversion { lead: String, customer: Box<Customer> },
}

/// Everything the model knows.
#[derive(Clone)]
pub struct World {
    pub people: Vec<Person>,
    /// The date on which everything happens.
    pub today: String,
    pub leads: BTreeMap<String, Lead>,
    pub customers: BTreeMap<String, Customer>,
    pub follow_ups: BTreeMap<String, FollowUp>,
    pub tasks: BTreeMap<String, Task>,
    /// The ids of what was deleted.
    pub gone: Vec<String>,
    unborn: Option<Unborn>,
    after: Vec<After>,
}

/// The statuses of a lead and where each leads.
const LEAD_MOVES: [(&str, &[&str]); 6] = [
    ("NEW", &["CONTACTED", "IN_PROGRESS", "QUALIFIED", "CLOSED"]),
    ("CONTACTED", &["IN_PROGRESS", "QUALIFIED", "CLOSED"]),
    ("IN_PROGRESS", &["CONTACTED", "QUALIFIED", "CLOSED"]),
    ("QUALIFIED", &["IN_PROGRESS", "CLOSED"]),
    ("CLOSED", &["NEW", "IN_PROGRESS"]),
    ("CONVERTED", &[]),
];

/// The same of a task.
const TASK_MOVES: [(&str, &[&str]); 4] =
    [("TODO", &["IN_PROGRESS", "DONE", "CANCELLED"]), ("IN_PROGRESS", &["TODO", "DONE", "CANCELLED"]), ("DONE", &["TODO"]), ("CANCELLED", &["TODO"])];

/// The same of a follow-up.
const FOLLOW_UP_MOVES: [(&str, &[&str]); 3] = [("PENDING", &["COMPLETED", "CANCELLED"]), ("COMPLETED", &[]), ("CANCELLED", &[])];

/// A status as its table has it, and where it leads.
fn moves(table: &[(&'static str, &'static [&'static str])], status: &str) -> (&'static str, &'static [&'static str]) {
    *table.iter().find(|(name, _)| *name == status).expect("a status")
}

/// Sets an optional text that the body names.
fn patch(slot: &mut Option<String>, call: &Call, name: &str) {
    if let Some(value) = call.body.get(name) {
        *slot = value.as_str().map(str::to_owned);
    }
}

/// Sets a text that the body names.
fn put(slot: &mut String, call: &Call, name: &str) {
    if let Some(value) = call.given(name) {
        *slot = value;
    }
}

/// The e-mail address of the body, as it is kept.
fn patch_email(slot: &mut Option<String>, call: &Call) {
    patch(slot, call, "email");
    *slot = slot.take().map(|address| address.to_lowercase());
}

/// The wrong fields of a call by their form alone.
fn check_form(call: &Call) -> Result<(), Expected> {
    if call.id == NO_ID {
        return Err(Expected::not_found());
    }
    let required: &[&str] = match call.act {
        Act::MoveLead | Act::MoveTask => &["status"],
        Act::CreateFollowUp => &["dueAt"],
        Act::CreateTask => &["title"],
        _ => &[],
    };
    let never_null: &[&str] = match call.act {
        Act::UpdateFollowUp => &["status", "dueAt", "assigneeId"],
        Act::UpdateTask => &["title", "priority", "ownerId"],
        _ => &[],
    };
    let mut pointers: Vec<String> = call.query.iter().filter(|(_, value)| value == WRONG).map(|(name, _)| format!("?{name}")).collect();
    let wrong = |(name, value): &(&String, &Value)| *value == WRONG || (value.is_null() && never_null.contains(&name.as_str()));
    pointers.extend(call.body.iter().filter(wrong).map(|(name, _)| format!("/{name}")));
    pointers.extend(required.iter().filter(|name| !call.body.contains_key(**name)).map(|name| format!("/{name}")));
    if pointers.is_empty() {
        return Ok(());
    }
    let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
    Err(Expected::wrong(&pointers))
}

/// Refuses a change to another version than `If-Match` names.
fn check_version(call: &Call, version: u64) -> Result<(), Expected> {
    match call.tag {
        Some(tag) if tag != version => Err(Expected { members: json!({"version": version}), ..Expected::problem(412, "VERSION_MISMATCH") }),
        _ => Ok(()),
    }
}

/// Refuses a change of a lead that was converted.
fn check_unconverted(lead: &Lead) -> Result<(), Expected> {
    lead.customer.as_deref().map_or(Ok(()), |customer| Err(Expected::converted(customer)))
}

/// What the records of a list are ordered by.
type Order = (String, String);

/// The rows in order, last first where so asked.
fn in_order<'a, T: 'a>(rows: impl Iterator<Item = &'a T>, order: impl Fn(&T) -> Order, descending: bool) -> Vec<&'a T> {
    let mut rows: Vec<&T> = rows.collect();
    rows.sort_by_key(|row| order(row));
    if descending {
        rows.reverse();
    }
    rows
}

impl World {
    /// A world of these people on this date.
    pub fn new(people: Vec<Person>, today: String) -> Self {
        Self {
            people,
            today,
            leads: BTreeMap::new(),
            customers: BTreeMap::new(),
            follow_ups: BTreeMap::new(),
            tasks: BTreeMap::new(),
            gone: Vec::new(),
            unborn: None,
            after: Vec::new(),
        }
    }

    /// A customer that was there from the beginning.
    pub fn add_customer(&mut self, shown: &Value) {
        let text = |name: &str| shown[name].as_str().map(str::to_owned);
        let id = text("id").expect("an id");
        let customer = Customer {
            id: id.clone(),
            name: text("name").expect("a name"),
            first_name: None,
            last_name: None,
            company: None,
            email: text("email"),
            phone: text("phone"),
            owner: text("ownerId"),
            archived: false,
            from_lead: None,
            version: 1,
        };
        self.customers.insert(id, customer);
    }

    fn team(&self, user: Option<&str>) -> Option<&str> {
        self.people.iter().find(|person| Some(person.id.as_str()) == user).and_then(|person| person.team.as_deref())
    }

    fn holds(&self, who: usize, right: Right) -> bool {
        right.held_by(self.people[who].role)
    }

    /// Whether what this person owns, or nobody, is inside what the caller's right covers.
    fn covers(&self, who: usize, right: Right, owner: Option<&str>) -> bool {
        let caller = &self.people[who];
        if !self.holds(who, right) {
            return false;
        }
        let own = owner == Some(caller.id.as_str());
        match caller.role {
            Role::Admin => true,
            Role::Rep => own,
            Role::Manager if owner.is_none() => right.covers_pool(),
            Role::Manager => own || (self.team(owner).is_some() && self.team(owner) == caller.team.as_deref()),
        }
    }

    /// Who decides about the reach of a lead: its owner, or that of the customer it became.
    fn keeper(&self, lead: &Lead) -> Option<String> {
        match &lead.customer {
            Some(customer) => self.customers[customer].owner.clone(),
            None => lead.owner.clone(),
        }
    }

    /// Whether a lead is there and inside.
    fn sees_lead(&self, who: usize, right: Right, id: &str) -> bool {
        self.leads.get(id).is_some_and(|lead| self.covers(who, right, self.keeper(lead).as_deref()))
    }

    /// Whether a customer is there and inside.
    fn sees_customer(&self, who: usize, right: Right, id: &str) -> bool {
        self.customers.get(id).is_some_and(|customer| self.covers(who, right, customer.owner.as_deref()))
    }

    /// Whether the caller may give a record to this person.
    fn check_assignable(&self, who: usize, right: Right, person: &str, pointer: &str) -> Result<(), Expected> {
        let active = self.people.iter().any(|known| known.id == person && known.active);
        if active && self.covers(who, right, Some(person)) { Ok(()) } else { Err(Expected::wrong(&[pointer])) }
    }

    /// The answer to a call. A success changes the model, which [`World::settle`] completes.
    pub fn answer(&mut self, call: &Call) -> Expected {
        self.unborn = None;
        self.after.clear();
        match self.decide(call) {
            Ok(expected) | Err(expected) => expected,
        }
    }

    fn decide(&mut self, call: &Call) -> Answer {
        use Act::*;
        let right = match call.act {
            ListLeads | GetLead => Right::ReadLeads,
            UpdateLead | MoveLead => Right::UpdateLeads,
            DeleteLead => Right::DeleteLeads,
            AssignLead => Right::AssignLeads,
            ConvertLead => Right::ConvertLeads,
            GetCustomer => Right::ReadCustomers,
            UpdateCustomer => Right::UpdateCustomers,
            DeleteCustomer => Right::DeleteCustomers,
            AssignCustomer => Right::AssignCustomers,
            CreateFollowUp | ListFollowUps | GetFollowUp | UpdateFollowUp | DeleteFollowUp => Right::FollowUps,
            ListTasks | GetTask | UpdateTask | MoveTask | DeleteTask => Right::Tasks,
            CreateLead | CreateTask => Right::Everybody,
        };
        if !self.holds(call.who, right) {
            return Err(Expected::forbidden());
        }
        check_form(call)?;
        let lead = || self.leads.get(&call.id).filter(|_| self.sees_lead(call.who, right, &call.id)).cloned().ok_or_else(Expected::not_found);
        let customer =
            || self.customers.get(&call.id).filter(|_| self.sees_customer(call.who, right, &call.id)).cloned().ok_or_else(Expected::not_found);
        let follow_up = || {
            let found = self.follow_ups.get(&call.id).filter(|found| self.covers(call.who, right, Some(&found.assignee)));
            found.cloned().ok_or_else(Expected::not_found)
        };
        let task = || {
            let found = self.tasks.get(&call.id).filter(|found| self.covers(call.who, right, Some(&found.owner)));
            found.cloned().ok_or_else(Expected::not_found)
        };
        match call.act {
            CreateLead => self.create_lead(call),
            ListLeads => Ok(self.list_leads(call)),
            GetLead => lead().map(|lead| Expected::ok(self.lead_page(&lead), lead.version)),
            UpdateLead => lead().and_then(|lead| self.update_lead(call, lead)),
            DeleteLead => lead().and_then(|lead| self.delete_lead(call, lead)),
            MoveLead => lead().and_then(|lead| self.move_lead(call, lead)),
            AssignLead => lead().and_then(|lead| self.assign_lead(call, lead)),
            ConvertLead => lead().and_then(|lead| self.convert_lead(call, &lead)),
            GetCustomer => customer().map(|customer| Expected::ok(self.customer_page(&customer), customer.version)),
            UpdateCustomer => customer().and_then(|customer| self.update_customer(call, customer)),
            DeleteCustomer => customer().and_then(|customer| self.delete_customer(call, customer)),
            AssignCustomer => customer().and_then(|customer| self.assign_customer(call, customer)),
            CreateFollowUp => self.create_follow_up(call),
            ListFollowUps => self.list_follow_ups(call),
            GetFollowUp => self.get_follow_up(call),
            UpdateFollowUp => follow_up().and_then(|follow_up| self.update_follow_up(call, follow_up)),
            DeleteFollowUp => follow_up().and_then(|follow_up| self.delete_follow_up(call, &follow_up)),
            CreateTask => self.create_task(call),
            ListTasks => self.list_tasks(call),
            GetTask => self.get_task(call),
            UpdateTask => task().and_then(|task| self.update_task(call, task)),
            MoveTask => task().and_then(|task| self.move_task(call, task)),
            DeleteTask => task().and_then(|task| self.delete_task(call, &task)),
        }
    }

    /// Whether a call would be turned away for who makes it or what it names, of which random calls
    /// have too many.
    pub fn is_turned_away(&self, call: &Call) -> bool {
        matches!(self.clone().answer(call).status, 403 | 404 | 422)
    }

    /// The leads that follow-ups and tasks hang under.
    pub fn leads_with_work(&self) -> Vec<String> {
        let follow_ups = self.follow_ups.values().filter_map(|follow_up| follow_up.lead.clone());
        follow_ups.chain(self.tasks.values().filter_map(|task| task.lead.clone())).collect()
    }

    /// Completes a success with what only the answer tells, and says what follows in the background.
    pub fn settle(&mut self, data: &Value) -> Vec<After> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (id, created) = (text(&data["id"]), text(&data["createdAt"]));
        match self.unborn.take() {
            Some(Unborn::Lead(lead)) => drop(self.leads.insert(id.clone(), Lead { id, created, ..lead })),
            Some(Unborn::FollowUp(follow_up)) => drop(self.follow_ups.insert(id.clone(), FollowUp { id, ..follow_up })),
            Some(Unborn::Task(task)) => drop(self.tasks.insert(id.clone(), Task { id, created, ..task })),
            Some(Unborn::Conversion { lead, customer }) => {
                let id = text(&data["customer"]["id"]);
                self.customers.insert(id.clone(), Customer { id: id.clone(), ..*customer });
                self.finish_conversion(&lead, &id);
            }
            None => {}
        }
        std::mem::take(&mut self.after)
    }

    // Leads.

    /// The title of a lead that was given none.
    fn built_title(lead: &Lead) -> Option<String> {
        let name = match (&lead.first_name, &lead.last_name) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (None, last) => last.clone(),
            (Some(_), None) => None,
        };
        name.or_else(|| lead.company.clone()).or_else(|| lead.email.clone()).or_else(|| lead.phone.clone())
    }

    /// Which e-mail address and phone number a lead stands in the way of others with.
    fn lead_contacts(lead: &Lead) -> [Option<String>; 2] {
        let stands = !lead.archived && !matches!(lead.status, "CLOSED" | "CONVERTED");
        [&lead.email, &lead.phone].map(|value| value.clone().filter(|_| stands))
    }

    fn customer_contacts(customer: &Customer) -> [Option<String>; 2] {
        [&customer.email, &customer.phone].map(|value| value.clone().filter(|_| !customer.archived))
    }

    /// Refuses contact data that is new to a record and that another has: for a lead any lead or
    /// customer, for a customer other customers.
    fn check_duplicates(&self, who: usize, old: &[Option<String>; 2], new: &[Option<String>; 2], is_lead: bool) -> Result<(), Expected> {
        let (mut customers, mut leads) = (Vec::new(), Vec::new());
        for field in 0..2 {
            if new[field].is_none() || old[field] == new[field] {
                continue;
            }
            customers.extend(self.customers.values().filter(|other| Self::customer_contacts(other)[field] == new[field]).map(|other| &other.id));
            if is_lead {
                leads.extend(self.leads.values().filter(|other| Self::lead_contacts(other)[field] == new[field]).map(|other| &other.id));
            }
        }
        for list in [&mut customers, &mut leads] {
            list.sort_unstable();
            list.dedup();
        }
        let count = customers.len() + leads.len();
        if count == 0 {
            return Ok(());
        }
        customers.retain(|id| self.sees_customer(who, Right::ReadCustomers, id));
        leads.retain(|id| self.sees_lead(who, Right::ReadLeads, id));
        let visible: Vec<&String> = customers.into_iter().chain(leads).collect();
        let hidden = count - visible.len();
        Err(Expected { members: json!({"matches": {"ids": visible, "hidden": hidden}}), ..Expected::problem(409, "DUPLICATE") })
    }

    fn check_lead_duplicates(&self, call: &Call, old: Option<&Lead>, new: &Lead) -> Result<(), Expected> {
        if call.allows_duplicate() == Some(true) {
            return Ok(());
        }
        self.check_duplicates(call.who, &old.map(Self::lead_contacts).unwrap_or_default(), &Self::lead_contacts(new), true)
    }

    fn show_lead(&self, lead: &Lead) -> Value {
        json!({
            "id": lead.id,
            "title": lead.title,
            "firstName": lead.first_name,
            "lastName": lead.last_name,
            "company": lead.company,
            "email": lead.email,
            "phone": lead.phone,
            "status": lead.status,
            "closeReason": lead.close_reason,
            "closeNote": lead.close_note,
            "ownerId": lead.owner,
            "teamId": self.team(lead.owner.as_deref()),
            "archived": lead.archived,
            "archivedAt": lead.archived.then_some(ANY),
            "convertedCustomerId": lead.customer,
            "convertedAt": lead.customer.as_ref().map(|_| ANY),
            "createdAt": lead.created,
            "version": lead.version,
        })
    }

    /// With the members that only a single lead has.
    fn whole_lead(&self, lead: &Lead) -> Value {
        let mut shown = self.show_lead(lead);
        shown["description"] = json!(lead.description);
        shown
    }

    /// The page of a lead: with what stands beside it.
    pub fn lead_page(&self, lead: &Lead) -> Value {
        let pending = self.pending(|follow_up| follow_up.lead.as_ref() == Some(&lead.id));
        let open = self.tasks.values().filter(|task| task.is_open() && task.lead.as_ref() == Some(&lead.id)).count();
        let mut shown = self.whole_lead(lead);
        shown["counts"] = json!({"activities": 0, "followUpsPending": pending.len(), "tasksOpen": open});
        shown["latestNotes"] = json!([]);
        Self::show_next(&mut shown, &pending);
        shown
    }

    /// The pending follow-ups of a parent, the earliest first.
    fn pending(&self, of_parent: impl Fn(&FollowUp) -> bool) -> Vec<&FollowUp> {
        let pending = self.follow_ups.values().filter(|follow_up| follow_up.status == "PENDING" && of_parent(follow_up));
        in_order(pending, |follow_up| (follow_up.due.clone(), follow_up.id.clone()), false)
    }

    fn show_next(shown: &mut Value, pending: &[&FollowUp]) {
        let next = pending.first();
        shown["nextFollowUp"] = next.map_or(Value::Null, |next| json!({"id": next.id, "dueAt": next.due, "assigneeId": next.assignee}));
        shown["nextFollowUpAt"] = json!(next.map(|next| &next.due));
    }

    fn create_lead(&mut self, call: &Call) -> Answer {
        let caller = self.people[call.who].id.clone();
        let mut lead = Lead {
            id: ANY.to_owned(),
            created: ANY.to_owned(),
            title: String::new(),
            first_name: call.given("firstName"),
            last_name: call.given("lastName"),
            company: call.given("company"),
            email: call.given("email").map(|address| address.to_lowercase()),
            phone: call.given("phone"),
            description: call.given("description"),
            status: "NEW",
            close_reason: None,
            close_note: None,
            owner: None,
            archived: false,
            customer: None,
            version: 1,
        };
        lead.title = call.given("title").or_else(|| Self::built_title(&lead)).ok_or_else(|| Expected::wrong(&["/title"]))?;
        lead.owner = match call.body.get("ownerId").map(Value::as_str) {
            None => Some(caller),
            Some(Some(owner)) if owner == caller => Some(caller),
            Some(_) if !self.holds(call.who, Right::AssignLeads) => return Err(Expected::forbidden()),
            Some(Some(owner)) => {
                self.check_assignable(call.who, Right::AssignLeads, owner, "/ownerId")?;
                Some(owner.to_owned())
            }
            Some(None) => None,
        };
        self.check_lead_duplicates(call, None, &lead)?;
        let shown = self.whole_lead(&lead);
        self.unborn = Some(Unborn::Lead(lead));
        Ok(Expected::created(shown))
    }

    /// Keeps a changed lead; what did not change stays at its version.
    fn keep_lead(&mut self, old: &Lead, mut new: Lead) -> Expected {
        new.version += u64::from(*old != new);
        let expected = Expected::ok(self.whole_lead(&new), new.version);
        self.leads.insert(new.id.clone(), new);
        expected
    }

    fn update_lead(&mut self, call: &Call, old: Lead) -> Answer {
        check_version(call, old.version)?;
        check_unconverted(&old)?;
        let mut new = old.clone();
        patch(&mut new.first_name, call, "firstName");
        patch(&mut new.last_name, call, "lastName");
        patch(&mut new.company, call, "company");
        patch_email(&mut new.email, call);
        patch(&mut new.phone, call, "phone");
        patch(&mut new.description, call, "description");
        let mut wrong = Vec::new();
        if let Some(title) = call.body.get("title") {
            match title.as_str().map(str::to_owned).or_else(|| Self::built_title(&new)) {
                Some(title) => new.title = title,
                None => wrong.push("/title"),
            }
        }
        match call.body.get("archived").and_then(Value::as_bool) {
            Some(true) if !old.archived => wrong.push("/archived"),
            Some(false) => new.archived = false,
            _ => {}
        }
        if !wrong.is_empty() {
            return Err(Expected::wrong(&wrong));
        }
        self.check_lead_duplicates(call, Some(&old), &new)?;
        Ok(self.keep_lead(&old, new))
    }

    fn move_lead(&mut self, call: &Call, old: Lead) -> Answer {
        let (to, _) = moves(&LEAD_MOVES, &call.given("status").unwrap_or_default());
        let reasons: Vec<&str> = ["closeReason", "closeNote"].into_iter().filter(|name| call.given(name).is_some()).collect();
        if to != "CLOSED" && !reasons.is_empty() {
            let pointers: Vec<String> = reasons.iter().map(|name| format!("/{name}")).collect();
            return Err(Expected::wrong(&pointers.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        check_version(call, old.version)?;
        check_unconverted(&old)?;
        let (from, allowed) = moves(&LEAD_MOVES, old.status);
        if from == to {
            return Ok(Expected::ok(self.whole_lead(&old), old.version));
        }
        if !allowed.contains(&to) {
            return Err(Expected::refused("LEAD_TRANSITION", allowed));
        }
        let new = Lead { status: to, close_reason: call.given("closeReason"), close_note: call.given("closeNote"), ..old.clone() };
        self.check_lead_duplicates(call, Some(&old), &new)?;
        Ok(self.keep_lead(&old, new))
    }

    fn assign_lead(&mut self, call: &Call, old: Lead) -> Answer {
        let wanted = call.body.get("ownerId").ok_or_else(|| Expected::wrong(&["/ownerId"]))?;
        check_unconverted(&old)?;
        if let Some(owner) = wanted.as_str() {
            self.check_assignable(call.who, Right::AssignLeads, owner, "/ownerId")?;
        }
        check_version(call, old.version)?;
        let new = Lead { owner: wanted.as_str().map(str::to_owned), ..old.clone() };
        Ok(self.keep_lead(&old, new))
    }

    fn delete_lead(&mut self, call: &Call, old: Lead) -> Answer {
        if call.asked("hard") != Some("true") {
            check_version(call, old.version)?;
            check_unconverted(&old)?;
            let new = Lead { archived: true, ..old.clone() };
            self.keep_lead(&old, new);
            return Ok(Expected::nothing());
        }
        if !self.holds(call.who, Right::PurgeLeads) {
            return Err(Expected::forbidden());
        }
        check_version(call, old.version)?;
        check_unconverted(&old)?;
        self.leads.remove(&old.id);
        let below = self.follow_ups.values().filter(|follow_up| follow_up.lead.as_ref() == Some(&old.id));
        for id in below.map(|follow_up| follow_up.id.clone()).collect::<Vec<_>>() {
            self.follow_ups.remove(&id);
            self.after.push((format!("/follow-ups/{id}"), None));
            self.gone.push(id);
        }
        self.change_tasks(|task| {
            let hangs = task.lead.as_ref() == Some(&old.id);
            task.lead = task.lead.take().filter(|_| !hangs);
            hangs
        });
        self.gone.push(old.id);
        Ok(Expected::nothing())
    }

    /// Changes tasks as the background does, without a new version, and notes which to look at.
    fn change_tasks(&mut self, change: impl Fn(&mut Task) -> bool) {
        let changed: Vec<String> = self.tasks.values_mut().filter_map(|task| change(task).then(|| task.id.clone())).collect();
        for id in changed {
            let shown = self.show_task(&self.tasks[&id]);
            self.after.push((format!("/tasks/{id}"), Some(shown)));
        }
    }

    fn convert_lead(&mut self, call: &Call, lead: &Lead) -> Answer {
        if let Some(customer) = &lead.customer {
            let members = json!({"customer": self.show_customer(&self.customers[customer]), "lead": self.whole_lead(lead)});
            return Ok(Expected::ok(members, lead.version));
        }
        check_version(call, lead.version)?;
        if lead.archived {
            return Err(Expected::refused("LEAD_TRANSITION", &[]));
        }
        if lead.status == "CLOSED" {
            return Err(Expected::refused("LEAD_TRANSITION", moves(&LEAD_MOVES, "CLOSED").1));
        }
        let customer = match call.given("customerId") {
            Some(id) => {
                let usable = self.sees_customer(call.who, Right::ReadCustomers, &id) && !self.customers[&id].archived;
                if !usable {
                    return Err(Expected::wrong(&["/customerId"]));
                }
                let old = self.customers[&id].clone();
                Customer { version: old.version + 1, from_lead: old.from_lead.clone().or(Some(lead.id.clone())), ..old }
            }
            None => Customer {
                id: ANY.to_owned(),
                name: match (&lead.first_name, &lead.last_name) {
                    (Some(first), Some(last)) => format!("{first} {last}"),
                    (None, Some(last)) => last.clone(),
                    _ => lead.company.clone().unwrap_or_else(|| lead.title.clone()),
                },
                first_name: lead.first_name.clone(),
                last_name: lead.last_name.clone(),
                company: lead.company.clone(),
                email: lead.email.clone(),
                phone: lead.phone.clone(),
                owner: lead.owner.clone(),
                archived: false,
                from_lead: Some(lead.id.clone()),
                version: 1,
            },
        };
        if customer.id == ANY && call.allows_duplicate() != Some(true) {
            self.check_duplicates(call.who, &[None, None], &Self::customer_contacts(&customer), false)?;
        }
        let next = Lead {
            status: "CONVERTED",
            customer: Some(customer.id.clone()),
            owner: customer.owner.clone(),
            version: lead.version + 1,
            ..lead.clone()
        };
        let members = json!({"customer": self.show_customer(&customer), "lead": self.whole_lead(&next)});
        let version = next.version;
        self.leads.insert(next.id.clone(), next);
        self.unborn = Some(Unborn::Conversion { lead: lead.id.clone(), customer: Box::new(customer) });
        Ok(Expected::ok(members, version))
    }

    /// Open work goes with the lead to its customer.
    fn finish_conversion(&mut self, lead: &str, customer: &str) {
        if let Some(lead) = self.leads.get_mut(lead) {
            lead.customer = Some(customer.to_owned());
        }
        let moves = |follow_up: &&mut FollowUp| follow_up.status == "PENDING" && follow_up.lead.as_deref() == Some(lead);
        let mut moved = Vec::new();
        for follow_up in self.follow_ups.values_mut().filter(moves) {
            (follow_up.lead, follow_up.customer) = (None, Some(customer.to_owned()));
            moved.push(follow_up.clone());
        }
        for follow_up in moved {
            let shown = self.show_follow_up(&follow_up);
            self.after.push((format!("/follow-ups/{}", follow_up.id), Some(shown)));
        }
        self.change_tasks(|task| {
            let moves = task.lead.as_deref() == Some(lead) && (task.is_open() || !task.recurrence.is_null());
            if moves {
                task.lead = None;
                task.customer.get_or_insert_with(|| customer.to_owned());
            }
            moves
        });
    }

    fn list_leads(&self, call: &Call) -> Expected {
        let caller = &self.people[call.who].id;
        let archived = call.asked("archived") == Some("true");
        let keep = |lead: &&Lead| {
            let wanted = match call.asked("ownerId") {
                None => true,
                Some("me") => lead.owner.as_ref() == Some(caller),
                Some("none") => lead.owner.is_none(),
                Some(owner) => lead.owner.as_deref() == Some(owner),
            };
            wanted
                && lead.archived == archived
                && self.covers(call.who, Right::ReadLeads, lead.owner.as_deref())
                && call.asked("status").is_none_or(|status| lead.status == status)
        };
        let newest_first = call.asked("sort") != Some("createdAt");
        let rows = in_order(self.leads.values().filter(keep), |lead| (lead.created.clone(), lead.id.clone()), newest_first);
        Expected::rows(rows.into_iter().map(|lead| self.show_lead(lead)).collect())
    }

    // Customers.

    fn show_customer(&self, customer: &Customer) -> Value {
        json!({
            "id": customer.id,
            "name": customer.name,
            "firstName": customer.first_name,
            "lastName": customer.last_name,
            "company": customer.company,
            "email": customer.email,
            "phone": customer.phone,
            "lifecycle": "CUSTOMER",
            "ownerId": customer.owner,
            "teamId": self.team(customer.owner.as_deref()),
            "archived": customer.archived,
            "convertedFromLeadId": customer.from_lead,
            "version": customer.version,
        })
    }

    /// The leads that became a customer.
    fn leads_of(&self, customer: &str) -> Vec<&Lead> {
        self.leads.values().filter(|lead| lead.customer.as_deref() == Some(customer)).collect()
    }

    /// The page of a customer: with what stands beside it and beside its leads.
    pub fn customer_page(&self, customer: &Customer) -> Value {
        let leads = self.leads_of(&customer.id);
        let of_lead = |lead: &Option<String>| leads.iter().filter(|known| Some(&known.id) == lead.as_ref()).count();
        let own = |id: &Option<String>| usize::from(id.as_ref() == Some(&customer.id));
        let pending = self.pending(|follow_up| own(&follow_up.customer) + of_lead(&follow_up.lead) > 0);
        let open: usize = self.tasks.values().filter(|task| task.is_open()).map(|task| own(&task.customer) + of_lead(&task.lead)).sum();
        let mut shown = self.show_customer(customer);
        shown["counts"] = json!({"activities": 0, "followUpsPending": pending.len(), "tasksOpen": open, "projects": 0, "orders": 0});
        shown["latestNotes"] = json!([]);
        Self::show_next(&mut shown, &pending);
        shown
    }

    fn keep_customer(&mut self, old: &Customer, mut new: Customer) -> Expected {
        new.version += u64::from(*old != new);
        let expected = Expected::ok(self.show_customer(&new), new.version);
        self.customers.insert(new.id.clone(), new);
        expected
    }

    fn update_customer(&mut self, call: &Call, old: Customer) -> Answer {
        check_version(call, old.version)?;
        let mut new = old.clone();
        patch_email(&mut new.email, call);
        if call.body.get("archived") == Some(&json!(false)) {
            new.archived = false;
        }
        if call.allows_duplicate() != Some(true) {
            self.check_duplicates(call.who, &Self::customer_contacts(&old), &Self::customer_contacts(&new), false)?;
        }
        Ok(self.keep_customer(&old, new))
    }

    fn delete_customer(&mut self, call: &Call, old: Customer) -> Answer {
        check_version(call, old.version)?;
        let new = Customer { archived: true, ..old.clone() };
        self.keep_customer(&old, new);
        Ok(Expected::nothing())
    }

    fn assign_customer(&mut self, call: &Call, old: Customer) -> Answer {
        let wanted = call.body.get("ownerId").ok_or_else(|| Expected::wrong(&["/ownerId"]))?;
        if let Some(owner) = wanted.as_str() {
            self.check_assignable(call.who, Right::AssignCustomers, owner, "/ownerId")?;
        }
        check_version(call, old.version)?;
        let new = Customer { owner: wanted.as_str().map(str::to_owned), ..old.clone() };
        // The leads that became the customer belong to its owner.
        for id in self.leads_of(&old.id).iter().map(|lead| lead.id.clone()).collect::<Vec<_>>() {
            let lead = Lead { owner: new.owner.clone(), ..self.leads[&id].clone() };
            self.after.push((format!("/leads/{id}"), Some(self.whole_lead(&lead))));
            self.leads.insert(id, lead);
        }
        Ok(self.keep_customer(&old, new))
    }

    // Follow-ups.

    fn show_follow_up(&self, follow_up: &FollowUp) -> Value {
        json!({
            "id": follow_up.id,
            "leadId": follow_up.lead,
            "customerId": follow_up.customer,
            "dueAt": follow_up.due,
            "notes": follow_up.notes,
            "status": follow_up.status,
            "overdue": follow_up.status == "PENDING" && follow_up.due[..10] < *self.today,
            "assigneeId": follow_up.assignee,
            "teamId": self.team(Some(&follow_up.assignee)),
            "completedAt": (follow_up.status == "COMPLETED").then_some(ANY),
            "version": follow_up.version,
        })
    }

    /// A lead that a body names: inside reach, and not converted.
    fn check_named_lead(&self, who: usize, right: Right, id: &str) -> Result<(), Expected> {
        if !self.sees_lead(who, right, id) {
            return Err(Expected::wrong(&["/leadId"]));
        }
        check_unconverted(&self.leads[id])
    }

    fn create_follow_up(&mut self, call: &Call) -> Answer {
        let caller = self.people[call.who].id.clone();
        let (lead, customer) = (call.given("leadId"), call.given("customerId"));
        let owner = match (&lead, &customer) {
            (None, None) => return Err(Expected::wrong(&["/leadId"])),
            (Some(_), Some(_)) => return Err(Expected::wrong(&["/leadId", "/customerId"])),
            (Some(lead), None) => {
                self.check_named_lead(call.who, Right::FollowUps, lead)?;
                self.leads[lead].owner.clone()
            }
            (None, Some(customer)) if !self.sees_customer(call.who, Right::FollowUps, customer) => {
                return Err(Expected::wrong(&["/customerId"]));
            }
            (None, Some(customer)) => self.customers[customer].owner.clone(),
        };
        let assignee = match call.given("assigneeId") {
            Some(named) if named != caller => {
                self.check_assignable(call.who, Right::FollowUps, &named, "/assigneeId")?;
                named
            }
            Some(named) => named,
            None => owner.unwrap_or(caller),
        };
        let follow_up = FollowUp {
            id: ANY.to_owned(),
            lead,
            customer,
            due: call.given("dueAt").expect("a date"),
            notes: call.given("notes"),
            status: "PENDING",
            assignee,
            version: 1,
        };
        let shown = self.show_follow_up(&follow_up);
        self.unborn = Some(Unborn::FollowUp(follow_up));
        Ok(Expected::created(shown))
    }

    /// Whether a lead or customer of a record is inside: then it can be read.
    fn sees_parent(&self, who: usize, right: Right, lead: Option<&String>, customer: Option<&String>) -> bool {
        customer.is_some_and(|id| self.sees_customer(who, right, id)) || lead.is_some_and(|id| self.sees_lead(who, right, id))
    }

    fn get_follow_up(&self, call: &Call) -> Answer {
        let right = Right::FollowUps;
        let inside = |found: &&FollowUp| {
            self.covers(call.who, right, Some(&found.assignee)) || self.sees_parent(call.who, right, found.lead.as_ref(), found.customer.as_ref())
        };
        let found = self.follow_ups.get(&call.id).filter(inside).ok_or_else(Expected::not_found)?;
        Ok(Expected::ok(self.show_follow_up(found), found.version))
    }

    fn update_follow_up(&mut self, call: &Call, old: FollowUp) -> Answer {
        if let Some(assignee) = call.given("assigneeId").filter(|id| *id != old.assignee && *id != self.people[call.who].id) {
            self.check_assignable(call.who, Right::FollowUps, &assignee, "/assigneeId")?;
        }
        check_version(call, old.version)?;
        let mut new = old.clone();
        if let Some(status) = call.given("status") {
            new.status = moves(&FOLLOW_UP_MOVES, &status).0;
        }
        put(&mut new.due, call, "dueAt");
        put(&mut new.assignee, call, "assigneeId");
        let (_, allowed) = moves(&FOLLOW_UP_MOVES, old.status);
        let is_final = allowed.is_empty();
        if is_final && new != old {
            return Err(Expected::refused("FOLLOW_UP_TRANSITION", allowed));
        }
        patch(&mut new.notes, call, "notes");
        new.version += u64::from(new != old);
        let expected = Expected::ok(self.show_follow_up(&new), new.version);
        self.follow_ups.insert(new.id.clone(), new);
        Ok(expected)
    }

    fn delete_follow_up(&mut self, call: &Call, old: &FollowUp) -> Answer {
        check_version(call, old.version)?;
        if old.status != "PENDING" {
            return Err(Expected::refused("FOLLOW_UP_TRANSITION", &[]));
        }
        self.follow_ups.remove(&old.id);
        self.gone.push(old.id.clone());
        Ok(Expected::nothing())
    }

    /// Whether something due then is inside a `due` filter.
    fn is_due(&self, due: Option<&str>, filter: Option<&str>) -> bool {
        let Some(filter) = filter else { return true };
        let Some(date) = due.map(|due| &due[..10]) else { return false };
        let today = self.today.as_str();
        match filter.split_once(':') {
            None if filter == "overdue" => date < today,
            None if filter == "today" => date == today,
            None => date >= today && date <= later(today, 7).as_str(),
            Some(("before", day)) => date < day,
            Some((_, day)) => date > day,
        }
    }

    /// Whose records the list is about, where it says so.
    fn is_of(&self, call: &Call, name: &str, owner: &str) -> bool {
        match call.asked(name) {
            None => true,
            Some("me") => owner == self.people[call.who].id,
            Some(wanted) => owner == wanted,
        }
    }

    fn list_follow_ups(&self, call: &Call) -> Answer {
        let right = Right::FollowUps;
        let (lead, customer, due) = (call.asked("leadId"), call.asked("customerId"), call.asked("due"));
        if lead.is_some() && customer.is_some() {
            return Err(Expected::wrong(&["?leadId"]));
        }
        let word = due.is_some_and(|due| !due.contains(':'));
        if word && call.asked("status").is_some_and(|status| status != "PENDING") {
            return Err(Expected::wrong(&["?status"]));
        }
        let status = call.asked("status").or(word.then_some("PENDING"));
        let hidden =
            lead.is_some_and(|id| !self.sees_lead(call.who, right, id)) || customer.is_some_and(|id| !self.sees_customer(call.who, right, id));
        if hidden {
            return Err(Expected::not_found());
        }
        let keep = |found: &&FollowUp| {
            let inside = match (lead, customer) {
                (None, None) => self.covers(call.who, right, Some(&found.assignee)),
                _ => found.lead.as_deref() == lead && found.customer.as_deref() == customer,
            };
            inside
                && self.is_of(call, "assigneeId", &found.assignee)
                && status.is_none_or(|status| found.status == status)
                && self.is_due(Some(&found.due), due)
        };
        let rows =
            in_order(self.follow_ups.values().filter(keep), |found| (found.due.clone(), found.id.clone()), call.asked("sort") == Some("-dueAt"));
        Ok(Expected::rows(rows.into_iter().map(|found| self.show_follow_up(found)).collect()))
    }

    // Tasks.

    /// When a task comes again: the first repetition after its date and after now, which is a time
    /// between ten and twelve o'clock.
    fn next_occurrence(&self, task: &Task) -> Option<String> {
        let rule = task.recurrence.as_object()?;
        let now = format!("{}T10:00:00.000Z", self.today);
        // What is about to be made, without a date, begins today.
        let unborn = task.due.is_none() && task.created == ANY;
        let first = if unborn { &now } else { task.due.as_ref().unwrap_or(&task.created) };
        let step = rule["every"].as_i64().expect("a number") * if rule["unit"] == "WEEK" { 7 } else { 1 };
        let mut next = later(first, step);
        while next <= now {
            next = later(&next, step);
        }
        let comes = rule["until"].as_str().is_none_or(|until| &next[..10] <= until);
        comes.then(|| if unborn { ANY.to_owned() } else { next })
    }

    fn show_task(&self, task: &Task) -> Value {
        json!({
            "id": task.id,
            "title": task.title,
            "status": task.status,
            "priority": task.priority,
            "dueAt": task.due,
            "overdue": task.is_open() && task.due.as_ref().is_some_and(|due| due[..10] < *self.today),
            "ownerId": task.owner,
            "teamId": self.team(Some(&task.owner)),
            "customerId": task.customer,
            "leadId": task.lead,
            "projectId": null,
            "recurrence": task.recurrence,
            "nextOccurrenceAt": self.next_occurrence(task),
            "templateId": null,
            "completedAt": (task.status == "DONE").then_some(ANY),
            "createdAt": task.created,
            "version": task.version,
        })
    }

    /// With the members that only a single task has.
    pub fn whole_task(&self, task: &Task) -> Value {
        let mut shown = self.show_task(task);
        shown["description"] = json!(task.description);
        shown
    }

    /// What a body hangs a task under: each inside what the caller may read, and the lead not
    /// converted.
    fn check_links(&self, call: &Call) -> Result<(), Expected> {
        let mut wrong = Vec::new();
        if call.given("customerId").is_some_and(|id| !self.sees_customer(call.who, Right::ReadCustomers, &id)) {
            wrong.push("/customerId");
        }
        if call.given("projectId").is_some() {
            wrong.push("/projectId");
        }
        if let Some(id) = call.given("leadId") {
            match self.check_named_lead(call.who, Right::ReadLeads, &id) {
                Err(refused) if refused.status == 409 => return Err(refused),
                Err(_) => wrong.push("/leadId"),
                Ok(()) => {}
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Expected::wrong(&wrong)) }
    }

    /// The recurrence of a body as it is shown.
    fn recurrence(value: &Value) -> Value {
        if value.is_null() { Value::Null } else { json!({"every": value["every"], "unit": value["unit"], "until": value["until"]}) }
    }

    fn create_task(&mut self, call: &Call) -> Answer {
        let caller = self.people[call.who].id.clone();
        self.check_links(call)?;
        let owner = call.given("ownerId").unwrap_or_else(|| caller.clone());
        if owner != caller {
            self.check_assignable(call.who, Right::Tasks, &owner, "/ownerId")?;
        }
        let task = Task {
            id: ANY.to_owned(),
            created: ANY.to_owned(),
            title: call.given("title").expect("a title"),
            description: call.given("description"),
            status: moves(&TASK_MOVES, call.given("status").as_deref().unwrap_or("TODO")).0,
            priority: call.given("priority").unwrap_or_else(|| "NORMAL".to_owned()),
            due: call.given("dueAt"),
            owner,
            customer: call.given("customerId"),
            lead: call.given("leadId"),
            recurrence: call.body.get("recurrence").map(Self::recurrence).unwrap_or_default(),
            version: 1,
        };
        let shown = self.whole_task(&task);
        self.unborn = Some(Unborn::Task(task));
        Ok(Expected::created(shown))
    }

    fn get_task(&self, call: &Call) -> Answer {
        let right = Right::Tasks;
        let inside = |found: &&Task| {
            self.covers(call.who, right, Some(&found.owner)) || self.sees_parent(call.who, right, found.lead.as_ref(), found.customer.as_ref())
        };
        let found = self.tasks.get(&call.id).filter(inside).ok_or_else(Expected::not_found)?;
        Ok(Expected::ok(self.whole_task(found), found.version))
    }

    fn keep_task(&mut self, old: &Task, mut new: Task) -> Expected {
        new.version += u64::from(*old != new);
        let expected = Expected::ok(self.whole_task(&new), new.version);
        self.tasks.insert(new.id.clone(), new);
        expected
    }

    /// A task as an update would leave it.
    fn patched_task(call: &Call, old: &Task) -> Task {
        let mut new = old.clone();
        put(&mut new.title, call, "title");
        put(&mut new.priority, call, "priority");
        put(&mut new.owner, call, "ownerId");
        patch(&mut new.description, call, "description");
        patch(&mut new.due, call, "dueAt");
        patch(&mut new.customer, call, "customerId");
        patch(&mut new.lead, call, "leadId");
        if let Some(rule) = call.body.get("recurrence") {
            new.recurrence = Self::recurrence(rule);
        }
        new
    }

    fn update_task(&mut self, call: &Call, old: Task) -> Answer {
        self.check_links(call)?;
        if let Some(owner) = call.given("ownerId").filter(|id| *id != old.owner && *id != self.people[call.who].id) {
            self.check_assignable(call.who, Right::Tasks, &owner, "/ownerId")?;
        }
        check_version(call, old.version)?;
        let new = Self::patched_task(call, &old);
        Ok(self.keep_task(&old, new))
    }

    fn move_task(&mut self, call: &Call, old: Task) -> Answer {
        let (to, _) = moves(&TASK_MOVES, &call.given("status").unwrap_or_default());
        check_version(call, old.version)?;
        let (from, allowed) = moves(&TASK_MOVES, old.status);
        if from != to && !allowed.contains(&to) {
            return Err(Expected::refused("TASK_TRANSITION", allowed));
        }
        let new = Task { status: to, ..old.clone() };
        Ok(self.keep_task(&old, new))
    }

    fn delete_task(&mut self, call: &Call, old: &Task) -> Answer {
        check_version(call, old.version)?;
        self.tasks.remove(&old.id);
        self.gone.push(old.id.clone());
        Ok(Expected::nothing())
    }

    fn list_tasks(&self, call: &Call) -> Answer {
        let right = Right::Tasks;
        let (lead, customer, due, status) = (call.asked("leadId"), call.asked("customerId"), call.asked("due"), call.asked("status"));
        let word = due.is_some_and(|due| !due.contains(':'));
        if word && matches!(status, Some("DONE" | "CANCELLED")) {
            return Err(Expected::wrong(&["?status"]));
        }
        // The lead comes first; the customer then only narrows the list.
        let hidden = match (lead, customer) {
            (Some(id), _) => !self.sees_lead(call.who, right, id),
            (None, Some(id)) => !self.sees_customer(call.who, right, id),
            (None, None) => false,
        };
        if hidden {
            return Err(Expected::not_found());
        }
        let keep = |found: &&Task| {
            let inside = lead.is_some() || customer.is_some() || self.covers(call.who, right, Some(&found.owner));
            let in_status = match status {
                Some("open") => found.is_open(),
                Some(status) => found.status == status,
                None => !word || found.is_open(),
            };
            inside
                && in_status
                && (lead.is_none() || found.lead.as_deref() == lead)
                && (customer.is_none() || found.customer.as_deref() == customer)
                && self.is_of(call, "ownerId", &found.owner)
                && self.is_due(found.due.as_deref(), due)
        };
        // What has no date stands behind every date.
        let order = |found: &Task| (found.due.clone().unwrap_or_else(|| "~".to_owned()), found.id.clone());
        let rows = in_order(self.tasks.values().filter(keep), order, call.asked("sort") == Some("-dueAt"));
        Ok(Expected::rows(rows.into_iter().map(|found| self.show_task(found)).collect()))
    }

    /// Whether a call makes a task that still hangs under a converted lead open work again. The CRM
    /// lets that happen, and whether the task then follows to the customer depends on whether the
    /// second look after the conversion, a minute later, comes before or after: nothing a model can
    /// predict.
    pub fn is_undecided(&self, call: &Call) -> bool {
        let Some(task) = self.tasks.get(&call.id) else { return false };
        let converted = |lead: &Option<String>| lead.as_ref().and_then(|id| self.leads.get(id)).is_some_and(|lead| lead.customer.is_some());
        match call.act {
            Act::MoveTask => converted(&task.lead) && !task.is_open(),
            Act::UpdateTask => converted(&task.lead) && call.body.get("recurrence").is_some_and(|rule| !rule.is_null()),
            _ => false,
        }
    }
}

/// How what was found misses what was expected, if it does: objects may have more members.
pub fn misses(expected: &Value, found: &Value, at: &str) -> Option<String> {
    match (expected, found) {
        (Value::Object(members), Value::Object(_)) => {
            members.iter().find_map(|(name, value)| misses(value, found.get(name).unwrap_or(&json!("(missing)")), &format!("{at}/{name}")))
        }
        (Value::String(any), Value::Null) if any == ANY => Some(format!("{at} is null")),
        (Value::String(any), _) if any == ANY => None,
        _ if expected == found => None,
        _ => Some(format!("{at} is {found}, expected {expected}")),
    }
}
