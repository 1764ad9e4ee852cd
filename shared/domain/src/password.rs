//! Passwords and their hashes: argon2id with 19 MiB, two passes, one lane (OWASP Password Storage
//! Cheat Sheet, 2024). The salt comes in as an argument; nothing here is random.

use crate::text::{Form, Invalid, TextValue};
use argon2::password_hash::phc::{PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordVerifier, Version};

/// Memory in KiB, passes and lanes of a new hash.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// How hard a new password has to be to guess, on the scale of zxcvbn from 0 to 4: 3 is beyond ten thousand million
/// guesses.
const STRONG: zxcvbn::Score = zxcvbn::Score::Three;

/// A password as a person typed it: 10 to 200 characters. It is never written anywhere and never
/// printed: its `Debug` form hides it.
#[derive(Clone)]
pub struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// A password from a trusted place, such as a deploy parameter; the same rules hold.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        Self::read(text)
    }

    /// Refuses a password that is easy to guess for whoever knows these words about its owner, and says what
    /// would help.
    pub fn check_strength(&self, about: &[String]) -> Result<(), Invalid> {
        let words: Vec<&str> = about.iter().map(String::as_str).collect();
        let estimate = zxcvbn::zxcvbn(&self.0, &words);
        if estimate.score() >= STRONG {
            return Ok(());
        }
        let (mut why, mut helps) = (String::new(), String::new());
        if let Some(feedback) = estimate.feedback() {
            why = feedback.warning().map(|warning| format!(" {warning}")).unwrap_or_default();
            helps = feedback.suggestions().iter().map(|suggestion| format!(" {suggestion}")).collect();
        }
        let helps = if helps.is_empty() { " Add another word or two. Uncommon words are better." } else { &helps };
        Err(Invalid::new("weak", format!("is easy to guess, names and addresses of one's own included.{why}{helps}")))
    }
}

impl TextValue for Password {
    fn read(text: &str) -> Result<Self, Invalid> {
        // 200 is far above any passphrase and keeps a request from buying more hashing work.
        if (10..=200).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("length", "must have 10 to 200 characters"))
        }
    }

    fn form() -> Form {
        Form { format: Some("password"), min: Some(10), max: Some(200), secret: true, example: Some("correct horse battery"), ..Form::default() }
    }
}

/// What someone typed as password when signing in: any text, so that a short guess is simply wrong.
#[derive(Clone)]
pub struct Attempt(String);

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempt(…)")
    }
}

impl Attempt {
    /// The attempt as a password, where it keeps the rules for one.
    pub fn as_password(&self) -> Option<Password> {
        Password::read(&self.0).ok()
    }
}

impl TextValue for Attempt {
    fn read(text: &str) -> Result<Self, Invalid> {
        if (1..=1000).contains(&text.len()) { Ok(Self(text.to_owned())) } else { Err(Invalid::new("length", "must have 1 to 1000 bytes")) }
    }

    fn form() -> Form {
        Form { format: Some("password"), min: Some(1), max: Some(1000), secret: true, example: Some("correct horse battery"), ..Form::default() }
    }
}

/// Why a hash could not be made: the library refused its parameters, which none of ours do.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(String);

fn hasher() -> Result<Argon2<'static>, HashError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|e| HashError(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password with a 16-byte salt, as a PHC string. Takes about 20 ms of CPU.
pub fn hash(password: &Password, salt: &[u8; 16]) -> Result<String, HashError> {
    let (memory, passes, lanes) = COST;
    let mut output = [0u8; 32];
    hasher()?.hash_password_into(password.0.as_bytes(), salt, &mut output).map_err(|e| HashError(e.to_string()))?;
    let encoded = |bytes: &[u8]| -> Result<String, HashError> { Ok(Salt::new(bytes).map_err(|e| HashError(e.to_string()))?.to_string()) };
    Ok(format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${}${}", encoded(salt)?, encoded(&output)?))
}

/// Whether the attempt is the password behind the hash. An unreadable hash matches nothing.
pub fn verify(attempt: &Attempt, hash: &str) -> bool {
    Phc::new(hash).is_ok_and(|phc| Argon2::default().verify_password(attempt.0.as_bytes(), &phc).is_ok())
}

/// Whether the hash was made with other parameters than today's and should be made anew.
pub fn is_outdated(hash: &str) -> bool {
    let (memory, passes, lanes) = COST;
    !hash.starts_with(&format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$"))
}

/// Verifies against a hash that nothing matches, so that an unknown account costs what a known one
/// costs.
pub fn verify_nothing(attempt: &Attempt) {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let matched = verify(attempt, NOBODY);
    debug_assert!(!matched);
}

/// A password as an attempt: for the rule that a new password differs from the old.
impl From<&Password> for Attempt {
    fn from(password: &Password) -> Self {
        Self(password.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_matches_its_password_only() {
        let password = Password::new("correct horse").expect("valid");
        let hash = hash(&password, &[7; 16]).expect("hash");
        assert!(verify(&Attempt::from(&password), &hash));
        assert!(!verify(&Attempt("wrong horse!".into()), &hash));
        assert!(!is_outdated(&hash));
        assert!(is_outdated("$argon2id$v=19$m=4096,t=3,p=1$aaaa$bbbb"));
        assert!(!verify(&Attempt::from(&password), "rubbish"));
    }

    #[test]
    fn the_placeholder_hash_is_readable_so_it_costs_the_same() {
        assert!(Phc::new("$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").is_ok());
        verify_nothing(&Attempt("whatever it is".into()));
    }

    #[test]
    fn a_password_that_is_easy_to_guess_is_refused_with_what_would_help() {
        let check = |text: &str, about: &[&str]| {
            let about: Vec<String> = about.iter().map(|word| (*word).to_owned()).collect();
            Password::new(text).expect("valid").check_strength(&about).map_err(|invalid| (invalid.rule, invalid.message))
        };
        for weak in ["0123456789", "password123", "aaaaaaaaaaaa", "qwertyuiop", "letmein2024"] {
            let (rule, message) = check(weak, &[]).expect_err(weak);
            assert!(rule == "weak" && message.starts_with("is easy to guess") && message.contains("Add another word"), "{weak}: {message}");
            assert!(!message.contains(weak), "{message}");
        }
        assert_eq!(check("correct horse battery", &[]), Ok(()));
        let about = ["hieronymus.wachtveitl@acme.example", "hieronymus", "wachtveitl"];
        assert_eq!(check("hieronymuswachtveitl", &[]), Ok(()));
        assert!(check("hieronymuswachtveitl", &about).is_err() && check("Hieronymus.Wachtveitl@acme.example", &about).is_err());
    }

    #[test]
    fn a_password_never_shows_in_debug_output() {
        assert!(!format!("{:?}", Password::new("correct horse").expect("valid")).contains("horse"));
    }
}
