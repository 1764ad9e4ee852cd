//! Words for the search `q`: what a record is found by, and what a query looks for.
//!
//! People find what they type. Case and accents do not count; apostrophes and `&` join as well as split;
//! an e-mail address is found from any of its parts on; a phone number is kept backwards, so that its
//! last digits are a beginning; what is written without spaces is found from each of its characters on.
//! An umlaut is also typed as two letters: the record keeps that spelling beside its words, and a query with
//! two such letters is looked up with one as well (`docs/decisions/0018`).

use crate::value::{Email, Phone};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

/// How many words of a record are looked up by: enough for contact data, names and company, and a
/// bound on what one record costs the projector.
pub const MAX_WORDS: usize = 24;
/// How many words more a record is looked up by as they are typed without a blank, or that begin another one.
pub const MAX_BESIDE: usize = 4;
/// How many more narrow a search of several words.
pub const MAX_MORE: usize = 24;
/// How much of a word counts.
const MAX_LENGTH: usize = 64;
/// How many of its last digits find a phone number at least.
const LAST_DIGITS: usize = 4;
/// What a phone number's digits stand behind; it begins no other word.
const PHONE: char = '-';
/// What Russian and Kazakh numbers begin with inside the country, and how many digits they have then.
const TRUNK: (char, usize) = ('8', 11);
/// How many digits count of zero to nine in the scripts that people type numbers in, each from its zero on.
const ZEROS: [char; 3] = ['\u{660}', '\u{6f0}', '\u{966}'];
/// Letters that are also typed as two.
const SPELLINGS: [(&str, char); 4] = [("ae", 'a'), ("oe", 'o'), ("ue", 'u'), ("aa", 'a')];
/// Of how many such pairs in a word each is looked at by itself.
const PAIRS: usize = 3;
/// How long a word is at least that is looked up with one letter instead of two: `joe` is not Jo.
const LEAST_RESPELLED: usize = 3;
/// What joins a single letter to what stands beside it.
const JOINING: [&str; 2] = ["&", "+"];
/// What is typed for `&`, and not asked for beside other words.
const AND: [&str; 5] = ["and", "und", "et", "og", "och"];

/// What a record is found by, as people wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findable<'a> {
    /// Its e-mail address.
    pub email: Option<&'a str>,
    /// Its phone number.
    pub phone: Option<&'a str>,
    /// Names and titles.
    pub names: Vec<&'a str>,
    /// First and last name of a person, which are among the names as well.
    pub person: [Option<&'a str>; 2],
}

impl<'a> Findable<'a> {
    /// Contact data, a person's first and last name, and those other names that there are; the first ones count first.
    pub fn of(
        email: Option<&'a Email>,
        phone: Option<&'a Phone>,
        person: [Option<&'a str>; 2],
        names: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Self {
        let names = person.into_iter().chain(names).flatten().collect();
        Self { email: email.map(Email::as_str), phone: phone.map(Phone::as_str), names, person }
    }
}

/// The words of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RecordWords {
    /// Those it is looked up by, sorted: none begins another, since who finds the longer one by a
    /// beginning finds the shorter one too.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Those that it is looked up by as well, sorted: names as they are typed without a blank, and words of names
    /// with which another one begins, so that it stands at both.
    #[serde(rename = "b", default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
    /// Those that only narrow a search, sorted: single characters, the end of an e-mail address, and what
    /// is beyond the bound.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<String>,
    /// Its words with umlauts as they are typed with two letters, sorted: they narrow a search too.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    pub spellings: Vec<String>,
}

impl RecordWords {
    /// All that the record is looked up by.
    pub fn looked_up(&self) -> impl Iterator<Item = &String> {
        self.words.iter().chain(&self.beside)
    }
}

/// An accent, a point or a vowel sign that people leave out. The signs of Indic scripts and of kana are
/// letters of their own.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// A digit of another script as the one it is, a dash as a hyphen.
fn usual(c: char) -> char {
    let digit = ZEROS.iter().find_map(|zero| (c as u32).checked_sub(*zero as u32).filter(|digit| *digit < 10));
    match digit.and_then(|digit| char::from_digit(digit, 10)) {
        Some(digit) => digit,
        None if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') => '-',
        None => c,
    }
}

/// A text for comparing: case, accents and the ways of writing one letter do not count.
pub fn folded(text: &str) -> String {
    let apostrophe = |c: char| if matches!(c, '\u{2019}' | '\u{2018}' | '\u{02bc}' | '\u{02bb}' | '\u{ff07}' | '`' | '\u{b4}') { '\'' } else { c };
    // By upper case first, as `ß` is one letter and `SS` two.
    let cased = text.chars().map(apostrophe).nfkd().filter(|c| !is_accent(*c)).flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    // Letters that Unicode does not take apart, though people do.
    let mut folded = String::with_capacity(text.len());
    for c in cased.nfkd().filter(|c| !is_accent(*c)) {
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
            c => folded.push(usual(c)),
        }
    }
    folded
}

