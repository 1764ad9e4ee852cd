//! The migration `lead-source-key`: what it makes of stored leads, and by what they are found then.

use super::{fixture, is_present, left, migrate, plain};
use std::collections::BTreeSet;
use tests::background::settle;
use tests::recount::{Look, disagreements};

#[tokio::test]
async fn a_source_is_found_in_any_spelling_and_the_release_before_finds_its_own() {
    let crm = left().await;
    let mut posts = crm.posts().await;
    let admin = fixture::demo_person(&crm, "admin").await;
    let found = async |source: &str| admin.ids(&format!("/leads?source={source}")).await.len();
    assert_eq!((found("Trade%20Fair").await, found("TRADE%20FAIR").await), (1, 1), "what was typed is found before, as it was");
    assert_eq!(disagreements(&crm.items().await, Look::Uncounted), Vec::<String>::new());
    let before = crm.items().await;
    migrate(&crm).await;
    settle(&mut posts).await;
    for spelling in ["Trade%20Fair", "trade%20fair", "TRADE%20%20FAIR", "Trade%20fair"] {
        assert_eq!(found(spelling).await, 4, "{spelling}");
        assert_eq!(admin.ids(&format!("/leads?archived=true&source={spelling}")).await.len(), 1, "{spelling}");
    }
    assert_eq!((found("cafe").await, found("website").await, found("Website").await), (1, 4, 4));
    let after = crm.items().await;
    assert_eq!(disagreements(&after, Look::Uncounted), Vec::<String>::new(), "the rows followed");
    // What the release before goes by is as it left it: so it can come back.
    let rows = |items: &[tests::items::Raw]| -> BTreeSet<(String, String)> {
        let found = items.iter().filter(|item| item.text("type") == "FOUND#LEAD");
        found.map(|row| (plain(row.text("pk")), row.text("sk").to_owned())).collect()
    };
    assert!(rows(&before).is_subset(&rows(&after)));
    for old in before.iter().filter(|item| item.text("type") == "LEAD") {
        let new = after.iter().find(|item| item.text("pk") == old.text("pk") && item.text("sk") == "LEAD").expect("still there");
        assert!(is_present(new));
        for attribute in ["data", "text", "version"] {
            assert_eq!(old.at(attribute), new.at(attribute), "{attribute} of {}", old.text("pk"));
        }
        for index in ["o", "t", "a", "os", "ts", "as", "p", "s"] {
            assert_eq!(plain(old.text(index)), plain(new.text(index)), "{index} of {}", old.text("pk"));
        }
        let derived = old.at("derived").as_object().expect("a map");
        assert!(derived.iter().all(|(name, value)| &new.at("derived")[name] == value), "{}", new.at("derived"));
        assert_eq!(new.at("derived")["sourceKey"].is_string(), old.at("data")["source"].is_string());
    }
}
