//! Guesses of passwords. Each is counted before the password is looked at, so that many at once are no
//! more than many in a row, and a right one is given back.

use crate::app::App;
use crate::error::Error;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use domain::UserId;
use domain::credential::Credential;
use domain::password::{self, Attempt};
use domain::value::cut;
use std::net::IpAddr;
use store::{Counted, Room, USER_AGENT};

/// Length of the window in which guesses count, seconds.
const WINDOW: i64 = 15 * 60;

/// Guesses for one account from one address, in a quarter of an hour.
const HERE: u32 = 5;
/// Guesses for one account, from wherever they come.
const ACCOUNT: u32 = 50;
/// Guesses from one address, for whatever accounts: many people may stand behind it, so it is slowed and
/// never closed.
const ADDRESS: u32 = 100;

/// Who sends a request, as far as one can tell before knowing who it is.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    /// The client program, as it calls itself.
    pub user_agent: Option<&'a str>,
    /// Its address.
    pub address: &'a str,
}

impl Client<'_> {
    /// The address as attempts are counted by it: of IPv6 the network of 64 bits, which one household has
    /// all of.
    fn network(&self) -> String {
        match self.address.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            Ok(address) => address.to_string(),
            Err(_) => self.address.to_owned(),
        }
    }

    /// A digest of program and address: another one is another client.
    pub fn digest(&self) -> String {
        let text = format!("{}\n{}", self.address, self.user_agent.unwrap_or_default());
        B64.encode(&ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref()[..9])
    }

    /// Whether it looks like the client that this was noted of.
    fn is(&self, user_agent: Option<&str>, address: &str) -> bool {
        self.user_agent.map(|agent| cut(agent, USER_AGENT)).as_deref() == user_agent
            && self.network() == Client { user_agent: None, address }.network()
    }
}

/// A guess that is counted as wrong until it is given back.
#[derive(Debug)]
#[must_use = "a right guess is given back"]
pub struct Guess(Vec<Counted>);

/// What the account of a user is counted by, whatever it was called.
pub fn counted_by(user: UserId) -> String {
    format!("user {user}")
}

impl App {
    /// Counts a guess for an account, or says for how long there is no room for more. `account` is what the
    /// account is counted by; its user is nobody where there is none.
    ///
    /// Whoever comes from the address and with the program that a live session of the user has is not held
    /// up by what was tried from elsewhere.
    pub async fn count_guess(&self, account: &str, user: UserId, client: Client<'_>) -> Result<Guess, Error> {
        let (store, now, network) = (self.store(), self.clock.now(), client.network());
        let mut guess = match store.count_attempt(&format!("{account} from {network}"), HERE, WINDOW, now).await? {
            Room::Counted(counted) => Guess(vec![counted]),
            Room::Full(seconds) => return Err(Error::Throttled(seconds)),
        };
        let (place, everywhere) = (format!("address {network}"), format!("account {account}"));
        let counts = futures::future::join(store.count_attempt(&place, ADDRESS, WINDOW, now), store.count_attempt(&everywhere, ACCOUNT, WINDOW, now));
        // Both are looked at before anything is given up, so that what was counted can be given back.
        let mut full = |room| match room {
            Room::Counted(counted) => {
                guess.0.push(counted);
                None
            }
            Room::Full(seconds) => Some(seconds),
        };
        let (at_address, for_account) = counts.await;
        let (at_address, for_account) = (at_address.map(&mut full), for_account.map(&mut full));
        let room = async {
            let wait = match (at_address?, for_account?) {
                (None, Some(_)) if self.is_known(user, client).await? => None,
                (at_address, for_account) => at_address.max(for_account),
            };
            wait.map_or(Ok(()), |seconds| Err(Error::Throttled(seconds)))
        };
        Ok(self.guess_beside(guess, room.await).await?.0)
    }

    /// A guess, and what was looked at beside it. Where that failed the guess is given back: what is our fault is no wrong guess.
    pub async fn guess_beside<T, E: From<Error>>(&self, guess: Guess, beside: Result<T, E>) -> Result<(Guess, T), E> {
        match beside {
            Ok(found) => Ok((guess, found)),
            Err(fault) => {
                self.give_back(guess).await?;
                Err(fault)
            }
        }
    }

    /// The guess was right: it counts no more.
    pub async fn give_back(&self, guess: Guess) -> Result<(), Error> {
        futures::future::try_join_all(guess.0.iter().map(|counted| self.store().give_back(counted))).await?;
        Ok(())
    }

    /// The hashes of a user, if this is the user's password: a guess that counts. `None` where it is another.
    pub async fn confirm_password(&self, user: UserId, attempt: &Attempt, client: Client<'_>) -> Result<Option<Credential>, Error> {
        let account = counted_by(user);
        let read = async { Ok(self.store().credential(user).await?) };
        let (guess, credential) = tokio::join!(self.count_guess(&account, user, client), read);
        let credential = credential.and_then(|credential: Option<Credential>| credential.ok_or(Error::NotFound));
        let (guess, credential) = self.guess_beside(guess?, credential).await?;
        let (attempt, hash) = (attempt.clone(), credential.password_hash.clone());
        let right = tokio::task::spawn_blocking(move || password::verify(&attempt, &hash)).await;
        if !right.map_err(|stopped| Error::Contended(stopped.to_string()))? {
            return Ok(None);
        }
        self.give_back(guess).await?;
        Ok(Some(credential))
    }

    /// Whether a live session of the user was opened by this client.
    async fn is_known(&self, user: UserId, client: Client<'_>) -> Result<bool, Error> {
        let (auth, opened) = tokio::try_join!(self.store().auth(user), self.store().opened_sessions(user))?;
        let now = self.clock.now();
        let alive = |id| auth.as_ref().is_some_and(|auth| auth.has_session(id, now));
        Ok(opened.iter().any(|session| alive(session.id) && client.is(session.user_agent.as_deref(), &session.ip)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_counted_by_what_one_household_has() {
        let network = |address| Client { user_agent: None, address }.network();
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("unknown"), "unknown");
    }

    #[test]
    fn a_client_is_known_by_its_program_and_its_network() {
        let client = Client { user_agent: Some("app/1"), address: "203.0.113.7" };
        assert!(client.is(Some("app/1"), "203.0.113.7"));
        assert!(!client.is(Some("app/2"), "203.0.113.7") && !client.is(None, "203.0.113.7") && !client.is(Some("app/1"), "203.0.113.8"));
        let long = "x".repeat(USER_AGENT + 50);
        assert!(Client { user_agent: Some(&long), ..client }.is(Some(&cut(&long, USER_AGENT)), "203.0.113.7"));
    }
}
