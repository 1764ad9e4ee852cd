//! Words for the search `q`: what a record is found by, and what a query looks for.
//!
//! People find what they type. Case and accents do not count; apostrophes and `&` join as well as split;
//! an e-mail address is found from any of its parts on; a phone number is kept backwards, so that its
//! last digits are a beginning.

use crate::value::{Email, Phone};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How many words of a record are looked up by: enough for contact data, names and company, and a
/// bound on what one record costs the projector.
pub const MAX_WORDS: usize = 24;
/// How many more narrow a search of several words.
pub const MAX_MORE: usize = 24;
/// How much of a word counts.
const MAX_LENGTH: usize = 64;
/// How many of its last digits find a phone number at least.
const LAST_DIGITS: usize = 4;
/// What a phone number's digits stand behind; it begins no other word.
const PHONE: char = '-';

/// What a record is found by, as people wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findable<'a> {
    /// Its e-mail address.
    pub email: Option<&'a str>,
    /// Its phone number.
    pub phone: Option<&'a str>,
    /// Names and titles.
    pub names: Vec<&'a str>,
}

impl<'a> Findable<'a> {
    /// Contact data, and those names that there are; the first ones count first.
    pub fn of(email: Option<&'a Email>, phone: Option<&'a Phone>, names: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        Self { email: email.map(Email::as_str), phone: phone.map(Phone::as_str), names: names.into_iter().flatten().collect() }
    }
}

/// The words of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RecordWords {
    /// Those it is looked up by, sorted: none begins another, since who finds the longer one by a
    /// beginning finds the shorter one too.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Those that only narrow a search, sorted: single characters, the end of an e-mail address, and what
    /// is beyond the bound.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<String>,
}

/// A text for comparing: case, accents and the ways of writing one letter do not count.
pub fn folded(text: &str) -> String {
    let apostrophe = |c: char| if matches!(c, '\u{2019}' | '\u{2018}' | '\u{02bc}' | '\u{02bb}' | '\u{ff07}' | '`' | '\u{b4}') { '\'' } else { c };
    // By upper case first, as `ß` is one letter and `SS` two.
    let cased = text.chars().map(apostrophe).nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    // Letters that Unicode does not take apart, though people do.
    let mut folded = String::with_capacity(text.len());
    for c in cased.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ħ' => folded.push('h'),
            'ŧ' => folded.push('t'),
            'ŋ' => folded.push('n'),
            'ə' => folded.push('e'),
            'ς' => folded.push('σ'),
            // Where a word may be broken is not part of it.
            '\u{ad}' | '\u{200b}'..='\u{200d}' => {}
            // Keys are put together with it.
            '#' => folded.push('_'),
            c => folded.push(c),
        }
    }
    folded
}

fn cut(word: &str) -> String {
    word.chars().take(MAX_LENGTH).collect()
}

/// Runs of letters and digits.
fn parts(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty())
}

/// The pieces of a text between which it has a space or a sign that does not join.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '&')).filter(|piece| !piece.is_empty())
}

/// A piece as one word: `o'neil` as `oneil`.
fn joined(piece: &str) -> String {
    parts(piece).collect()
}

/// A phone number for the look-up from its end, without what only some people write: the zero before
/// the area code.
fn backwards(text: &str) -> String {
    let digits: String = text.replace("(0)", "").chars().filter(char::is_ascii_digit).collect();
    std::iter::once(PHONE).chain(digits.trim_start_matches('0').chars().rev()).collect()
}

/// An e-mail address from each of its parts on, and its last part, by which alone nobody looks for it.
fn email_words(email: &str) -> (Vec<String>, Option<String>) {
    let email = folded(&crate::value::written(email));
    let mut words = Vec::new();
    let mut starts = email.char_indices().filter(|(at, c)| {
        let before = email[..*at].chars().next_back();
        c.is_alphanumeric() && before.is_none_or(|before| !before.is_alphanumeric())
    });
    for (at, _) in starts.by_ref() {
        words.push(cut(&email[at..]));
    }
    let last = words.pop();
    (words, last)
}

