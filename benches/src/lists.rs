//! The lists, with every filter of each and the combinations that read elsewhere than their parts, and
//! how each is answered. In a query `{rep}` and other names in braces stand for ids and dates.

/// How a filter is answered.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// An index answers it, so that a page is full.
    Page,
    /// It is applied to rows that were read, so that a page may have any number of records.
    Rows,
    /// There is nothing to be found: who has no pool finds nothing there.
    Nothing,
}

/// A filter.
pub struct Filter {
    /// The query.
    pub query: &'static str,
    /// How it is answered for the reaches own, team and all.
    pub answers: [Answer; 3],
}

/// A list.
pub struct List {
    /// The path.
    pub path: &'static str,
    /// Its filters.
    pub filters: &'static [Filter],
}

const fn indexed(query: &'static str) -> Filter {
    Filter { query, answers: [Answer::Page; 3] }
}

const fn residual(query: &'static str) -> Filter {
    Filter { query, answers: [Answer::Rows; 3] }
}

/// What only who has a pool finds.
const fn pooled(query: &'static str) -> Filter {
    Filter { query, answers: [Answer::Nothing, Answer::Page, Answer::Page] }
}

/// What an index answers only to who reaches everything.
const fn indexed_for_all(query: &'static str) -> Filter {
    Filter { query, answers: [Answer::Rows, Answer::Rows, Answer::Page] }
}

/// The lists.
pub const LISTS: [List; 7] = [
    List { path: "/customers", filters: &CUSTOMERS },
    List { path: "/leads", filters: &LEADS },
    List { path: "/tasks", filters: &TASKS },
    List { path: "/activities", filters: &ACTIVITIES },
    List { path: "/follow-ups", filters: &FOLLOW_UPS },
    List { path: "/projects", filters: &PROJECTS },
    List { path: "/worklogs", filters: &WORK_LOGS },
];

const CUSTOMERS: [Filter; 23] = [
    indexed(""),
    indexed("lifecycle=CUSTOMER"),
    indexed("levelCode=BRONZE&sort=createdAt"),
    indexed("sort=name"),
    indexed("sort=-updatedAt"),
    indexed("q=globex"),
    indexed("sort=createdAt"),
    indexed("engagement=HOT"),
    indexed("engagement=HOT&sort=createdAt"),
    indexed("ownerId={rep}"),
    indexed("ownerId={rep}&engagement=HOT"),
    pooled("ownerId=none"),
    pooled("ownerId=none&engagement=HOT"),
    indexed("archived=true"),
    indexed("archived=true&ownerId={rep}"),
    residual("archived=true&engagement=HOT"),
    residual("lifecycle=FORMER"),
    residual("levelCode=PLATINUM"),
    residual("notContactedSince=2025-01-01"),
    residual("engagement=HOT&lifecycle=FORMER"),
    residual("ownerId={rep}&levelCode=PLATINUM"),
    residual("q=acme"),
    residual("q=acme&engagement=HOT"),
];

const LEADS: [Filter; 29] = [
    indexed(""),
    indexed("source=website"),
    indexed("source=website&createdFrom={early}"),
    indexed("q=globex"),
    indexed("sort=createdAt"),
    indexed("status=NEW"),
    indexed("status=NEW&sort=createdAt"),
    indexed("ownerId={rep}"),
    indexed("ownerId={rep}&status=NEW"),
    pooled("ownerId=none"),
    pooled("ownerId=none&status=NEW"),
    indexed("archived=true"),
    indexed("archived=true&ownerId={rep}"),
    indexed("createdFrom={early}"),
    indexed("createdTo={late}"),
    indexed("createdFrom={early}&createdTo={late}"),
    indexed("createdFrom={early}&sort=createdAt"),
    indexed("status=NEW&createdTo={late}"),
    indexed("ownerId={rep}&createdFrom={early}&createdTo={late}"),
    indexed("archived=true&createdTo={late}"),
    residual("archived=true&status=NEW"),
    residual("source=fair"),
    residual("status=NEW&source=fair"),
    residual("ownerId={rep}&source=fair"),
    residual("createdFrom={early}&source=fair"),
    residual("q=acme"),
    residual("q=acme&status=NEW"),
    residual("q=acme&createdFrom={early}"),
    residual("q=acme&archived=true"),
];

