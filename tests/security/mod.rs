//! Who may do what, and what must not get out.

mod guesses;
mod leaks;
mod matrix;
mod mint;
mod open_routes;
mod refresh;
mod tokens;
