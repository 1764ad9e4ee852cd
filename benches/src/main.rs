//! `./bench`: the figures of performance and cost, in one table.
//!
//! What depends on the table alone (round trips, capacity, growth, cost) is measured on the CRM in
//! this process; what depends on the deployed binaries (start, memory, size, CPU) on these binaries,
//! run as Lambda runs them, against baselines built in the same way. With `--start FOLDER` it takes no
//! figures but sees that each of these binaries starts and answers.

mod binaries;
mod crm;
mod fixture;
mod growth;
mod lambda;
mod lists;
mod nights;
mod probe;
mod report;
mod requests;
mod samples;
mod selling;
mod start;

use report::Report;
use std::path::Path;
use std::process::ExitCode;

/// Anything that ends a run without a result.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How many pages of a list a quick run reads.
const QUICK_PAGES: usize = 10;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut report = Report::default();
    let mut patience = QUICK_PAGES;
    match arguments.as_slice() {
        ["--start", folder] => return Ok(if start::check(Path::new(folder)).await? { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        [folder] => {
            patience = usize::MAX;
            binaries::measure(&mut report, Path::new(folder)).await?;
        }
        _ => eprintln!("without the binaries: P1 to P4 are left out, and lists are not read to their end"),
    }
    requests::measure(&mut report).await?;
    growth::measure(&mut report, patience).await?;
    Ok(if report.print() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
