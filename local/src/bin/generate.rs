//! Writes what is derived from the code. With `--check` it writes nothing, names the files that are
//! not as the code would have them, and fails if there are any.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let check = std::env::args().any(|argument| argument == "--check");
    match if check { local::generate::stale(&root) } else { local::generate::write(&root) } {
        Ok(paths) => {
            let word = if check { "stale" } else { "wrote" };
            paths.iter().for_each(|path| println!("{word} {}", path.display()));
            if !check && paths.iter().any(|path| path.ends_with("local/src/routes.rs")) {
                println!("a crate of routes is linked now: run this again for what follows from its routes");
            }
            if check && !paths.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        Err(error) => {
            eprintln!("generate: {error}");
            ExitCode::FAILURE
        }
    }
}
