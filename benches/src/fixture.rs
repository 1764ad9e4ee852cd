//! Customers by the thousand: the same ones at every run, put into the table without the API.

use crate::Failure;
use crate::crm::Crm;
use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use domain::customer::{Customer, CustomerData, CustomerKept, CustomerText, Engagement, LevelCode, Lifecycle, Owner, stamp};
use domain::event::Act;
use domain::input::TextValue;
use domain::value::Text;
use domain::{CustomerId, Record, Time};
use dynoxide::{AttributeValue, Database, ImportOptions, Item};
use local::TABLE;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use store::search::token_items;
use uuid::Uuid;

/// When the first customer was made; the next follow by the minute.
const BEGINNING: i64 = 1_750_000_000_000;
const MINUTE: i64 = 60_000;
/// How many items are imported at once.
const BATCH: usize = 50_000;

/// Whose customers they are.
#[derive(Debug, Clone)]
pub struct Owners {
    /// Has a fifth.
    pub rep: Owner,
    /// Has a fifth, in the same team.
    pub manager: Owner,
    /// Has half, in another team.
    pub other: Owner,
}

/// Even numbers that look random (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// One of the customers. A tenth belongs to nobody and a fifth is archived; one in ten is FORMER, one
/// in fifty PLATINUM, one in three was not contacted for long, and one in eight is called Acme.
fn customer(number: u64, owners: &Owners) -> Result<Record<Customer>, Failure> {
    let mut dice = Dice(number);
    let at = Time::from_millis(BEGINNING + i64::try_from(number)? * MINUTE);
    let owner = match dice.roll(10) {
        0 | 1 => Some(&owners.rep),
        2 | 3 => Some(&owners.manager),
        4 => None,
        _ => Some(&owners.other),
    };
    let first = if dice.roll(8) == 0 { "Acme" } else { "Globex" };
    let data = CustomerData {
        name: Text::read(&format!("{first} {number}")).map_err(|invalid| invalid.message)?,
        first_name: None,
        last_name: None,
        company: None,
        email: None,
        phone: None,
        address: None,
        birthday: None,
        lifecycle: if dice.roll(10) == 0 { Lifecycle::Former } else { Lifecycle::Customer },
        engagement: [Engagement::Hot, Engagement::Warm, Engagement::Inactive][usize::try_from(dice.roll(3))?],
        engagement_changed_at: at,
        referred_by_id: None,
        converted_from_lead_id: None,
        owner_id: owner.map(|owner| owner.id),
        marketing_opt_out: false,
        archived_at: (dice.roll(5) == 0).then_some(at),
    };
    let mut kept = CustomerKept {
        level_code: (dice.roll(50) == 0).then_some(LevelCode::Platinum),
        last_contacted_at: (dice.roll(3) != 0).then_some(Time::from_millis(BEGINNING * 2)),
        ..CustomerKept::default()
    };
    stamp(&mut kept, owner);
    let text = CustomerText { metadata: serde_json::from_value(serde_json::json!({"note": "x".repeat(300)}))? };
    let act = Act { at, actor: None, actor_name: "Fixture".into(), ids: Arc::new(Uuid::now_v7) };
    let id = CustomerId::new(Uuid::from_u128(u128::from(number) + 1));
    Ok(Record::new(id, &act, data, text, kept))
}

/// Adds the customers of these numbers, with their search words, to the table.
pub async fn load(crm: &Crm, owners: &Owners, numbers: Range<u64>) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name);
    crm.table().copy_to(&file("before.db")).await?;
    let database = Database::memory()?;
    database.restore_from(&file("before.db").to_string_lossy())?;
    let mut items: Vec<Item> = Vec::new();
    for number in numbers {
        let record = customer(number, owners)?;
        let mut made = token_items(&record)?;
        made.push(store::item::to_item(&record)?);
        items.extend(made.into_iter().map(imported).collect::<Result<Vec<_>, _>>()?);
        if items.len() > BATCH {
            database.import_items(TABLE, std::mem::take(&mut items), ImportOptions::default())?;
        }
    }
    database.import_items(TABLE, items, ImportOptions::default())?;
    database.vacuum_into(&file("after.db").to_string_lossy())?;
    crm.table().restore_from(&file("after.db")).await?;
    Ok(())
}

/// An item of the SDK as one of the database.
fn imported(item: HashMap<String, Sdk>) -> Result<Item, Failure> {
    item.into_iter().map(|(name, value)| Ok((name, attribute(value)?))).collect()
}

fn attribute(value: Sdk) -> Result<AttributeValue, Failure> {
    Ok(match value {
        Sdk::S(text) => AttributeValue::S(text),
        Sdk::N(number) => AttributeValue::N(number),
        Sdk::Bool(flag) => AttributeValue::BOOL(flag),
        Sdk::Null(flag) => AttributeValue::NULL(flag),
        Sdk::M(map) => AttributeValue::M(imported(map)?),
        Sdk::L(list) => AttributeValue::L(list.into_iter().map(attribute).collect::<Result<_, _>>()?),
        other => return Err(format!("{other:?} does not stand in a customer").into()),
    })
}
