//! The SDK's table of partitions (`amazonaws.com`, `amazonaws.com.cn`, …) cut down to this deployment's.
//!
//! Every SDK crate reads the whole table, with its eight regular expressions, when its first client is
//! made: a third of the instructions of a start, to learn one suffix that the template knows. It takes
//! another table from the file that [`FILE`] names, so that file is written before there is a client.

use crate::Error;
use std::path::Path;

/// The variable that names the file, to the SDK as well. Where it is not set, the SDK reads its own table.
pub const FILE: &str = "SMITHY_CLIENT_SDK_CUSTOM_PARTITION";
/// The variable with the suffix of addresses, CloudFormation's `AWS::URLSuffix`.
pub const SUFFIX: &str = "URL_SUFFIX";

/// Where the template wants the file: a function may write nowhere else.
pub const PLACE: &str = "/tmp/partition.json";

/// Writes the file where the environment names one.
pub(crate) fn from_environment() -> Result<(), Error> {
    let Ok(file) = std::env::var(FILE) else { return Ok(()) };
    let suffix = std::env::var(SUFFIX).map_err(|_| Error::Missing(SUFFIX))?;
    write(Path::new(&file), &suffix).map_err(|cause| Error::Partition { file, cause })
}

/// Somebody else may be reading the file (functions that share a machine, as in an emulator), so it is put
/// in its place as a whole.
fn write(file: &Path, suffix: &str) -> std::io::Result<()> {
    let draft = file.with_extension(std::process::id().to_string());
    std::fs::write(&draft, table(suffix))?;
    std::fs::rename(&draft, file)
}

/// One partition, which every region belongs to. What is false or empty is asked for by nobody here: no
/// client wants FIPS or dual-stack addresses, and no service is global.
fn table(suffix: &str) -> String {
    format!(
        r#"{{"partitions":[{{"id":"aws","regionRegex":"","regions":{{}},"outputs":{{"name":"aws","dnsSuffix":"{suffix}","dualStackDnsSuffix":"{suffix}","implicitGlobalRegion":"","supportsFIPS":false,"supportsDualStack":false}}}}]}}"#
    )
}