/// The words of a record: contact data first, so that no name hides it.
pub fn record_words(findable: &Findable<'_>) -> RecordWords {
    let (mut words, end) = findable.email.map(email_words).unwrap_or_default();
    words.extend(findable.phone.map(backwards));
    for name in &findable.names {
        // Signs join as well as split: `wal-mart` is also `walmart`, and `i.b.x.` `ibx`.
        for chunk in folded(name).split_whitespace() {
            let whole = joined(chunk);
            words.push(cut(&whole));
            for piece in pieces(chunk).filter(|piece| *piece != whole) {
                words.push(cut(&joined(piece)));
                words.extend(parts(piece).map(cut));
            }
        }
    }
    let mut all: Vec<String> = Vec::new();
    for word in words {
        if !word.is_empty() && !all.contains(&word) {
            all.push(word);
        }
    }
    let shadowed = |word: &String| all.iter().any(|other| other != word && other.starts_with(word.as_str()));
    let kept: Vec<String> = all.iter().filter(|word| !shadowed(word)).cloned().collect();
    let mut found = RecordWords::default();
    for word in kept {
        // A single letter finds nothing by itself; a single character of a script without letters is a word.
        let is_word = word.chars().nth(1).is_some() || !word.is_ascii();
        let place = if is_word && found.words.len() < MAX_WORDS { &mut found.words } else { &mut found.more };
        place.push(word);
    }
    found.more.truncate(MAX_MORE);
    found.more.extend(end.filter(|end| !found.words.iter().chain(&found.more).any(|word| word.starts_with(end.as_str()))));
    found.words.sort_unstable();
    found.more.sort_unstable();
    found
}

/// One way of understanding a query.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    /// Looked up as a prefix.
    prefix: String,
    /// The other words: one form of each must begin a word of the record.
    others: Vec<Vec<String>>,
}

/// A search as typed, ready to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    ways: Vec<Way>,
}

/// A word of a query.
struct Asked {
    text: String,
    /// Whether it ends what may be a domain, by which nothing is looked up if there is another.
    ends: bool,
}

impl Asked {
    /// What it may mean: a run of digits is a word, or the end of a phone number.
    fn forms(&self) -> Vec<String> {
        let phone = Some(backwards(&self.text)).filter(|phone| self.text.chars().all(|c| c.is_ascii_digit()) && phone.len() > LAST_DIGITS);
        std::iter::once(self.text.clone()).chain(phone).collect()
    }
}

fn asked(text: &str) -> Vec<Asked> {
    let mut words = Vec::new();
    for chunk in folded(text).split_whitespace() {
        let address = chunk.trim_matches(|c: char| !c.is_alphanumeric() && c != '@').trim_start_matches('@');
        if address.contains('@') {
            words.push(Asked { text: cut(address), ends: false });
            continue;
        }
        // Single letters with points are one word: `i.b.x.` as `ibx`.
        if parts(chunk).count() > 1 && parts(chunk).all(|part| part.chars().nth(1).is_none() && part.chars().all(char::is_alphabetic)) {
            words.push(Asked { text: cut(&joined(chunk)), ends: false });
            continue;
        }
        let pieces: Vec<&str> = pieces(chunk).filter(|piece| parts(piece).next().is_some()).collect();
        let last = pieces.len().saturating_sub(1);
        words.extend(pieces.iter().enumerate().map(|(at, piece)| Asked { text: cut(&joined(piece)), ends: last > 0 && at == last }));
    }
    words
}

impl Search {
    /// What is looked up, each as a prefix; in order, and none begins another.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.ways.iter().map(|way| way.prefix.as_str())
    }

    /// Whether what is found by a prefix still has to have other words.
    pub fn narrows(&self) -> bool {
        self.ways.iter().any(|way| !way.others.is_empty())
    }

    /// Whether a record with these words matches, and at which of them it is shown: the first one with
    /// a prefix, so that a record shows once however many of its words match.
    pub fn shown_at<'a>(&self, record: &'a RecordWords) -> Option<&'a str> {
        let begins = |prefix: &String| record.words.iter().chain(&record.more).any(|word| word.starts_with(prefix.as_str()));
        let matching = self.ways.iter().filter(|way| way.others.iter().all(|forms| forms.iter().any(begins)));
        matching.filter_map(|way| record.words.iter().find(|word| word.starts_with(&way.prefix))).min().map(String::as_str)
    }
}

