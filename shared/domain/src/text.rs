//! Values that are written as text: one trait gives reading, writing and what a valid text looks like.

/// Why a single value was refused: the rule and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The rule that was broken: `length`, `format`, `enum`, `range`, …
    pub rule: &'static str,
    /// What is wrong, for a person.
    pub message: String,
}

impl Invalid {
    /// A refusal by a rule.
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, message: message.into() }
    }
}

/// What a valid text looks like, for those who describe it to others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Form {
    /// The name of a well-known form: `uuid`, `email`, `date`, `date-time`, `password`.
    pub format: Option<&'static str>,
    /// A regular expression that every valid text matches.
    pub pattern: Option<&'static str>,
    /// Fewest characters.
    pub min: Option<usize>,
    /// Most characters.
    pub max: Option<usize>,
    /// The only texts there are, where they can be counted.
    pub one_of: &'static [&'static str],
    /// What it means, for a person.
    pub meaning: Option<&'static str>,
    /// A text that is valid.
    pub example: Option<&'static str>,
    /// Whether it is never shown again.
    pub secret: bool,
}

/// A value that is written as text: the newtypes of this crate. A value that exists is valid.
pub trait TextValue: Sized {
    /// The valid value, or why it is none.
    fn read(text: &str) -> Result<Self, Invalid>;
    /// What a valid text looks like.
    fn form() -> Form;
}

/// Gives a [`TextValue`] newtype its serde form: the text.
#[macro_export]
macro_rules! text_serde {
    (for each $param:ident, $name:ty) => { $crate::text_serde!(@ $name, $param); };
    ($name:ty) => { $crate::text_serde!(@ $name,); };
    (@ $name:ty, $($param:ident)?) => {
        impl $(<const $param: usize>)? $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de $(, const $param: usize)?> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                <Self as $crate::text::TextValue>::read(&text).map_err(|invalid| $crate::serde::de::Error::custom(invalid.message))
            }
        }
    };
}

/// Declares an enumeration whose values are written exactly as given.
#[macro_export]
macro_rules! choice {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[doc = $about:literal])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $about])* $variant),* }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The value as it is written in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// What the value means, as it is said where it is declared.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($about),*)),* }.trim_start()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::text::TextValue for $name {
            fn read(text: &str) -> Result<Self, $crate::text::Invalid> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err($crate::text::Invalid::new("enum", format!("must be one of {}", [$($text),*].join(", ")))),
                }
            }
            fn form() -> $crate::text::Form {
                $crate::text::Form { one_of: &[$($text),*], ..$crate::text::Form::default() }
            }
        }

        $crate::text_serde!($name);
    };
}
