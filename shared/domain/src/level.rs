//! Loyalty levels: four, each with the score from which a customer has it. Until somebody changes one, the product's own hold.

use crate::customer::LevelCode;
use crate::event::{Act, EventKind};
use crate::id::{TeamId, UserId};
use crate::owner::Change;
use crate::record::{Access, Entity, Record, Row};
use crate::refused::{FieldFault, Refused};
use crate::rfm::Score;
use crate::value::{Prose, Text};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// From which score a customer has each level.
pub type Floors = BTreeMap<LevelCode, Score>;

impl LevelCode {
    /// Its place, from 1 for the lowest.
    pub fn rank(self) -> usize {
        1 + Self::ALL.iter().position(|known| *known == self).unwrap_or_default()
    }

    /// Whether it is the one above or below.
    pub fn is_beside(self, other: Self) -> bool {
        self.rank().abs_diff(other.rank()) == 1
    }

    /// The one above.
    fn next(self) -> Option<Self> {
        Self::ALL.get(self.rank()).copied()
    }

    /// What it is called until somebody changes that.
    fn original_name(self) -> &'static str {
        self.original().0
    }

    /// Its name and floor, in hundredths, until somebody changes them.
    const fn original(self) -> (&'static str, i64) {
        match self {
            Self::Bronze => ("Bronze", 100),
            Self::Silver => ("Silver", 260),
            Self::Gold => ("Gold", 360),
            Self::Platinum => ("Platinum", 460),
        }
    }
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerLevel;

/// Short fields that people set; the rank is the code's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LevelData {
    /// What it is called; `None` is the product's name.
    pub name: Option<Text<100>>,
    /// From which score a customer has it.
    pub min_score: Score,
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelText {
    /// What customers have of it.
    pub benefits: Option<Prose>,
}

impl Entity for CustomerLevel {
    const KIND: &'static str = "LEVEL";
    type Id = LevelCode;
    type Data = LevelData;
    type Text = LevelText;
    type Derived = ();

    fn owner(_: &Row<Self>) -> Option<UserId> {
        None
    }

    fn team(_: &Row<Self>) -> Option<TeamId> {
        None
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Everyone
    }

    fn label(row: &Row<Self>) -> String {
        row.name().to_owned()
    }
}

impl Row<CustomerLevel> {
    /// What it is called.
    pub fn name(&self) -> &str {
        self.data.name.as_ref().map_or(self.id.original_name(), Text::as_str)
    }
}

/// What the levels are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LevelNames(BTreeMap<LevelCode, String>);

impl LevelNames {
    /// Those of levels as they are stored; of the others the product's own.
    pub fn of<'a>(stored: impl IntoIterator<Item = &'a Row<CustomerLevel>>) -> Self {
        Self(stored.into_iter().map(|level| (level.id, level.name().to_owned())).collect())
    }

    /// What a level is called.
    pub fn name(&self, code: LevelCode) -> &str {
        self.0.get(&code).map_or(code.original_name(), String::as_str)
    }
}

fn original_floor(code: LevelCode) -> Score {
    Score::of_hundredths(code.original().1).unwrap_or(Score::MIN)
}

/// A level as it stands; 0 is the version of the product's own.
pub fn standing(code: LevelCode, stored: Option<&Record<CustomerLevel>>, act: &Act) -> Record<CustomerLevel> {
    stored.cloned().unwrap_or_else(|| {
        let data = LevelData { name: None, min_score: original_floor(code) };
        let mut original = Record::new(code, act, data, LevelText::default(), ());
        original.version = 0;
        original
    })
}

/// The floors until somebody changes one.
pub fn original_floors() -> Floors {
    LevelCode::ALL.iter().map(|code| (*code, original_floor(*code))).collect()
}

/// The floors of levels as they stand; of those that are not there the product's own.
pub fn floors<'a>(levels: impl IntoIterator<Item = &'a Row<CustomerLevel>>) -> Floors {
    let mut floors = original_floors();
    floors.extend(levels.into_iter().map(|level| (level.id, level.data.min_score)));
    floors
}

/// The highest level whose floor a score reaches.
pub fn level_of(score: Score, floors: &Floors) -> LevelCode {
    let reached = floors.iter().filter(|(_, floor)| score >= **floor).map(|(code, _)| *code);
    reached.max().unwrap_or(LevelCode::Bronze)
}