impl crate::text::TextValue for Search {
    fn read(text: &str) -> Result<Self, crate::text::Invalid> {
        let length = text.chars().count();
        if length > 100 {
            return Err(crate::text::Invalid::new("length", "must have at most 100 characters"));
        }
        if text.trim().chars().count() < 2 {
            return Err(crate::text::Invalid::new("length", "must have at least two characters"));
        }
        let mut ways = Vec::new();
        // Digits with signs that people put into phone numbers: one number, whatever stands between.
        let number = backwards(text);
        let numeric = text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-()./".contains(c));
        if numeric && number.len() > LAST_DIGITS {
            ways.push(Way { prefix: number, others: Vec::new() });
        }
        // A number in pieces beside a name: `ann 555-2671`, `ann 0123 45-67`.
        let is_number = |chunk: &&str| chunk.chars().any(|c| c.is_ascii_digit()) && chunk.chars().all(|c| c.is_ascii_digit() || "+-()./".contains(c));
        let pieces: Vec<&str> = text.split_whitespace().filter(is_number).collect();
        let beside = backwards(&pieces.join(""));
        if !numeric && beside.len() > LAST_DIGITS && pieces.iter().flat_map(|piece| parts(piece)).nth(1).is_some() {
            let names: Vec<&str> = text.split_whitespace().filter(|chunk| !is_number(chunk)).collect();
            let others = asked(&names.join(" ")).iter().map(Asked::forms).collect();
            ways.push(Way { prefix: beside, others });
        }
        let mut words = asked(text);
        let usable =
            |word: &Asked| (!word.ends || words.iter().all(|other| other.ends || other.text.chars().nth(1).is_none()), word.text.chars().count());
        if let Some(longest) = (0..words.len()).rev().max_by_key(|index| usable(&words[*index])) {
            let prefix = words.remove(longest);
            let others: Vec<Vec<String>> = words.iter().map(Asked::forms).collect();
            // The longest word may itself be the end of a number that stands beside a name.
            let forms = if numeric { vec![prefix.text] } else { prefix.forms() };
            ways.extend(forms.into_iter().rev().map(|prefix| Way { prefix, others: others.clone() }));
        }
        Ok(Self { ways })
    }

