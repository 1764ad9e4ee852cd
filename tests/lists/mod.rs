//! Lists: what a list shows is what a client would filter and sort by hand out of everything that the same
//! caller can read one by one.
//!
//! `world` is a company made up from a seed, `rules` say by hand what each list shows, `pages` asks for
//! every list in every way and compares. A list or a parameter that `rules` do not know fails.

mod pages;
mod rules;
mod world;
