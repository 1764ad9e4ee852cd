//! Words for the prefix search `q`.

/// How many distinct words of a record are findable: enough for names, company, address and
/// contact data, and a bound on what one record costs the projector.
pub const MAX_WORDS: usize = 16;

/// The words of a text: lower-cased runs of letters and digits, in order, repeats included.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The findable words of a record: distinct, sorted, of two to forty characters, at most
/// [`MAX_WORDS`].
pub fn record_words<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in texts.into_iter().flat_map(words) {
        let word: String = word.chars().take(40).collect();
        if word.chars().count() >= 2 && !found.contains(&word) && found.len() < MAX_WORDS {
            found.push(word);
        }
    }
    found.sort_unstable();
    found
}

/// A search as typed, ready to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The longest word: looked up as a prefix.
    pub prefix: String,
    /// The other words: each must begin a word of the record.
    pub others: Vec<String>,
}

impl Search {
    /// Whether a record with these words matches, and at which word it is shown: its first one with
    /// the prefix, so that a record shows once however many of its words match.
    pub fn shown_at<'a>(&self, record: &'a [String]) -> Option<&'a str> {
        let begins = |prefix: &str| record.iter().find(|word| word.starts_with(prefix));
        let first = begins(&self.prefix)?;
        self.others.iter().all(|other| begins(other).is_some()).then_some(first.as_str())
    }
}

impl crate::text::TextValue for Search {
    fn read(text: &str) -> Result<Self, crate::text::Invalid> {
        let too_short = || crate::text::Invalid::new("length", "must have a word of at least two letters or digits");
        if text.chars().count() > 100 {
            return Err(crate::text::Invalid::new("length", "must have at most 100 characters"));
        }
        let mut words = words(text);
        let longest = (0..words.len()).rev().max_by_key(|&index| words[index].chars().count()).ok_or_else(too_short)?;
        let prefix: String = words.remove(longest).chars().take(40).collect();
        if prefix.chars().count() < 2 {
            return Err(too_short());
        }
        Ok(Self { prefix, others: words })
    }

    fn form() -> crate::text::Form {
        crate::text::Form { min: Some(2), max: Some(100), example: Some("acme"), ..crate::text::Form::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::TextValue;

    #[test]
    fn the_longest_word_is_the_prefix_and_the_others_filter() {
        let search = Search::read("Jo acme.com").expect("valid");
        assert_eq!((search.prefix.as_str(), search.others.as_slice()), ("acme", ["jo".to_owned(), "com".to_owned()].as_slice()));
        let record = record_words(["John Smith", "john@acme.com"]);
        assert_eq!(search.shown_at(&record), Some("acme"));
        assert_eq!(search.shown_at(&record_words(["Acme com"])), None);
        assert!(Search::read("a").is_err() && Search::read("@ .").is_err());
    }

    #[test]
    fn a_record_is_shown_at_its_first_matching_word_only() {
        let record = record_words(["Acmeco Acme"]);
        assert_eq!(Search::read("acm").expect("valid").shown_at(&record), Some("acme"));
    }
}
