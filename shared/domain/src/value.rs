//! Small values that are valid once they exist: texts, e-mail addresses, phone numbers, codes.

use crate::text::{Form, Invalid, TextValue};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

/// One line of text, 1 to `MAX` characters after trimming, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether nothing of a text is seen: it has blanks and signs without a width alone.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'))
}

impl<const MAX: usize> TextValue for Text<MAX> {
    fn read(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if is_blank(text) {
            return Err(Invalid::new("length", "must not be empty"));
        }
        if text.chars().count() > MAX {
            return Err(Invalid::new("length", format!("must have at most {MAX} characters")));
        }
        if text.chars().any(char::is_control) {
            return Err(Invalid::new("format", "must not contain control characters"));
        }
        Ok(Self(text.to_owned()))
    }

    fn form() -> Form {
        Form { min: Some(1), max: Some(MAX), ..Form::default() }
    }
}

crate::text_serde!(for each MAX, Text<MAX>);

/// A text of several lines, 1 to `BYTES` bytes of UTF-8 after trimming, without control characters
/// but line ends and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongText<const BYTES: usize>(String);

impl<const BYTES: usize> LongText<BYTES> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const BYTES: usize> fmt::Display for LongText<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const BYTES: usize> TextValue for LongText<BYTES> {
    fn read(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if is_blank(text) {
            return Err(Invalid::new("length", "must not be empty"));
        }
        if text.len() > BYTES {
            return Err(Invalid::new("length", format!("must have at most {BYTES} bytes")));
        }
        if text.chars().any(|c| c.is_control() && !"\n\r\t".contains(c)) {
            return Err(Invalid::new("format", "must not contain control characters"));
        }
        Ok(Self(text.to_owned()))
    }

    fn form() -> Form {
        Form { min: Some(1), max: Some(BYTES), meaning: Some("measured in bytes of UTF-8"), ..Form::default() }
    }
}

crate::text_serde!(for each BYTES, LongText<BYTES>);

/// A text of several lines, 1 to `MAX` characters after trimming, without control characters but line ends and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines<const MAX: usize>(String);

impl<const MAX: usize> Lines<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Lines<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> TextValue for Lines<MAX> {
    fn read(text: &str) -> Result<Self, Invalid> {
        if text.trim().chars().count() > MAX {
            return Err(Invalid::new("length", format!("must have at most {MAX} characters")));
        }
        LongText::<{ usize::MAX }>::read(text).map(|text| Self(text.0))
    }

    fn form() -> Form {
        Form { min: Some(1), max: Some(MAX), ..Form::default() }
    }
}

crate::text_serde!(for each MAX, Lines<MAX>);

/// A body, a description or notes: up to 64 KB.
pub type Prose = LongText<65_536>;

/// Sorts a list, each value once.
pub(crate) fn tidy<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

/// How much of a body or of notes a list shows, in characters.
pub const EXCERPT: usize = 200;

/// An e-mail address, lower-cased, 3 to 254 characters: one `@`, a non-empty local part of at most
/// 64, a domain of dot-separated labels (RFC 5321 sections 4.1.2 and 4.5.3.1, without quoted local
/// parts and address literals, which no mailbox of a customer uses).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TextValue for Email {
    fn read(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("format", "must be an e-mail address");
        let text: String = text.trim().to_lowercase().nfc().collect();
        let (local, domain) = text.rsplit_once('@').filter(|(local, _)| is_local_part(local)).ok_or_else(invalid)?;
        let domain = ascii_domain(domain).filter(|domain| domain.contains('.')).ok_or_else(invalid)?;
        // Also what came in ASCII form may stand for other letters.
        let (shown, _) = idna::domain_to_unicode(&domain);
        if shown.split('.').any(mixes_alphabets) {
            return Err(Invalid::new("confusable", "mixes the letters of several alphabets in its domain, as look-alikes of other domains do"));
        }
        let address = format!("{local}@{domain}");
        if address.len() <= 254 { Ok(Self(address)) } else { Err(invalid()) }
    }

    fn form() -> Form {
        Form {
            format: Some("email"),
            max: Some(254),
            meaning: Some("an international domain is kept in its ASCII form (IDNA)"),
            example: Some("jane@acme.example"),
            ..Form::default()
        }
    }
}

crate::text_serde!(Email);

/// An address as people write it: with the letters of an international domain.
pub(crate) fn written(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", idna::domain_to_unicode(domain).0),
        None => address.to_owned(),
    }
}

