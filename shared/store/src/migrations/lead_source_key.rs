//! Leads, 1 → 2: beside the source as it was typed, `derived` has the form in which sources are compared.
//!
//! Until then `Trade Fair` and `trade fair` were two sources, and each was found by its own spelling only. This is the
//! expanding step: the source as it was typed stays, and leads are found by both. The release after may drop the rows under
//! what was typed.

use super::{Fields, Migration, unchanged};
use domain::Entity;
use domain::lead::{Lead, source_key};

/// The migration.
pub const LEAD_SOURCE_KEY: Migration = Migration {
    name: "lead-source-key",
    about: "Leads keep the form of their source in which case, accents and spaces do not count",
    kinds: &[Lead::KIND],
    from: 1,
    to: 2,
    short,
    long: unchanged,
};

fn short(data: &mut Fields, derived: &mut Fields) -> Result<(), &'static str> {
    derived.set_text("sourceKey", data.text("source").map(source_key));
    Ok(())
}