/// What is wrong with floors, by the code of each: BRONZE is from 1.00, which everybody reaches, and each is above the one
/// before.
pub fn faults(floors: &Floors) -> Vec<FieldFault> {
    let floor = |code: LevelCode| floors.get(&code).copied().unwrap_or_else(|| original_floor(code));
    let mut wrong = Vec::new();
    if floor(LevelCode::Bronze) != Score::MIN {
        wrong.push(FieldFault::new(LevelCode::Bronze.as_str(), "range", format!("must be {}: everybody has the lowest level", Score::MIN)));
    }
    for pair in LevelCode::ALL.windows(2) {
        let (below, code) = (pair[0], pair[1]);
        if floor(code) <= floor(below) {
            wrong.push(FieldFault::new(code.as_str(), "order", format!("must be above {}, from which one is {below}", floor(below))));
        }
    }
    wrong
}

/// What is wrong with a new floor of one level beside those of the others.
pub fn floor_fault(code: LevelCode, wanted: Score, floors: &Floors) -> Option<FieldFault> {
    let (before, mut after) = (faults(floors), floors.clone());
    after.insert(code, wanted);
    let wrong = faults(&after).into_iter().find(|fault| !before.contains(fault))?;
    let message = match wrong.field == code.as_str() {
        true => wrong.message,
        false => format!("must be below {}, from which one is {}", floors.get(&code.next()?)?, wrong.field),
    };
    Some(FieldFault::new("minScore", wrong.rule, message))
}

/// What a level is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// What it is called.
    pub name: Text<100>,
    /// From which score a customer has it.
    pub min_score: Score,
    /// What customers have of it.
    pub benefits: Option<Prose>,
}

/// What cannot be changed, as it was sent back; what was not sent is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SentBack {
    /// The code.
    pub code: Option<LevelCode>,
    /// The rank.
    pub rank: Option<i64>,
    /// The version that was read.
    pub version: Option<i64>,
}

impl SentBack {
    /// What of it is not as it is.
    pub fn faults(&self, present: &Record<CustomerLevel>) -> Vec<FieldFault> {
        let is = |number: u64, sent: Option<i64>| sent.is_none_or(|sent| u64::try_from(sent) == Ok(number));
        let as_is = [
            ("code", self.code.is_none_or(|code| code == present.id)),
            ("rank", is(present.id.rank() as u64, self.rank)),
            ("version", is(present.version, self.version)),
        ];
        let fault = |field| FieldFault::new(field, "readonly", "cannot be changed here and is not as it was sent; read the levels again");
        as_is.into_iter().filter(|(_, same)| !same).map(|(field, _)| fault(field)).collect()
    }
}