fn is_local_part(local: &str) -> bool {
    let local_char = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    (1..=64).contains(&local.len()) && local.chars().all(local_char) && !local.starts_with('.') && !local.ends_with('.') && !local.contains("..")
}

/// The form of a domain in which two spellings of one are the same (UTS 46): ASCII, lower case.
fn ascii_domain(domain: &str) -> Option<String> {
    let domain = Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    domain.ok().map(|domain| domain.into_owned())
}

/// Whether a label has letters that are not written together: Latin goes with the scripts of Chinese, Japanese
/// and Korean (UTS 39, "highly restrictive").
fn mixes_alphabets(label: &str) -> bool {
    const TOGETHER: [&[Script]; 3] = [
        &[Script::Latin, Script::Han, Script::Hiragana, Script::Katakana],
        &[Script::Latin, Script::Han, Script::Bopomofo],
        &[Script::Latin, Script::Han, Script::Hangul],
    ];
    let mut scripts: Vec<Script> = label.chars().map(|c| c.script()).filter(|script| !matches!(script, Script::Common | Script::Inherited)).collect();
    scripts.dedup();
    let one = scripts.iter().all(|script| Some(script) == scripts.first());
    !one && !TOGETHER.iter().any(|together| scripts.iter().all(|script| together.contains(script)))
}

/// A phone number: `+` and 8 to 15 digits (the length limits of ITU-T E.164), no numbering-plan
/// check. Spaces and punctuation are dropped when reading.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

impl Phone {
    /// The number with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TextValue for Phone {
    fn read(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("format", "must be + and 8 to 15 digits, such as +1234567890");
        // The zero in brackets is only dialled at home: `+49 (0)30 …` is +4930….
        let text = if text.trim_start().starts_with('+') { text.replace("(0)", "") } else { text.to_owned() };
        let number: String = text.chars().filter(|c| !c.is_whitespace() && !"()-./".contains(*c)).collect();
        let digits = number.strip_prefix('+').ok_or_else(invalid)?;
        if (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) { Ok(Self(number)) } else { Err(invalid()) }
    }

    fn form() -> Form {
        Form {
            max: Some(40),
            meaning: Some("+ and 8 to 15 digits; spaces, punctuation and a zero in brackets, which is dialled at home alone, are dropped"),
            example: Some("+12025550123"),
            ..Form::default()
        }
    }
}

crate::text_serde!(Phone);

/// The name a person signs in with instead of an e-mail address: 2 to 64 of `a-z 0-9 . _ -`,
/// lower-cased. It has no `@`, so it can never be taken for an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(String);

impl Username {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TextValue for Username {
    fn read(text: &str) -> Result<Self, Invalid> {
        let name = text.trim().to_lowercase();
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        if (2..=64).contains(&name.len()) && name.bytes().all(good) {
            Ok(Self(name))
        } else {
            Err(Invalid::new("format", "must be 2 to 64 letters, digits, dots, dashes or underscores"))
        }
    }

    fn form() -> Form {
        Form { min: Some(2), max: Some(64), example: Some("jane"), ..Form::default() }
    }
}

crate::text_serde!(Username);

/// The code of a country that there is, ISO 3166-1 alpha-2, upper-cased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country(String);

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TextValue for Country {
    fn read(text: &str) -> Result<Self, Invalid> {
        let code = text.trim().to_uppercase();
        if rust_iso3166::from_alpha2(&code).is_some() {
            Ok(Self(code))
        } else {
            Err(Invalid::new("format", "must be the two-letter code of a country (ISO 3166-1), such as DE"))
        }
    }

    fn form() -> Form {
        Form { min: Some(2), max: Some(2), example: Some("DE"), ..Form::default() }
    }
}

crate::text_serde!(Country);

/// A language tag such as `en` or `pt-BR`: letters, digits and dashes, 2 to 35 (RFC 5646 section 4.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale(String);

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TextValue for Locale {
    fn read(text: &str) -> Result<Self, Invalid> {
        let subtag = |s: &str| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric());
        if (2..=35).contains(&text.len()) && text.split('-').all(subtag) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("format", "must be a language tag such as en or pt-BR"))
        }
    }

    fn form() -> Form {
        Form { min: Some(2), max: Some(35), example: Some("en"), ..Form::default() }
    }
}

crate::text_serde!(Locale);

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    /// The number, where it is inside.
    pub fn new(number: i64) -> Result<Self, Invalid> {
        let inside = (MIN..=MAX).contains(&number);
        if inside { Ok(Self(number)) } else { Err(Invalid::new("range", format!("must be from {MIN} to {MAX}"))) }
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64> fmt::Display for Whole<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MIN: i64, const MAX: i64> Serialize for Whole<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(|invalid| D::Error::custom(invalid.message))
    }
}