/// A text with two letters for each umlaut, as it is typed where keyboards have none; `None` without one.
fn respelled(text: &str) -> Option<String> {
    let composed: String = text.nfc().collect();
    let respelled: String = composed
        .chars()
        .map(|c| match c {
            'ä' | 'Ä' => "ae".to_owned(),
            'ö' | 'Ö' | 'ø' | 'Ø' => "oe".to_owned(),
            'ü' | 'Ü' => "ue".to_owned(),
            'å' | 'Å' => "aa".to_owned(),
            c => c.to_string(),
        })
        .collect();
    (respelled != composed).then_some(respelled)
}

/// A word with one letter for each pair that may stand for an umlaut, in each way of reading the pairs.
fn contracted(word: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let (mut rest, mut pairs) = (word, 0);
    while let Some(c) = rest.chars().next() {
        let pair = SPELLINGS.iter().find(|(two, _)| rest.starts_with(two)).filter(|_| pairs < PAIRS);
        match pair {
            Some((two, one)) => {
                pairs += 1;
                found = found.iter().flat_map(|before| [format!("{before}{one}"), format!("{before}{two}")]).collect();
                rest = &rest[two.len()..];
            }
            None => {
                found.iter_mut().for_each(|before| before.push(c));
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    found.retain(|other| other != word && other.chars().count() >= LEAST_RESPELLED);
    found
}

fn cut(word: &str) -> String {
    word.chars().take(MAX_LENGTH).collect()
}

/// Whether a character is of a word: letters with their signs, and digits.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Runs of letters and digits.
fn parts(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|c: char| !is_of_word(c)).filter(|part| !part.is_empty())
}

/// The pieces of a text between which it has a space or a sign that does not join.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_of_word(c) && !matches!(c, '\'' | '&')).filter(|piece| !piece.is_empty())
}

/// A single letter with the signs that make it a name: `c++`, and `c#` as it is folded.
fn signed(chunk: &str) -> Option<&str> {
    let word = chunk.trim_matches(|c: char| !is_of_word(c) && !matches!(c, '+' | '_'));
    let letter = word.trim_end_matches(['+', '_']);
    (letter.len() < word.len() && letter.chars().all(char::is_alphabetic) && letter.chars().count() == 1).then_some(word)
}

/// A sign of numbers before a single character, as it is folded: `#1`.
fn numbered(chunk: &str) -> Option<&str> {
    let word = chunk.trim_matches(|c: char| !is_of_word(c) && c != '_');
    word.strip_prefix('_').filter(|rest| is_single(rest) && rest.chars().all(is_of_word)).map(|_| word)
}

/// Whether it is one character.
fn is_single(word: &str) -> bool {
    word.chars().count() == 1
}

/// Whether a script is written without spaces, or as people like.
fn is_spaceless(script: Script) -> bool {
    matches!(script, Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul)
}

/// Whether two words that stand side by side are also typed without a blank: where one of them is of a script
/// that needs none there.
fn meet_without_blank(before: &str, after: &str) -> bool {
    let of_script = |c: &char| !matches!(c.script(), Script::Common | Script::Inherited);
    [before.chars().rev().find(of_script), after.chars().find(of_script)].into_iter().flatten().any(|c| is_spaceless(c.script()))
}

/// The ends of a run that is written without spaces: from each Chinese character and Korean syllable on,
/// and from where one script follows another. The last character alone is none.
fn ends(part: &str) -> Vec<&str> {
    let mut ends = Vec::new();
    let mut before: Option<Script> = None;
    for (at, c) in part.char_indices() {
        let script = c.script();
        // Digits, marks and what both kana share continue what they stand in.
        if matches!(script, Script::Common | Script::Inherited) {
            continue;
        }
        // Korean is kept in letters, of which the leading one begins a syllable.
        let begins = script == Script::Han || matches!(c, '\u{1100}'..='\u{115f}');
        let changes = before.is_some_and(|before| before != script && script != Script::Hangul && (is_spaceless(before) || is_spaceless(script)));
        if before.is_some() && (begins || changes) {
            ends.push(&part[at..]);
        }
        before = Some(script);
    }
    let continues = |c: &char| matches!(c, '\u{1160}'..='\u{11ff}') || is_combining_mark(*c);
    ends.retain(|end| end.chars().filter(|c| !continues(c)).nth(1).is_some());
    ends
}

/// A piece as one word: `o'neil` as `oneil`.
fn joined(piece: &str) -> String {
    parts(piece).collect()
}

/// A phone number for the look-up from its end, without what only some people write: the zero before
/// the area code.
fn backwards(text: &str) -> String {
    let digits: String = folded(text).replace("(0)", "").chars().filter(char::is_ascii_digit).collect();
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

/// The words of a folded name. Signs join as well as split: `wal-mart` is also `walmart`, and `i.b.x.` `ibx`.
fn name_words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for chunk in name.split_whitespace() {
        let whole = signed(chunk).map_or_else(|| joined(chunk), str::to_owned);
        words.push(cut(&whole));
        for piece in pieces(chunk).filter(|piece| *piece != whole) {
            words.push(cut(&joined(piece)));
            words.extend(parts(piece).map(cut));
        }
        words.extend(parts(chunk).flat_map(ends).map(cut));
    }
    words
}

/// Single letters of a folded name with what a spaced sign joins to them, as one word: `m & s` as `ms`. Without a sign
/// only where the name has nothing else: `x y`, not `j r smith`.
fn lettered(name: &str) -> Vec<String> {
    // (words, whether a sign joins some of them)
    let mut runs: Vec<(Vec<String>, bool)> = Vec::new();
    let (mut sign, mut strong) = (false, false);
    for chunk in name.split_whitespace() {
        let word = joined(chunk);
        if word.is_empty() || AND.contains(&word.as_str()) {
            (sign, strong) = (true, strong || JOINING.contains(&chunk));
            continue;
        }
        let joins = |before: &String| if strong { is_single(before) || is_single(&word) } else { is_single(before) && is_single(&word) };
        match runs.last_mut().filter(|(words, _)| words.last().is_some_and(joins)) {
            Some((words, signed)) => {
                words.push(word);
                *signed |= sign;
            }
            None => runs.push((vec![word], false)),
        }
        (sign, strong) = (false, false);
    }
    let alone = runs.len() == 1;
    runs.iter().filter(|(words, signed)| words.len() > 1 && (*signed || alone)).map(|(words, _)| words.concat()).collect()
}

/// A folded name of a script that is also typed without blanks, from each of its words on: `日本 株式会社` as `日本株式会社`.
fn unspaced(name: &str) -> Vec<String> {
    let words: Vec<String> = name.split_whitespace().map(joined).collect();
    // From the end: what is joined with all that it meets.
    let mut found: Vec<String> = Vec::new();
    let mut run = String::new();
    for (at, word) in words.iter().enumerate().rev() {
        let meets = words.get(at + 1).is_some_and(|next| meet_without_blank(word, next) && !word.is_empty() && !next.is_empty());
        run = if meets { format!("{word}{run}") } else { word.clone() };
        found.extend(meets.then(|| run.clone()));
    }
    found.reverse();
    found
}

/// A person's names as one word in both orders, where they are typed so.
fn full_names(person: [Option<&str>; 2]) -> Vec<String> {
    let [Some(first), Some(last)] = person.map(|name| name.map(|name| joined(&folded(name))).filter(|name| !name.is_empty())) else {
        return Vec::new();
    };
    let meet = meet_without_blank(&last, &first) || (is_single(&last) && is_single(&first));
    if meet { vec![format!("{last}{first}"), format!("{first}{last}")] } else { Vec::new() }
}

/// What a record is looked up by as well: names as they are typed without a blank, and words that begin one from
/// elsewhere in its names. Contact data counts for none of it: a customer's address often begins as the name does.
fn words_beside(findable: &Findable<'_>, words: &[String]) -> Vec<String> {
    let names: Vec<String> = findable.names.iter().map(|name| folded(name)).collect();
    let mut found = full_names(findable.person);
    for name in &names {
        found.extend(name.split_whitespace().filter_map(numbered).map(str::to_owned));
        found.extend(lettered(name));
        found.extend(unspaced(name));
    }
    let mut beside: Vec<String> = Vec::new();
    for word in found.iter().map(|word| cut(word)) {
        if !words.iter().chain(&beside).any(|other| other.starts_with(&word)) {
            beside.push(word);
        }
    }
    let chunks: Vec<String> = names.iter().flat_map(|name| name.split_whitespace()).map(|chunk| cut(&joined(chunk))).collect();
    let begins_another = |word: &&String| chunks.iter().any(|other| other != *word && other.starts_with(word.as_str()));
    for word in chunks.iter().filter(|word| word.chars().nth(1).is_some()).filter(begins_another) {
        if !words.contains(word) && !beside.contains(word) {
            beside.push(word.clone());
        }
    }
    beside.truncate(MAX_BESIDE);
    beside
}

/// The words of a record: contact data first, so that no name hides it.
pub fn record_words(findable: &Findable<'_>) -> RecordWords {
    let (mut words, end) = findable.email.map(email_words).unwrap_or_default();
    words.extend(findable.phone.map(backwards));
    let mut spellings = Vec::new();
    for name in &findable.names {
        words.extend(name_words(&folded(name)));
        spellings.extend(respelled(name).into_iter().flat_map(|name| name_words(&folded(&name))));
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
    spellings.retain(|spelling| !spelling.is_empty() && !all.contains(spelling));
    spellings.truncate(MAX_MORE);
    found.spellings = spellings;
    found.beside = words_beside(findable, &found.words);
    for words in [&mut found.words, &mut found.beside, &mut found.more, &mut found.spellings] {
        words.sort_unstable();
        words.dedup();
    }
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
    /// Whether there are several words.
    narrows: bool,
}

/// A word of a query.
struct Asked {
    text: String,
    /// The same with two letters for each umlaut.
    respelled: Option<String>,
    /// Whether it ends what may be a domain, by which nothing is looked up if there is another.
    ends: bool,
}

impl Asked {
    /// What it may mean: a run of digits is a word, or the end of a phone number; `#1` is also the beginning of 15.
    fn forms(&self) -> Vec<String> {
        let bare = self.text.strip_prefix('_').map(str::to_owned);
        let phone = Some(number(&self.text)).filter(|phone| self.text.chars().all(|c| c.is_ascii_digit()) && phone.len() > LAST_DIGITS);
        std::iter::once(self.text.clone()).chain(self.respelled.clone()).chain(bare).chain(phone).collect()
    }
}

/// A phone number as it is typed, for the look-up from its end.
fn number(text: &str) -> String {
    let mut number = backwards(text);
    if number.len() <= LAST_DIGITS {
        // Too little without its zeros: the last digits, which begin with some.
        let digits: Vec<char> = folded(text).chars().filter(char::is_ascii_digit).collect();
        return std::iter::once(PHONE).chain(digits.into_iter().rev()).collect();
    }
    let (trunk, length) = TRUNK;
    if number.ends_with(trunk) && number.len() == PHONE.len_utf8() + length {
        number.pop();
    }
    number
}

/// The words of a query.
fn asked(text: &str) -> Vec<Asked> {
    let mut words = asked_as(text);
    if let Some(respelled) = respelled(text) {
        for (word, other) in words.iter_mut().zip(asked_as(&respelled)) {
            word.respelled = Some(other.text).filter(|other| *other != word.text);
        }
    }
    if words.iter().any(|word| !AND.contains(&word.text.as_str())) {
        words.retain(|word| !AND.contains(&word.text.as_str()));
    }
    words
}

fn asked_as(text: &str) -> Vec<Asked> {
    let mut words = Vec::new();
    let word = |text: &str, ends: bool| Asked { text: cut(text), respelled: None, ends };
    for chunk in folded(text).split_whitespace() {
        let address = chunk.trim_matches(|c: char| !c.is_alphanumeric() && c != '@').trim_start_matches('@');
        if address.contains('@') {
            words.push(word(address, false));
            continue;
        }
        if let Some(signed) = signed(chunk).or_else(|| numbered(chunk)) {
            words.push(word(signed, false));
            continue;
        }
        // Single letters with points are one word: `i.b.x.` as `ibx`.
        if parts(chunk).count() > 1 && parts(chunk).all(|part| part.chars().nth(1).is_none() && part.chars().all(char::is_alphabetic)) {
            words.push(word(&joined(chunk), false));
            continue;
        }
        let pieces: Vec<&str> = pieces(chunk).filter(|piece| parts(piece).next().is_some()).collect();
        let last = pieces.len().saturating_sub(1);
        words.extend(pieces.iter().enumerate().map(|(at, piece)| word(&joined(piece), last > 0 && at == last)));
    }
    words
}

/// A query whose `&` is typed without the blanks that the name may have: `tom&jerry` as `tom jerry`. Beside a single
/// letter the record has both.
fn apart(text: &str) -> Option<String> {
    let signs = ['&', '\u{ff06}'];
    let splits = |chunk: &str| !chunk.contains('@') && chunk.contains(signs) && chunk.split(signs).all(|part| joined(part).chars().nth(1).is_some());
    let apart: Vec<String> = text.split_whitespace().map(|chunk| if splits(chunk) { chunk.replace(signs, " ") } else { chunk.to_owned() }).collect();
    text.split_whitespace().any(splits).then(|| apart.join(" "))
}

/// The ways of understanding a query as words: what they are, and with one letter for two where the record has an
/// umlaut there.
fn ways_of_words(text: &str, numeric: bool) -> (Vec<Way>, Vec<Way>) {
    let mut words = asked(text);
    let length = |word: &Asked| word.text.trim_start_matches('_').chars().count();
    let usable = |word: &Asked| (!word.ends || words.iter().all(|other| other.ends || length(other) < 2), length(word));
    let Some(longest) = (0..words.len()).rev().max_by_key(|index| usable(&words[*index])) else { return Default::default() };
    let mut ways = Vec::new();
    // Nothing is looked up by a single letter: all of them together are one word.
    if words.len() > 1 && words.iter().all(|word| length(word) == 1) {
        let prefix = words.iter().map(|word| word.text.trim_start_matches('_')).collect();
        ways.push(Way { prefix, others: Vec::new() });
    }
    let prefix = words.remove(longest);
    let others: Vec<Vec<String>> = words.iter().map(Asked::forms).collect();
    // With one letter for two only where the record has an umlaut there: its own spelling tells.
    let respelled = contracted(&prefix.text).into_iter().map(|contracted| {
        let spelling = vec![prefix.text.clone()];
        Way { prefix: contracted, others: others.iter().cloned().chain([spelling]).collect() }
    });
    let second = respelled.collect();
    // The longest word may itself be the end of a number that stands beside a name.
    let forms = if numeric { vec![prefix.text] } else { prefix.forms() };
    ways.extend(forms.into_iter().rev().map(|prefix| Way { prefix, others: others.clone() }));
    (ways, second)
}

impl Search {
    /// What is looked up, each as a prefix; none begins another.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        let covered = |at: usize, prefix: &str| {
            self.ways.iter().enumerate().any(|(other, way)| prefix.starts_with(&way.prefix) && (prefix != way.prefix || other < at))
        };
        let prefixes = self.ways.iter().map(|way| way.prefix.as_str()).enumerate();
        prefixes.filter(move |(at, prefix)| !covered(*at, prefix)).map(|(_, prefix)| prefix)
    }

    /// Whether what is found by a prefix still has to have other words.
    pub fn narrows(&self) -> bool {
        self.narrows
    }

    /// Whether a record with these words matches, and at which of them it is shown: the first one with
    /// a prefix, so that a record shows once however many of its words match.
    pub fn shown_at<'a>(&self, record: &'a RecordWords) -> Option<&'a str> {
        self.matching(record).filter_map(|way| record.looked_up().filter(|word| word.starts_with(&way.prefix)).min()).min().map(String::as_str)
    }

    /// Whether a record with these words stands at a word: where it is shown, or where it would be had it only those
    /// words that it had before there were others beside them.
    pub fn stands_at(&self, record: &RecordWords, word: &str) -> bool {
        let before = || self.matching(record).filter_map(|way| record.words.iter().find(|word| word.starts_with(&way.prefix))).min();
        self.shown_at(record) == Some(word) || before().is_some_and(|before| before == word)
    }

    /// The ways in which a record has all the other words.
    fn matching<'a>(&'a self, record: &'a RecordWords) -> impl Iterator<Item = &'a Way> {
        let words = || record.looked_up().chain(&record.more).chain(&record.spellings);
        let begins = move |prefix: &String| words().any(|word| word.starts_with(prefix.as_str()));
        self.ways.iter().filter(move |way| way.others.iter().all(|forms| forms.iter().any(begins)))
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
        let digits = folded(text);
        let whole = number(&digits);
        let numeric = digits.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-()./".contains(c));
        if numeric && whole.len() > LAST_DIGITS {
            ways.push(Way { prefix: whole, others: Vec::new() });
        }
        // A number in pieces beside a name: `ann 555-2671`, `ann 0123 45-67`.
        let is_number = |chunk: &&str| chunk.chars().any(|c| c.is_ascii_digit()) && chunk.chars().all(|c| c.is_ascii_digit() || "+-()./".contains(c));
        let pieces: Vec<&str> = digits.split_whitespace().filter(is_number).collect();
        let beside = number(&pieces.join(""));
        if !numeric && beside.len() > LAST_DIGITS && pieces.iter().flat_map(|piece| parts(piece)).nth(1).is_some() {
            let names: Vec<&str> = text.split_whitespace().filter(|chunk| !is_number(&folded(chunk).as_str())).collect();
            let others = asked(&names.join(" ")).iter().map(Asked::forms).collect();
            ways.push(Way { prefix: beside, others });
        }
        let (words, mut second) = ways_of_words(text, numeric);
        ways.extend(words);
        if let Some((words, more)) = apart(text).map(|apart| ways_of_words(&apart, numeric)) {
            ways.extend(words);
            second.extend(more);
        }
        let narrows = ways.iter().any(|way| !way.others.is_empty());
        ways.append(&mut second);
        Ok(Self { ways, narrows })
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
        let record = record_words(&Findable { names: vec!["John Smith"], email: Some("john@acme.com"), ..Findable::default() });
        assert_eq!(search.shown_at(&record), Some("acme.com"));
        assert_eq!(search.shown_at(&named("Acme com")), None);
    }

    #[test]
    fn a_record_is_shown_at_its_first_matching_word_only() {
        let record = named("Acmeco Acme Acmes");
        assert_eq!(record.words, ["acmeco", "acmes"], "who looks for acme finds acmeco");
        assert_eq!(search("acm").shown_at(&record), Some("acme"), "where it stands as well");
        assert_eq!(search("acmec").shown_at(&record), Some("acmeco"));
    }

    #[test]
    fn a_word_that_begins_another_is_a_place_of_its_own() {
        let record = named("Zorillaz the Zorilla");
        assert_eq!((&*record.words, &*record.beside), (&["the".to_owned(), "zorillaz".to_owned()][..], &["zorilla".to_owned()][..]));
        assert_eq!((search("zorilla").shown_at(&record), search("zorillaz").shown_at(&record)), (Some("zorilla"), Some("zorillaz")));
        assert!(search("zorilla").stands_at(&record, "zorillaz"), "a record of before has no other row");
        assert!(!search("zorilla").stands_at(&record, "the") && !search("the").stands_at(&record, "zorilla"));
    }

    #[test]
    fn only_names_that_are_typed_without_their_blanks_take_more_words() {
        for name in
            ["Smith & Sons", "Plan B", "J. R. Smith", "Phase A - Delivery", "Wal-Mart Stores", "Vitamin C and Zinc", "O'Neil", "Peña y Compañía"]
        {
            assert!(named(name).beside.is_empty(), "{name}: {:?}", named(name).beside);
        }
        let beside = |name: &str| named(name).beside;
        assert_eq!(beside("M & S"), ["ms"]);
        assert_eq!(beside("C & A Mode"), ["ca"]);
        assert_eq!(beside("#1 Deal"), ["_1"]);
        assert_eq!(beside("삼성 전자 신규 계약 건 가 나").len(), MAX_BESIDE);
        let person = record_words(&Findable { names: vec!["小明", "王"], person: [Some("小明"), Some("王")], ..Findable::default() });
        assert_eq!(person.beside, ["小明王", "王小明"]);
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
    fn an_umlaut_takes_no_word_more_and_is_found_in_both_spellings() {
        let record = named("Jürgen Müller");
        assert_eq!((record.words.len(), &*record.spellings), (2, &["juergen".to_owned(), "mueller".to_owned()][..]));
        assert_eq!(search("mueller").prefixes().collect::<Vec<_>>(), ["mueller", "muller"]);
        assert!(!search("mueller").narrows(), "a page is looked for as without it");
        assert_eq!(search("müller").prefixes().collect::<Vec<_>>(), ["mueller", "muller"]);
        assert_eq!(search("malmoe").prefixes().collect::<Vec<_>>(), ["malmo"], "which begins the other");
        assert_eq!(search("joe").prefixes().collect::<Vec<_>>(), ["joe"]);
        for (query, name, found) in [("mueller", "Muller", false), ("manuel", "Manul", false), ("mueller muller", "Müller", true)] {
            assert_eq!(finds(query, &named(name)), found, "{query} and {name}");
        }
        let both = named("Mueller Müller");
        assert_eq!(search("mueller").shown_at(&both), Some("mueller"), "once");
    }

    #[test]
    fn what_has_no_spaces_is_a_word_from_each_place_on_where_one_may_begin() {
        let words = |name: &str| named(name).words;
        assert_eq!(words("東京電力"), ["京電力", "東京電力", "電力"]);
        assert_eq!(words("東京タワー"), ["タワー", "京タワー", "東京タワー"]);
        assert_eq!(words("삼성전자").len(), 3);
        assert_eq!(words("NTT東日本"), ["ntt東日本", "日本", "東日本"]);
        assert_eq!(words("ソフトバンク").len(), 1, "one word is not taken apart");
        assert!(words("中华人民共和国国务院办公厅秘书局信息处理中心有限公司").len() <= MAX_WORDS);
    }

    #[test]
    fn last_digits_may_begin_with_zeros() {
        let record = record_words(&Findable { names: vec!["Ann"], phone: Some("+15550100005"), ..Findable::default() });
        for (query, found) in [("0005", true), ("00005", true), ("100005", true), ("0006", false), ("ann 0005", true)] {
            assert_eq!(finds(query, &record), found, "{query}");
        }
    }

    #[test]
    fn a_phone_number_is_found_in_any_spelling_and_by_its_last_digits() {
        let record = record_words(&Findable { names: vec!["Ann"], phone: Some("+12345678901"), ..Findable::default() });
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
        let record =
            record_words(&Findable { names: vec![&name], email: Some("ada@acme.example"), phone: Some("+4930123456"), ..Findable::default() });
        assert_eq!(record.words.len(), MAX_WORDS);
        assert!(finds("ada@acme.example", &record) && finds("acme", &record) && finds("123456", &record));
        assert!(finds("word0x wo", &record) && finds("ada@acme word29x", &record), "what is not looked up still narrows");
    }

    #[test]
    fn a_usual_customer_takes_seven_words() {
        let names = vec!["Analytical Engines 000023", "Analytical Engines Ltd", "Grace", "Hopper"];
        let person = [Some("Grace"), Some("Hopper")];
        let record = record_words(&Findable { names, person, email: Some("grace000023@analytical.example"), phone: Some("+49300000023") });
        assert!(record.beside.is_empty(), "{record:?}");
        assert_eq!(record.words, ["-32000000394", "000023", "analytical.example", "engines", "grace000023@analytical.example", "hopper", "ltd"]);
        assert_eq!(record.more, ["example"]);
    }
}
