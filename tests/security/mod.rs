//! Who may do what, and what must not get out.

mod addresses;
mod bootstrap;
mod granting;
mod guesses;
mod keys;
mod leaks;
mod matrix;
mod mint;
mod open_routes;
mod passwords;
mod refresh;
mod searches;
mod sessions;
mod tokens;
mod traces;
