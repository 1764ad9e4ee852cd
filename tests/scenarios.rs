//! Runs the scenarios on a deployed CRM: `scenarios BASE_URL EMAIL PASSWORD [NAME…]`.

use std::process::ExitCode;
use std::time::Instant;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, email, password, wanted @ ..] = arguments.as_slice() else {
        eprintln!("usage: scenarios BASE_URL EMAIL PASSWORD [NAME…]");
        return ExitCode::from(2);
    };
    let crm = tests::Crm::at(base, email, password);
    let (mut passed, mut failed) = (0, 0);
    for (name, scenario) in tests::scenarios::ALL.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|w| w == name)) {
        let started = Instant::now();
        let outcome = tokio::spawn(scenario(crm.clone())).await;
        let seconds = started.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => passed += 1,
            Err(_) => failed += 1,
        }
        println!("{} {name} ({seconds:.1} s)", if outcome.is_ok() { "ok  " } else { "FAIL" });
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
