//! One declaration per body, query and answer: the fields, their types and their descriptions, from
//! which come reading or writing and the OpenAPI schema.

/// Declares a request body: a struct whose fields are all [`Parse`](crate::Parse) types. Field names are
/// camelCase outside; a field's doc comment becomes its description in OpenAPI. What did parse of a wrong body
/// is its [`Sent`](crate::Sent), which rules over several fields look at.
///
/// ```
/// use contract::{Errors, Parse, Patch};
/// use domain::value::Text;
/// contract::body! {
///     /// A new pet.
///     pub struct CreatePet {
///         /// What it answers to.
///         pub pet_name: Text<20>,
///         /// Cleared by `null`.
///         pub nick_name: Patch<Option<Text<20>>>,
///     }
/// }
/// let mut errors = Errors::at("");
/// assert!(CreatePet::parse(&serde_json::json!({"petName": 1, "age": 3}), &mut errors).is_none());
/// let pointers: Vec<_> = errors.into_list().into_iter().map(|e| e.pointer).collect();
/// assert_eq!(pointers, ["/age", "/petName"]);
/// ```
#[macro_export]
macro_rules! body {
    ($(#[doc = $about:literal])* pub struct $name:ident { $($(#[doc = $doc:literal])* pub $field:ident : $type:ty),* $(,)? }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        pub struct $name { $($(#[doc = $doc])* #[doc = stringify!($field)] pub $field: $type),* }

        const _: () = {
            /// What did parse of the body: a field that is wrong, or missing where it may not be, is `None`.
            #[derive(Debug, Clone)]
            pub struct Sent { $(#[doc = stringify!($field)] pub $field: Option<$type>),* }

            impl $crate::Body for $name {
                type Sent = Sent;

                fn read(value: &$crate::Json, errors: &mut $crate::Errors) -> Option<Sent> {
                    let known = [$($crate::camel(stringify!($field))),*];
                    let object = $crate::object(value, &known, errors)?;
                    let _ = &object;
                    Some(Sent { $($field: $crate::field::<$type>(object, &$crate::camel(stringify!($field)), errors)),* })
                }

                fn whole(sent: Sent) -> Option<Self> {
                    Some(Self { $($field: sent.$field?),* })
                }
            }
        };

        impl $crate::Parse for $name {
            fn parse(value: &$crate::Json, errors: &mut $crate::Errors) -> Option<Self> {
                <Self as $crate::Body>::whole(<Self as $crate::Body>::read(value, errors)?)
            }

            fn schema(components: &mut $crate::Components) -> $crate::Json {
                let fields = vec![$((
                    $crate::camel(stringify!($field)),
                    $crate::schema::sentence(&[$($doc),*]),
                    <$type as $crate::Parse>::schema(components),
                    !<$type as $crate::Parse>::OPTIONAL,
                )),*];
                $crate::schema::body(stringify!($name), &[$($about),*], fields, components)
            }
        }
    };
}

/// Declares the query parameters of a route, like [`body!`](crate::body) for bodies.
#[macro_export]
macro_rules! query {
    ($(#[doc = $about:literal])* pub struct $name:ident { $($(#[doc = $doc:literal])* pub $field:ident : $type:ty),* $(,)? }) => {
        $(#[doc = $about])*
        #[derive(Debug)]
        pub struct $name { $($(#[doc = $doc])* #[doc = stringify!($field)] pub $field: $type),* }

        impl $crate::Query for $name {
            fn parse_query(pairs: &[(String, String)], errors: &mut $crate::Errors) -> Option<Self> {
                let known = [$($crate::camel(stringify!($field))),*];
                $crate::unknown_parameters(pairs, &known, errors);
                $(let $field = $crate::parameter::<$type>(pairs, &$crate::camel(stringify!($field)), errors);)*
                Some(Self { $($field: $field?),* })
            }

            fn parameters(components: &mut $crate::Components) -> Vec<$crate::Parameter> {
                let _ = &components;
                vec![$((
                    $crate::camel(stringify!($field)),
                    $crate::schema::sentence(&[$($doc),*]),
                    <$type as $crate::Parse>::schema(components),
                    !<$type as $crate::Parse>::OPTIONAL,
                )),*]
            }
        }
    };
}

/// Declares an answer: a serialisable struct with its schema. Every field is always there.
#[macro_export]
macro_rules! answer {
    ($(#[doc = $about:literal])* pub struct $name:ident { $($fields:tt)* }) => {
        $crate::answer! { kept [] $(#[doc = $about])* pub struct $name { $($fields)* } }
    };
    (
        kept [$($kept:ident),* $(,)?]
        $(#[doc = $about:literal])* pub struct $name:ident { $($(#[doc = $doc:literal])* pub $field:ident : $type:ty),* $(,)? }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, $crate::serde::Serialize)]
        #[serde(rename_all = "camelCase", crate = "contract::serde")]
        pub struct $name { $($(#[doc = $doc])* #[doc = stringify!($field)] pub $field: $type),* }

        impl $crate::Show for $name {
            fn schema(components: &mut $crate::Components) -> $crate::Json {
                let fields = vec![$((
                    $crate::camel(stringify!($field)),
                    $crate::schema::sentence(&[$($doc),*]),
                    <$type as $crate::Show>::schema(components),
                    true,
                )),*];
                $crate::schema::answer(stringify!($name), &[$($about),*], fields, components)
            }

            fn kept() -> Vec<&'static str> {
                vec![$(stringify!($kept)),*]
            }
        }
    };
}

/// Declares an enumeration that only requests know: [`domain::choice!`] for a field or parameter.
#[macro_export]
macro_rules! choice {
    ($(#[$meta:meta])* pub enum $name:ident { $($variants:tt)* }) => {
        $crate::domain::choice! { $(#[$meta])* pub enum $name { $($variants)* } }
        $crate::text_values!(taken: $name);
    };
}

/// Lets a struct of the domain be a field, taken and shown: its fields once more, in any order. One
/// that is left out does not compile. A body takes less than an answer shows, so what is taken has a
/// schema of its own, `AddressInput` beside `Address`.
#[macro_export]
macro_rules! object {
    ($(#[doc = $about:literal])* $type:ty { $($(#[doc = $doc:literal])* $field:ident : $ftype:ty),* $(,)? }) => {
        impl $crate::Parse for $type {
            fn parse(value: &$crate::Json, errors: &mut $crate::Errors) -> Option<Self> {
                let known = [$($crate::camel(stringify!($field))),*];
                let object = $crate::object(value, &known, errors)?;
                $(let $field = $crate::field::<$ftype>(object, &$crate::camel(stringify!($field)), errors);)*
                Some(Self { $($field: $field?),* })
            }

            fn schema(components: &mut $crate::Components) -> $crate::Json {
                let fields = vec![$((
                    $crate::camel(stringify!($field)),
                    $crate::schema::sentence(&[$($doc),*]),
                    <$ftype as $crate::Parse>::schema(components),
                    !<$ftype as $crate::Parse>::OPTIONAL,
                )),*];
                $crate::schema::body(concat!(stringify!($type), "Input"), &[$($about),*], fields, components)
            }
        }

        impl $crate::Show for $type {
            fn schema(components: &mut $crate::Components) -> $crate::Json {
                let fields = vec![$((
                    $crate::camel(stringify!($field)),
                    $crate::schema::sentence(&[$($doc),*]),
                    <$ftype as $crate::Show>::schema(components),
                    true,
                )),*];
                $crate::schema::answer(stringify!($type), &[$($about),*], fields, components)
            }
        }
    };
}

/// Declares what a create and a change of a record take, from one list of fields:
///
/// - `data` and `text`: fields that both set as they stand in the record's data and text; a create
///   takes the type, a change a [`Patch`](crate::Patch) of it;
/// - `defaulted`: fields of the data that a create may leave out;
/// - `create` and `change`: what only one of them takes, and its handler reads;
/// - `elsewhere`: fields of the data that neither sets by itself.
///
/// A field of the record that stands nowhere in the list does not compile. The create gets `fill`, the
/// change `apply`.
#[macro_export]
macro_rules! editable {
    (
        $(#[doc = $create_about:literal])* create $create:ident,
        $(#[doc = $change_about:literal])* change $change:ident,
        data $data:ident { $($(#[doc = $ddoc:literal])* $dfield:ident : $dtype:ty),* $(,)? }
        defaulted { $($(#[doc = $vdoc:literal])* $vfield:ident : $vtype:ty),* $(,)? }
        text $text:ty { $($(#[doc = $tdoc:literal])* $tfield:ident : $ttype:ty),* $(,)? }
        create { $($(#[doc = $cdoc:literal])* $cfield:ident : $ctype:ty),* $(,)? }
        change { $($(#[doc = $hdoc:literal])* $hfield:ident : $htype:ty),* $(,)? }
        elsewhere { $($efield:ident),* $(,)? }
    ) => {
        $crate::body! {
            $(#[doc = $create_about])*
            pub struct $create {
                $($(#[doc = $ddoc])* pub $dfield: $dtype,)*
                $($(#[doc = $vdoc])* pub $vfield: Option<$vtype>,)*
                $($(#[doc = $tdoc])* pub $tfield: $ttype,)*
                $($(#[doc = $cdoc])* pub $cfield: $ctype,)*
            }
        }

        impl $create {
            /// Puts what was sent into a new record's fields.
            pub fn fill(&self, data: &mut $data, text: &mut $text) {
                $(data.$dfield.clone_from(&self.$dfield);)*
                $(if let Some(value) = &self.$vfield { data.$vfield.clone_from(value); })*
                $(text.$tfield.clone_from(&self.$tfield);)*
                let _ = text;
                // Every field of the data is somebody's: here, or elsewhere.
                let $data { $($dfield: _,)* $($vfield: _,)* $($efield: _,)* } = data;
            }
        }

        $crate::body! {
            $(#[doc = $change_about])*
            pub struct $change {
                $($(#[doc = $ddoc])* pub $dfield: $crate::Patch<$dtype>,)*
                $($(#[doc = $vdoc])* pub $vfield: $crate::Patch<$vtype>,)*
                $($(#[doc = $tdoc])* pub $tfield: $crate::Patch<$ttype>,)*
                $($(#[doc = $hdoc])* pub $hfield: $htype,)*
            }
        }

        impl $change {
            /// Puts what was sent into a record's fields.
            pub fn apply(&self, data: &mut $data, text: &mut $text) {
                $(self.$dfield.clone().apply(&mut data.$dfield);)*
                $(self.$vfield.clone().apply(&mut data.$vfield);)*
                $(self.$tfield.clone().apply(&mut text.$tfield);)*
                let _ = text;
            }
        }
    };
}

/// Declares how lists show a record, from the fields of its data and of what is derived:
///
/// - `data` and `derived`: fields as they stand there;
/// - `computed`: fields made of the row and of the arguments in parentheses;
/// - `hidden`: fields that are not shown.
///
/// Id, stamps and version are always there. A field that stands nowhere in the list does not compile.
#[macro_export]
macro_rules! row {
    (
        $(#[doc = $about:literal])* pub struct $name:ident of $entity:ty, ($($arg:ident : $argtype:ty),*)
        data $data:ident { $($(#[doc = $ddoc:literal])* $dfield:ident : $dtype:ty),* $(,)? } hidden { $($dhidden:ident),* $(,)? }
        derived $derived:ident { $($(#[doc = $kdoc:literal])* $kfield:ident : $ktype:ty),* $(,)? } hidden { $($khidden:ident),* $(,)? }
        computed { $($(#[doc = $cdoc:literal])* $cfield:ident : $ctype:ty = |$row:ident| $value:expr),* $(,)? }
    ) => {
        $crate::answer! {
            kept [$($kfield,)* $($cfield),*]
            $(#[doc = $about])*
            pub struct $name {
                pub id: <$entity as $crate::domain::Entity>::Id,
                $($(#[doc = $ddoc])* pub $dfield: $dtype,)*
                $($(#[doc = $kdoc])* pub $kfield: $ktype,)*
                $($(#[doc = $cdoc])* pub $cfield: $ctype,)*
                pub created_at: $crate::domain::Time,
                pub updated_at: $crate::domain::Time,
                pub created_by: Option<$crate::domain::UserId>,
                pub version: u64,
            }
        }

        impl $name {
            /// As lists show it.
            pub fn new(row: $crate::domain::Row<$entity> $(, $arg: $argtype)*) -> Self {
                $(let $cfield = { let $row = &row; $value };)*
                let $crate::domain::Row { id, created_at, updated_at, created_by, version, rev: _, shape: _, data, derived } = row;
                let $data { $($dfield,)* $($dhidden: _,)* } = data;
                let $derived { $($kfield,)* $($khidden: _,)* } = derived;
                Self { id, $($dfield,)* $($kfield,)* $($cfield,)* created_at, updated_at, created_by, version }
            }
        }
    };
}

/// Declares an answer that shows everything that another does, flattened into it, and more.
#[doc(hidden)]
#[macro_export]
macro_rules! extending {
    (
        $(#[doc = $about:literal])* pub struct $name:ident as $(#[doc = $base_about:literal])* $base:ident : $basetype:ident
        { $($(#[doc = $doc:literal])* $field:ident : $type:ty),* $(,)? }
        kept [$($kept:ident),*]
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, $crate::serde::Serialize)]
        #[serde(rename_all = "camelCase", crate = "contract::serde")]
        pub struct $name {
            $(#[doc = $base_about])*
            #[serde(flatten)]
            pub $base: $basetype,
            $($(#[doc = $doc])* #[doc = stringify!($field)] pub $field: $type,)*
        }

        impl $crate::Show for $name {
            fn schema(components: &mut $crate::Components) -> $crate::Json {
                let base = <$basetype as $crate::Show>::schema(components);
                let fields = vec![$((
                    $crate::camel(stringify!($field)),
                    $crate::schema::sentence(&[$($doc),*]),
                    <$type as $crate::Show>::schema(components),
                    true,
                )),*];
                $crate::schema::extended(stringify!($name), &[$($about),*], base, fields, components)
            }

            fn kept() -> Vec<&'static str> {
                let mut kept = <$basetype as $crate::Show>::kept();
                kept.extend::<[&'static str; _]>([$(stringify!($kept)),*]);
                kept
            }
        }
    };
}

/// Declares how a whole record is shown: its row, and fields made of the record; `kept` are those that change without
/// a new version.
#[macro_export]
macro_rules! whole {
    (
        $(#[doc = $about:literal])* pub struct $name:ident of $entity:ty as $rowtype:ident, ($($arg:ident : $argtype:ty),*)
        { $($(#[doc = $doc:literal])* $field:ident : $type:ty = |$record:ident| $value:expr),* $(,)? }
        $(kept [$($kept:ident),*])?
    ) => {
        $crate::extending! {
            $(#[doc = $about])*
            pub struct $name as
            /// What lists show of it.
            row: $rowtype { $($(#[doc = $doc])* $field: $type),* }
            kept [$($($kept),*)?]
        }

        impl $name {
            /// The whole record.
            pub fn new(record: $crate::domain::Record<$entity> $(, $arg: $argtype)*) -> Self {
                $(let $field = { let $record = &record; $value };)*
                Self { row: $rowtype::new(record.row $(, $arg)*), $($field,)* }
            }
        }
    };
}

/// Declares the page of a record: the whole record, and what stands beside it.
#[macro_export]
macro_rules! page {
    ($(#[doc = $about:literal])* pub struct $name:ident of $whole:ident { $($(#[doc = $doc:literal])* $field:ident : $type:ty),* $(,)? }) => {
        $crate::extending! {
            $(#[doc = $about])*
            pub struct $name as
            /// The whole record.
            whole: $whole { $($(#[doc = $doc])* $field: $type),* }
            kept [$($field),*]
        }
    };
}

/// Declares how a whole record is shown where it has the fields of its row: those that are cut in lists
/// are given once more, whole.
#[macro_export]
macro_rules! same {
    (
        $(#[doc = $about:literal])* pub struct $name:ident of $entity:ty as $rowtype:ident, ($($arg:ident : $argtype:ty),*)
        { $($field:ident : $type:ty = |$record:ident| $value:expr),* $(,)? }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, $crate::serde::Serialize)]
        #[serde(transparent, crate = "contract::serde")]
        pub struct $name($rowtype);

        impl $crate::Show for $name {
            fn schema(components: &mut $crate::Components) -> $crate::Json {
                let base = <$rowtype as $crate::Show>::schema(components);
                $crate::schema::extended(stringify!($name), &[$($about),*], base, Vec::new(), components)
            }
        }

        impl $name {
            /// The whole record.
            pub fn new(record: $crate::domain::Record<$entity> $(, $arg: $argtype)*) -> Self {
                $(let $field: $type = { let $record = &record; $value };)*
                Self($rowtype { $($field,)* ..$rowtype::new(record.row $(, $arg)*) })
            }
        }
    };
}