/// Replaces a level, among the floors of all as they stand. The product's own name is no name of its own.
pub fn replace(present: &Record<CustomerLevel>, act: &Act, wanted: Wanted, floors: &Floors) -> Result<Change<CustomerLevel>, Refused> {
    let Wanted { name, min_score, benefits } = wanted;
    Refused::any(floor_fault(present.id, min_score, floors).into_iter().collect())?;
    let name = (name.as_str() != present.id.original_name()).then_some(name);
    let Some((next, changes)) = present.changed(act, LevelData { name, min_score }, LevelText { benefits }) else { return Ok(None) };
    let summary = format!("{} changed the level {}", act.actor_name, next.name());
    let detail = json!({"minScoreChanged": present.data.min_score != min_score});
    let event = next.event(act, EventKind::LevelUpdated, summary, detail).with_changes(changes);
    Ok(Some((next, vec![event])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::text::TextValue;

    fn score(hundredths: i64) -> Score {
        Score::of_hundredths(hundredths).expect("inside")
    }

    fn set(hundredths: [i64; 4]) -> Floors {
        LevelCode::ALL.iter().copied().zip(hundredths.map(score)).collect()
    }

    #[test]
    fn the_level_is_the_highest_whose_floor_is_reached() {
        use LevelCode::{Bronze, Gold, Platinum, Silver};
        let floors = original_floors();
        let of = |hundredths| level_of(score(hundredths), &floors);
        assert_eq!([100, 259, 260, 359, 360, 459, 460, 500].map(of), [Bronze, Bronze, Silver, Silver, Gold, Gold, Platinum, Platinum]);
        let other = set([100, 200, 300, 500]);
        assert_eq!([199, 200, 499, 500].map(|hundredths| level_of(score(hundredths), &other)), [Bronze, Silver, Gold, Platinum]);
        for hundredths in 100..=500 {
            // Going down from the top, the first that is reached.
            let down = LevelCode::ALL.iter().rev().find(|code| score(hundredths) >= other[*code]);
            assert_eq!(Some(&level_of(score(hundredths), &other)), down);
        }
    }

    #[test]
    fn each_floor_that_does_not_rise_is_named() {
        let wrong = |hundredths| faults(&set(hundredths)).into_iter().map(|fault| fault.field).collect::<Vec<_>>();
        assert!(wrong([100, 260, 360, 460]).is_empty());
        assert_eq!(wrong([101, 101, 300, 300]), ["BRONZE", "SILVER", "PLATINUM"]);
        assert_eq!(wrong([100, 500, 400, 300]), ["GOLD", "PLATINUM"]);
    }

    #[test]
    fn a_floor_stays_between_its_neighbours() {
        let floors = original_floors();
        let fault = |code, hundredths| floor_fault(code, score(hundredths), &floors).map(|fault| (fault.field, fault.message));
        let wrong = |message: &str| Some(("minScore".to_owned(), message.to_owned()));
        use LevelCode::{Bronze, Gold, Platinum, Silver};
        assert_eq!(fault(Bronze, 100), None);
        assert_eq!(fault(Bronze, 110), wrong("must be 1.00: everybody has the lowest level"));
        assert_eq!(fault(Silver, 100), wrong("must be above 1.00, from which one is BRONZE"));
        assert_eq!(fault(Silver, 359), None);
        assert_eq!(fault(Silver, 360), wrong("must be below 3.60, from which one is GOLD"));
        assert_eq!(fault(Gold, 460), wrong("must be below 4.60, from which one is PLATINUM"));
        assert_eq!(fault(Platinum, 500), None);
    }

    #[test]
    fn a_level_is_the_products_own_until_somebody_changes_it() {
        let own = standing(LevelCode::Gold, None, &act());
        assert_eq!((own.version, own.name(), own.data.min_score, own.id.rank()), (0, "Gold", score(360), 3));
        let golden = Wanted { name: Text::read("Golden").expect("valid"), min_score: score(350), benefits: None };
        let floors = floors([&own.row]);
        let (next, events) = replace(&own, &act(), golden.clone(), &floors).expect("allowed").expect("changed");
        assert_eq!((next.version, next.name()), (1, "Golden"));
        assert_eq!((events[0].kind, events[0].changes.keys().collect::<Vec<_>>().len()), (EventKind::LevelUpdated, 2));
        assert_eq!(events[0].data, json!({"minScoreChanged": true}));
        assert_eq!(replace(&next, &act(), golden.clone(), &floors), Ok(None));
        assert!(replace(&own, &act(), Wanted { min_score: score(460), ..golden.clone() }, &floors).is_err());
        let as_read = Wanted { name: Text::read("Gold").expect("valid"), min_score: score(360), benefits: None };
        assert_eq!(replace(&own, &act(), as_read.clone(), &floors), Ok(None), "what was read is no change");
        let (back, events) = replace(&next, &act(), Wanted { name: as_read.name, ..golden }, &floors).expect("allowed").expect("changed");
        assert_eq!((back.name(), &back.data.name, &events[0].data), ("Gold", &None, &json!({"minScoreChanged": false})));
        let names = LevelNames::of([&next.row]);
        assert_eq!([LevelCode::Gold, LevelCode::Silver].map(|code| names.name(code).to_owned()), ["Golden", "Silver"]);
    }

    #[test]
    fn what_cannot_be_changed_is_sent_back_as_it_is() {
        let own = standing(LevelCode::Gold, None, &act());
        let fields = |sent: SentBack| sent.faults(&own).into_iter().map(|fault| fault.field).collect::<Vec<_>>();
        assert!(fields(SentBack::default()).is_empty());
        assert!(fields(SentBack { code: Some(LevelCode::Gold), rank: Some(3), version: Some(0) }).is_empty());
        assert_eq!(fields(SentBack { code: Some(LevelCode::Silver), rank: Some(2), version: Some(-1) }), ["code", "rank", "version"]);
    }
}