const TASKS: [Filter; 28] = [
    indexed(""),
    indexed("sort=-dueAt"),
    indexed("status=TODO"),
    indexed("status=TODO&sort=-dueAt"),
    indexed("status=open"),
    indexed("ownerId={rep}"),
    indexed("ownerId={rep}&status=TODO"),
    indexed("ownerId={rep}&status=open"),
    indexed("due=overdue"),
    indexed("due=today"),
    indexed("due=soon"),
    indexed("due=before:{tomorrow}"),
    indexed("due=after:{today}"),
    indexed("status=TODO&due=soon"),
    indexed("status=DONE&due=before:{tomorrow}"),
    indexed("ownerId={rep}&due=overdue"),
    indexed("ownerId={rep}&status=TODO&due=before:{tomorrow}"),
    indexed("customerId={customer}"),
    indexed("leadId={lead}"),
    indexed("projectId={project}"),
    indexed("customerId={customer}&due=before:{tomorrow}"),
    indexed("projectId={project}&due=before:{tomorrow}"),
    residual("customerId={customer}&status=open"),
    residual("leadId={lead}&ownerId={rep}"),
    residual("projectId={project}&status=DONE"),
    residual("leadId={lead}&due=today"),
    residual("customerId={customer}&projectId={project}"),
    residual("customerId={customer}&ownerId={rep}&status=TODO&due=before:{tomorrow}"),
];

const ACTIVITIES: [Filter; 16] = [
    indexed("leadId={lead}"),
    indexed("leadId={lead}&sort=occurredAt"),
    indexed("leadId={lead}&from={early}"),
    indexed("leadId={lead}&to={late}"),
    indexed("leadId={lead}&from={early}&to={late}"),
    indexed("customerId={customer}"),
    indexed("customerId={customer}&from={early}&to={late}"),
    indexed("customerId={merged}"),
    indexed("customerId={merged}&from={early}&to={late}"),
    indexed_for_all("createdBy={rep}"),
    indexed_for_all("createdBy={rep}&to={late}"),
    indexed_for_all("createdBy={rep}&type=CALL"),
    indexed("leadId={lead}&type=NOTE"),
    residual("leadId={lead}&type=CALL&to={late}"),
    indexed("customerId={customer}&type=CALL"),
    residual("customerId={merged}&type=CALL"),
];

const FOLLOW_UPS: [Filter; 23] = [
    indexed(""),
    indexed("sort=-dueAt"),
    indexed("status=PENDING"),
    indexed("status=PENDING&sort=-dueAt"),
    indexed("assigneeId={rep}"),
    indexed("assigneeId={rep}&status=PENDING"),
    indexed("due=overdue"),
    indexed("due=today"),
    indexed("due=soon"),
    indexed("due=before:{tomorrow}"),
    indexed("due=after:{today}"),
    indexed("status=COMPLETED&due=before:{tomorrow}"),
    indexed("assigneeId={rep}&due=soon"),
    indexed("assigneeId={rep}&status=PENDING&due=before:{tomorrow}"),
    indexed("leadId={lead}"),
    indexed("customerId={customer}"),
    indexed("leadId={lead}&sort=-dueAt"),
    indexed("leadId={lead}&due=before:{tomorrow}"),
    indexed("customerId={customer}&due=after:{today}"),
    residual("leadId={lead}&status=PENDING"),
    residual("leadId={lead}&due=today"),
    residual("customerId={customer}&assigneeId={rep}"),
    residual("customerId={customer}&assigneeId={rep}&status=PENDING&due=before:{tomorrow}"),
];

const PROJECTS: [Filter; 16] = [
    indexed(""),
    indexed("sort=createdAt"),
    indexed("status=ACTIVE"),
    indexed("status=ACTIVE&sort=createdAt"),
    indexed("ownerId={rep}"),
    indexed("ownerId={rep}&status=ACTIVE"),
    indexed("customerId={customer}"),
    indexed("customerId={customer}&sort=createdAt"),
    // Who does not reach that person's projects finds those of which they are a member.
    indexed_for_all("ownerId={other}"),
    indexed_for_all("ownerId={other}&status=ACTIVE"),
    residual("customerId={customer}&status=ACTIVE"),
    residual("customerId={customer}&ownerId={rep}"),
    residual("customerId={customer}&q=acme"),
    residual("q=acme"),
    residual("q=acme&status=ACTIVE"),
    residual("q=acme&ownerId={rep}"),
];

const WORK_LOGS: [Filter; 18] = [
    indexed(""),
    indexed("sort=workDate"),
    indexed("userId={rep}"),
    indexed("userId={rep}&sort=workDate"),
    indexed("from={first day}"),
    indexed("to={last day}"),
    indexed("from={first day}&to={last day}"),
    indexed("userId={rep}&from={first day}&to={last day}"),
    indexed("customerId={customer}"),
    indexed("projectId={project}"),
    indexed("taskId={task}"),
    indexed("customerId={customer}&from={first day}&to={last day}"),
    indexed("projectId={project}&to={last day}"),
    indexed("taskId={task}&sort=workDate"),
    residual("customerId={customer}&userId={rep}"),
    residual("projectId={project}&customerId={customer}"),
    residual("taskId={task}&userId={rep}"),
    residual("projectId={project}&userId={rep}&from={first day}&to={last day}"),
];