    fn form() -> crate::text::Form {
        crate::text::Form { min: Some(2), max: Some(100), example: Some("acme"), ..crate::text::Form::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::TextValue;

    fn named(name: &str) -> RecordWords {
        record_words(&Findable { names: vec![name], ..Findable::default() })
    }

    fn search(text: &str) -> Search {
        Search::read(text).expect("valid")
    }

    fn finds(query: &str, record: &RecordWords) -> bool {
        search(query).shown_at(record).is_some()
    }

    #[test]
    fn the_longest_word_is_the_prefix_and_the_others_filter() {
        let search = search("Jo acme.com");
        assert_eq!(search.prefixes().collect::<Vec<_>>(), ["acme"]);
        let record = record_words(&Findable { names: vec!["John Smith"], email: Some("john@acme.com"), phone: None });
        assert_eq!(search.shown_at(&record), Some("acme.com"));
        assert_eq!(search.shown_at(&named("Acme com")), None);
    }

    #[test]
    fn a_record_is_shown_at_its_first_matching_word_only() {
        let record = named("Acmeco Acme Acmes");
        assert_eq!(record.words, ["acmeco", "acmes"], "who looks for acme finds acmeco");
        assert_eq!(search("acm").shown_at(&record), Some("acmeco"));
    }

    #[test]
    fn two_characters_of_any_kind_are_enough() {
        for short in ["", "a", " a ", "é"] {
            assert!(Search::read(short).is_err(), "{short:?}");
        }
        for strange in ["@ .", "--", "🙂🙂"] {
            assert_eq!(search(strange).prefixes().count(), 0, "{strange}: valid, and finds nothing");
        }
        assert!(finds("a b", &named("Anna Berg")) && finds("株式", &named("株式会社")));
    }

    #[test]
    fn people_find_what_they_type() {
        let found = [
            ("jose", "José García"),
            ("josé garcia", "Jose García"),
            ("muller", "Müller"),
            ("MÜLLER", "muller"),
            ("hauptstrasse", "Hauptstraße 5"),
            ("sorensen", "Sørensen"),
            ("lodz", "Łódź"),
            ("o'neil", "O'Neil"),
            ("oneil", "O'Neil"),
            ("neil", "O'Neil"),
            ("O\u{2019}Neil", "O'Neil"),
            ("o'neil", "ONeil"),
            ("at&t", "AT&T"),
            ("att", "AT&T"),
            ("AT&T wireless", "AT&T Wireless"),
            ("m&s", "M&S"),
            ("plan b", "Plan B"),
            ("Plan B", "The Plan B"),
            ("J Smith", "J. Smith"),
            ("j smith", "John Smith"),
            ("smith j", "John Smith"),
            ("vitamin c", "Vitamin C"),
            ("version 2.0", "Version 2.0"),
            ("ver 2", "Version 2.0"),
            ("jean-luc", "Jean Luc"),
            ("000023", "Analytical Engines 000023"),
            ("2024", "Fair 2024"),
            ("2024 fair", "Fair 2024"),
            ("2024-05", "Fair 2024-05"),
            ("booking.com", "Booking.com"),
            ("john.smith", "John Smith"),
            ("walmart", "Wal-Mart"),
            ("wal-mart", "Wal-Mart"),
            ("mart", "Wal-Mart"),
            ("aqdq", "AQ/DQ Records"),
            ("ibx", "I.B.X. Labs"),
            ("I.B.X.", "I.B.X. Labs"),
            ("ibx labs", "I.B.X. Labs"),
            ("jp morganfeld", "J.P. Morganfeld"),
            ("hawaii", "Hawaiʻi"),
            ("hawai'i", "Hawaiʻi"),
            ("hamrun", "Ħamrun"),
            ("donaudampf", "Donau\u{ad}dampf"),
            ("芳 王", "王 芳"),
            ("王芳", "王芳"),
        ];
        for (query, name) in found {
            assert!(finds(query, &named(name)), "{query} finds {name}");
        }
        for (query, name) in
            [("plan b", "Plan A"), ("j smith", "Smith"), ("vitamin c", "Vitamin D"), ("version 2.0", "Version 3.0"), ("ith", "Smith")]
        {
            assert!(!finds(query, &named(name)), "{query} does not find {name}");
        }
    }

    #[test]
    fn a_phone_number_is_found_in_any_spelling_and_by_its_last_digits() {
        let record = record_words(&Findable { names: vec!["Ann"], phone: Some("+12345678901"), email: None });
        for query in [
            "+1 (234) 567-8901",
            "+12345678901",
            "12345678901",
            "234 567 8901",
            "(0)234/567.8901",
            "8901",
            "78901",
            "678901",
            "567-8901",
            "ann 8901",
            "8901 an",
            "ann 567-8901",
            "ann 234-567-8901",
            "Ann 234 567 8901",
            "+1 (234) 567-8901 ann",
        ] {
            assert!(finds(query, &record), "{query}");
        }
        for query in ["901", "1234567", "8902", "bob 8901", "ann 8902", "ann 568-8901", "bob 567-8901"] {
            assert!(!finds(query, &record), "{query}");
        }
        let national = record_words(&Findable { phone: Some("+491234567"), ..Findable::default() });
        assert!(finds("0123 45-67", &national) && finds("0123 4567", &national) && finds("+49 (0)123 4567", &national));
    }

    #[test]
    fn an_email_address_is_found_by_its_local_part_its_domain_and_whole() {
        let record = record_words(&Findable { email: Some("j.smith@mail.big-corp.example"), ..Findable::default() });
        let whole = "j.smith@mail.big-corp.example";
        for query in [
            "j.smith",
            "smith",
            "J.Smith@",
            whole,
            "smith@mail",
            "mail.big-corp.example",
            "@mail.big-corp.example",
            "big-corp.example",
            "corp",
            "smith exam",
        ] {
            assert!(finds(query, &record), "{query}");
        }
        for query in ["j.smith@example", "example", "k.smith"] {
            assert!(!finds(query, &record), "{query}");
        }
        let short = record_words(&Findable { email: Some("x@hi.example"), ..Findable::default() });
        assert!(finds("hi.example", &short) && finds("x@hi", &short));
    }

    #[test]
    fn a_long_name_hides_no_contact_data() {
        let name: Vec<String> = (0..30).map(|number| format!("word{number}x")).collect();
        let name = name.join(" ");
        let record = record_words(&Findable { names: vec![&name], email: Some("ada@acme.example"), phone: Some("+4930123456") });
        assert_eq!(record.words.len(), MAX_WORDS);
        assert!(finds("ada@acme.example", &record) && finds("acme", &record) && finds("123456", &record));
        assert!(finds("word0x wo", &record) && finds("ada@acme word29x", &record), "what is not looked up still narrows");
    }

    #[test]
    fn a_usual_customer_takes_seven_words() {
        let names = vec!["Analytical Engines 000023", "Analytical Engines Ltd", "Grace", "Hopper"];
        let record = record_words(&Findable { names, email: Some("grace000023@analytical.example"), phone: Some("+49300000023") });
        assert_eq!(record.words, ["-32000000394", "000023", "analytical.example", "engines", "grace000023@analytical.example", "hopper", "ltd"]);
        assert_eq!(record.more, ["example"]);
    }
}
