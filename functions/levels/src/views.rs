//! What is answered about loyalty levels.

use domain::Record;
use domain::customer::LevelCode;
use domain::level::CustomerLevel;
use domain::rfm::Score;
use domain::value::Prose;
use edge::Answer;

contract::answer! {
    /// A loyalty level: a customer has the highest whose `minScore` the RFM score reaches.
    pub struct CustomerLevelOut {
        pub code: LevelCode,
        /// What it is called.
        pub name: String,
        /// Its place, 1 for the lowest.
        pub rank: u64,
        /// From which score a customer has it.
        pub min_score: Score,
        /// What customers have of it.
        pub benefits: Option<Prose>,
        /// 0 while nobody has changed it.
        pub version: u64,
    }
}

impl CustomerLevelOut {
    pub(crate) fn new(level: Record<CustomerLevel>) -> Self {
        let (code, name, version) = (level.id, level.name().to_owned(), level.version);
        Self { code, name, rank: code.rank() as u64, min_score: level.data.min_score, benefits: level.text.benefits, version }
    }
}

pub(crate) fn shown(level: Record<CustomerLevel>) -> Answer<CustomerLevelOut> {
    let version = level.version;
    Answer::ok(CustomerLevelOut::new(level)).version(version)
}
