//! The same page in a small and in a large table (P7): each list, each reach, each filter.

use crate::Failure;
use crate::crm::{Crm, Person, Reply};
use crate::fixture::{BIG, Due, Fixture, LARGE, MEDIUM, MERGED, Owners, SMALL, id, minute, work_day};
use crate::lists::{Answer, LISTS};
use crate::nights;
use crate::report::Report;
use domain::text::TextValue;
use domain::{CustomerId, LeadId, Owner, ProjectId, TaskId, TeamId, Time, UserId};
use local::Table;
use std::time::SystemTime;

/// A page when no limit is sent.
const PAGE: usize = 20;
/// How much more a page may cost in the large table.
const RATIO: f64 = 1.2;
/// How many rows a request may read whose filter is applied to them.
const ROWS: u64 = 1_000;

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

/// How the lists are looked at.
struct Survey<'a> {
    crm: &'a Crm,
    /// Who has each reach: own, team, all.
    people: [&'a Person; 3],
    /// What the names in the queries stand for.
    names: &'a [(&'static str, String)],
    /// How many pages are read before the end of a list is given up.
    patience: usize,
}

const REACHES: [&str; 3] = ["own", "team", "all"];

/// Measures and reports; a list is read for so many pages at most.
pub async fn measure(report: &mut Report, patience: usize) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("crm.db");
    // In a file, since in memory the large table would take several gigabytes.
    let crm = Crm::on(Table::open(&file)?).await?;
    let admin = crm.admin().await?;
    let team = crm.team(&admin, "North").await?;
    let other_team = crm.team(&admin, "South").await?;
    let rep = crm.person(&admin, "rep", "SALES_REP", &team).await?;
    let manager = crm.person(&admin, "manager", "MANAGER", &team).await?;
    let other = crm.person(&admin, "other", "SALES_REP", &other_team).await?;
    let owners = Owners { rep: owner(&rep, &team)?, manager: owner(&manager, &team)?, other: owner(&other, &other_team)? };
    let now = Time::from_millis(i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis())?);
    let names = names(&rep, &other, now)?;
    let fixture = Fixture::open(&file, owners, now)?;
    let survey = Survey { crm: &crm, people: [&rep, &manager, &admin], names: &names, patience };

    let mut tables = Vec::new();
    for (from, until) in [(0, SMALL), (SMALL, MEDIUM), (MEDIUM, LARGE)] {
        eprintln!("the lists of up to {until} records of each kind");
        tokio::task::block_in_place(|| fixture.load(from, until))?;
        if until != MEDIUM {
            tables.push(survey.run().await?);
        }
        nights::measure(report, &crm, &admin, until).await?;
    }
    let [small, large] = tables.as_slice() else { return Err("there are two tables".into()) };
    let mut found = small.iter().zip(large);
    for list in &LISTS {
        for filter in list.filters {
            for (reach, answer) in REACHES.iter().zip(filter.answers) {
                let what = format!("{reach:4} {}?{}", list.path, filter.query);
                let (small, large) = found.next().ok_or("a list was left out")?;
                judge(report, what, answer, small, large);
            }
        }
    }
    Ok(())
}

/// Reports what was found in the small and in the large table.
fn judge(report: &mut Report, what: String, answer: Answer, small: &Found, large: &Found) {
    let full = match answer {
        Answer::Page => PAGE,
        Answer::Nothing => 0,
        Answer::Rows => {
            let rows = small.rows.max(large.rows);
            let found = small.records > 0 && large.records > 0;
            let measured = format!("{rows} rows; {small} → {large} pages to the end");
            return report.firm("P7", what, measured, format!("≤ {ROWS} rows"), rows <= ROWS && found);
        }
    };
    let ratio = if small.read > 0.0 { large.read / small.read } else { 1.0 };
    let met = ratio <= RATIO && small.records == full && large.records == full;
    // The small table's page is told where it is not full, since that is what misses.
    let before = if small.records == full { String::new() } else { format!("{} → ", small.records) };
    let measured = format!("{ratio:.2}×, {before}{} of {full} ({} → {} read units)", large.records, small.read, large.read);
    report.firm("P7", what, measured, format!("≤ {RATIO}×, full page"), met);
}

fn owner(person: &Person, team: &str) -> Result<Owner, Failure> {
    let id = UserId::read(&person.id).map_err(|invalid| invalid.message)?;
    let team = TeamId::read(team).map_err(|invalid| invalid.message)?;
    Ok(Owner { id, name: "Robin Bench".into(), team: Some(team) })
}

/// What the names in the queries stand for.
fn names(rep: &Person, other: &Person, now: Time) -> Result<Vec<(&'static str, String)>, Failure> {
    let due = Due(now);
    Ok(vec![
        ("{rep}", rep.id.clone()),
        ("{other}", other.id.clone()),
        ("{lead}", id::<LeadId>(BIG).to_string()),
        ("{customer}", id::<CustomerId>(BIG).to_string()),
        ("{merged}", id::<CustomerId>(MERGED).to_string()),
        ("{project}", id::<ProjectId>(BIG).to_string()),
        ("{task}", id::<TaskId>(BIG).to_string()),
        // Enough of the small table lies before, between and after these two.
        ("{early}", minute(SMALL / 4).to_string()),
        ("{late}", minute(SMALL * 3 / 4).to_string()),
        ("{first day}", work_day(15)?.to_string()),
        ("{last day}", work_day(45)?.to_string()),
        ("{today}", due.day(0)?.to_string()),
        ("{tomorrow}", due.day(1)?.to_string()),
    ])
}

impl Survey<'_> {
    /// Looks at each list, each filter, each reach, in this order.
    async fn run(&self) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::new();
        for list in &LISTS {
            eprintln!("  GET {}", list.path);
            for filter in list.filters {
                let query = self.names.iter().fold(filter.query.to_owned(), |query, (name, value)| query.replace(name, value));
                for (person, answer) in self.people.into_iter().zip(filter.answers) {
                    found.push(self.look(person, &format!("{}?{query}", list.path), answer).await?);
                }
            }
        }
        Ok(found)
    }

    async fn look(&self, person: &Person, target: &str, answer: Answer) -> Result<Found, Failure> {
        self.crm.get("/teams", person).await?;
        let first = self.crm.get(target, person).await?;
        let mut found = Found { records: records(&first), read: first.line.read, rows: first.passed.rows, pages: 0, cut: false };
        let mut next = matches!(answer, Answer::Rows).then(|| format!("{target}&limit=100"));
        while let Some(page) = next {
            if found.pages == self.patience {
                found.cut = true;
                break;
            }
            let page = self.crm.get(&page, person).await?;
            found.pages += 1;
            found.records += records(&page);
            found.rows = found.rows.max(page.passed.rows);
            let cursor = page.body["meta"]["nextCursor"].as_str();
            next = cursor.map(|cursor| format!("{target}&limit=100&cursor={cursor}"));
        }
        Ok(found)
    }
}

fn records(reply: &Reply) -> usize {
    reply.body["data"].as_array().map_or(0, Vec::len)
}
