//! The table that `./bench` prints.

/// How a figure is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judged {
    /// The same on every machine (●): missing it fails the run.
    Firm(bool),
    /// Depends on the machine: missing it is shown.
    Loose(bool),
    /// Has no target of its own.
    Shown,
}

/// One figure.
#[derive(Debug, Clone)]
struct Row {
    id: &'static str,
    what: String,
    measured: String,
    target: String,
    judged: Judged,
}

/// The figures so far.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// A figure that is the same on every machine.
    pub fn firm(&mut self, id: &'static str, what: impl Into<String>, measured: impl Into<String>, target: impl Into<String>, met: bool) {
        self.add(id, what.into(), measured.into(), target.into(), Judged::Firm(met));
    }

    /// A figure that depends on the machine.
    pub fn loose(&mut self, id: &'static str, what: impl Into<String>, measured: impl Into<String>, target: impl Into<String>, met: bool) {
        self.add(id, what.into(), measured.into(), target.into(), Judged::Loose(met));
    }

    /// A figure that stands beside the others.
    pub fn shown(&mut self, id: &'static str, what: impl Into<String>, measured: impl Into<String>) {
        self.add(id, what.into(), measured.into(), String::new(), Judged::Shown);
    }

    fn add(&mut self, id: &'static str, what: String, measured: String, target: String, judged: Judged) {
        self.rows.push(Row { id, what, measured, target, judged });
    }

    /// Prints the table in the order of the ids; whether every firm figure is met.
    pub fn print(&mut self) -> bool {
        self.rows.sort_by_key(|row| row.id);
        let width =
            |cell: fn(&Row) -> &str, title: &str| self.rows.iter().map(|row| cell(row).chars().count()).chain([title.len()]).max().unwrap_or(0);
        let (what, measured, target) = (width(|row| &row.what, "figure"), width(|row| &row.measured, "measured"), width(|row| &row.target, "target"));
        println!("{:3} {:what$}  {:measured$}  {:target$}  ●", "", "figure", "measured", "target");
        let mut last = "";
        for row in &self.rows {
            if row.id != last {
                println!("{}", "─".repeat(4 + what + measured + target + 13));
                last = row.id;
            }
            let mark = match row.judged {
                Judged::Firm(true) => "● met",
                Judged::Firm(false) => "● MISSED",
                Judged::Loose(true) => "  met",
                Judged::Loose(false) => "  missed",
                Judged::Shown => "",
            };
            println!("{:3} {:what$}  {:measured$}  {:target$}  {mark}", row.id, row.what, row.measured, row.target);
        }
        let missed = self.rows.iter().filter(|row| row.judged == Judged::Firm(false)).count();
        if missed > 0 {
            println!("\n{missed} of the figures marked ● missed the target");
        }
        missed == 0
    }
}
