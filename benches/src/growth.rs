//! The same page in a small and in a large table (P7): each reach, each filter of `GET /customers`.

use crate::Failure;
use crate::crm::{Crm, Person, Reply};
use crate::fixture::{Owners, load};
use crate::report::Report;
use domain::customer::Owner;
use domain::input::TextValue;
use domain::{TeamId, UserId};

const SMALL: u64 = 1_000;
const LARGE: u64 = 100_000;
/// A page when no limit is sent.
const PAGE: usize = 20;
/// How much more a page may cost in the large table.
const RATIO: f64 = 1.2;
/// How many rows a residual filter may read per request.
const ROWS: u64 = 100;

/// A filter, and whether an index answers it.
struct Filter {
    query: &'static str,
    indexed: bool,
}

const fn indexed(query: &'static str) -> Filter {
    Filter { query, indexed: true }
}

const fn residual(query: &'static str) -> Filter {
    Filter { query, indexed: false }
}

/// Every filter of the list, and the combinations that read elsewhere than their parts. `{rep}` is the
/// representative's id.
const FILTERS: [Filter; 18] = [
    indexed(""),
    indexed("sort=createdAt"),
    indexed("engagement=HOT"),
    indexed("engagement=HOT&sort=createdAt"),
    indexed("ownerId={rep}"),
    indexed("ownerId={rep}&engagement=HOT"),
    indexed("ownerId=none"),
    indexed("ownerId=none&engagement=HOT"),
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

/// What was found for one filter and one reach.
struct Found {
    /// Records on the first page, and on all others that were read.
    records: usize,
    /// Read units of the first page.
    read: f64,
    /// Most rows read by one request.
    rows: u64,
    /// Requests to the end of the list, in pages of a hundred; none where an index answers.
    pages: usize,
    /// Whether the end was not reached.
    cut: bool,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.cut { "over " } else { "" }, self.pages)
    }
}

/// How a list is looked at.
struct Survey<'a> {
    crm: &'a Crm,
    reaches: [(&'static str, &'a Person); 3],
    rep: &'a Person,
    /// How many pages are read before the end of a list is given up.
    patience: usize,
}

/// Measures and reports; a list is read for so many pages at most.
pub async fn measure(report: &mut Report, patience: usize) -> Result<(), Failure> {
    let crm = Crm::start().await?;
    let admin = crm.admin().await?;
    let team = crm.team(&admin, "North").await?;
    let other_team = crm.team(&admin, "South").await?;
    let rep = crm.person(&admin, "rep", "SALES_REP", &team).await?;
    let manager = crm.person(&admin, "manager", "MANAGER", &team).await?;
    let other = crm.person(&admin, "other", "SALES_REP", &other_team).await?;
    let owners = Owners { rep: owner(&rep, &team)?, manager: owner(&manager, &team)?, other: owner(&other, &other_team)? };
    let reaches = [("own", &rep), ("team", &manager), ("all", &admin)];
    let survey = Survey { crm: &crm, reaches, rep: &rep, patience };

    eprintln!("the lists of {SMALL} customers");
    load(&crm, &owners, 0..SMALL).await?;
    let small = survey.run().await?;
    eprintln!("the lists of {LARGE} customers");
    load(&crm, &owners, SMALL..LARGE).await?;
    let large = survey.run().await?;

    let cases = FILTERS.iter().flat_map(|filter| reaches.iter().map(move |(reach, _)| (filter, *reach)));
    for (((filter, reach), small), large) in cases.zip(&small).zip(&large) {
        let what = format!("{reach:4} ?{}", filter.query);
        if filter.indexed {
            let ratio = if small.read > 0.0 { large.read / small.read } else { 1.0 };
            // Who has no pool finds nothing there, in either table.
            let no_pool = reach == "own" && filter.query.contains("none");
            let full = if no_pool { 0 } else { PAGE };
            let met = ratio <= RATIO && small.records == full && large.records == full;
            let measured = format!("{ratio:.2}×, {} of {full} ({} → {} read units)", large.records, small.read, large.read);
            report.firm("P7", what, measured, format!("≤ {RATIO}×, full page"), met);
        } else {
            let rows = small.rows.max(large.rows);
            let found = small.records > 0 && large.records > 0;
            report.firm("P7", what, format!("{rows} rows; {small} → {large} pages to the end"), format!("≤ {ROWS} rows"), rows <= ROWS && found);
        }
    }
    Ok(())
}

fn owner(person: &Person, team: &str) -> Result<Owner, Failure> {
    let id = UserId::read(&person.id).map_err(|invalid| invalid.message)?;
    let team = TeamId::read(team).map_err(|invalid| invalid.message)?;
    Ok(Owner { id, name: "Robin Bench".into(), team: Some(team) })
}

impl Survey<'_> {
    async fn run(&self) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::new();
        for filter in &FILTERS {
            let query = filter.query.replace("{rep}", &self.rep.id);
            for (_, person) in self.reaches {
                found.push(self.look(person, &query, filter.indexed).await?);
            }
        }
        Ok(found)
    }

    async fn look(&self, person: &Person, query: &str, indexed: bool) -> Result<Found, Failure> {
        self.crm.get("/teams", person).await?;
        let first = self.crm.get(&format!("/customers?{query}"), person).await?;
        let mut found = Found { records: records(&first), read: first.line.read, rows: first.passed.rows, pages: 0, cut: false };
        let mut next = (!indexed).then(|| format!("/customers?{query}&limit=100"));
        while let Some(target) = next {
            if found.pages == self.patience {
                found.cut = true;
                break;
            }
            let page = self.crm.get(&target, person).await?;
            found.pages += 1;
            found.records += records(&page);
            found.rows = found.rows.max(page.passed.rows);
            let cursor = page.body["meta"]["nextCursor"].as_str();
            next = cursor.map(|cursor| format!("/customers?{query}&limit=100&cursor={cursor}"));
        }
        Ok(found)
    }
}

fn records(reply: &Reply) -> usize {
    reply.body["data"].as_array().map_or(0, Vec::len)
}