/// What a list shows of a text is its beginning: sent back, it stands for the whole, so that nothing is lost.
pub fn keep_whole(sent: &mut Option<Prose>, present: Option<&Prose>) {
    if let (Some(text), Some(whole)) = (sent.as_ref(), present)
        && text.as_str() == cut(whole.as_str(), EXCERPT)
    {
        *sent = Some(whole.clone());
    }
}

/// Cuts a text to `max` characters, with `…` at the end where something was cut.
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_addresses_are_refused() {
        for bad in ["", "a", "a@", "@b.c", "a@b", "a b@c.de", "a@b..c", "a@-b.c", ".a@b.cd", "a@b.c@d", "a\u{0}@b.cd", "a@b,c.de"] {
            assert!(Email::read(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Email::read(" Ann.O'Neil+x@Example.COM ").expect("valid").as_str(), "ann.o'neil+x@example.com");
    }

    #[test]
    fn a_domain_has_one_form_however_it_is_spelled() {
        for same in
            ["ann@bücher.example", "ann@BÜCHER.example", "ann@bu\u{308}cher.example", "ann@xn--bcher-kva.example", "ann@bücher\u{3002}example"]
        {
            assert_eq!(Email::read(same).expect(same).as_str(), "ann@xn--bcher-kva.example");
        }
        assert_eq!((written("ann@xn--bcher-kva.example"), written("ann")), ("ann@bücher.example".to_owned(), "ann".to_owned()));
        assert_eq!(Email::read("ann@straße.example").expect("valid").as_str(), "ann@xn--strae-oqa.example");
        assert_eq!(Email::read("ann@ｅxample.com").expect("valid").as_str(), "ann@example.com");
        for good in ["a@r3---sn.example.com", "a@例え.jp", "a@東京tower.jp", "a@почта.рф", "a@παράδειγμα.example", "a@한국회사.kr"]
        {
            let kept = Email::read(good).expect(good);
            assert_eq!(Email::read(kept.as_str()), Ok(kept.clone()), "{good}");
        }
        for bad in ["a@xn--a.example", "a@a_b.example", "a@b\u{200b}.x y", "a@\u{301}.example", "a@example.com."] {
            assert_eq!(Email::read(bad).map_err(|invalid| invalid.rule), Err("format"), "{bad:?}");
        }
    }

    #[test]
    fn a_domain_of_mixed_alphabets_is_refused() {
        // A Cyrillic а or о among Latin letters, a Greek ο, and the same in ASCII form.
        for bad in ["a@p\u{430}ypal.com", "a@micr\u{43e}soft.com", "a@g\u{3bf}ogle.com", "a@shop.xn--ypal-43d9g.com"] {
            let refused = Email::read(bad).expect_err(bad);
            assert_eq!(refused.rule, "confusable");
            assert!(refused.message.contains("several alphabets"), "{}", refused.message);
        }
    }

    #[test]
    fn phones_lose_their_punctuation() {
        assert_eq!(Phone::read("+49 (30) 123-45.67").expect("valid").as_str(), "+49301234567");
        assert!(Phone::read("+1234567890").is_ok());
        for bad in ["1234567890", "+123", "+1234567890123456", "+12345abc90", "", "+"] {
            assert!(Phone::read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_number_outside_is_none_also_where_it_was_stored() {
        type Small = Whole<1, 9>;
        assert_eq!((Small::new(9).map(Whole::get), Small::new(0).map_err(|invalid| invalid.rule)), (Ok(9), Err("range")));
        assert_eq!(serde_json::from_str::<Small>("9").ok(), Small::new(9).ok());
        assert!(serde_json::from_str::<Small>("10").is_err());
    }

    #[test]
    fn texts_are_trimmed_and_measured_in_characters() {
        assert_eq!(Text::<3>::read(" äöü ").expect("valid").as_str(), "äöü");
        assert!(Text::<3>::read("abcd").is_err());
        assert_eq!(Lines::<3>::read(" a\n\u{1f600} ").map(|text| text.to_string()), Ok("a\n\u{1f600}".to_owned()));
        assert!(Lines::<3>::read("abcd").is_err() && Lines::<3>::read(" ").is_err() && Lines::<3>::read("a\u{0}").is_err());
        assert!(Text::<3>::read("  ").is_err() && Text::<3>::read("\u{200b}").is_err() && LongText::<9>::read("\u{feff} ").is_err());
        assert!(Text::<9>::read("a\u{7}b").is_err());
    }
}
