//! Typed values from a tree, with all errors collected.
//!
//! A serde `Deserializer` over [`Node`]. Struct fields are looked up before serde sees them, so
//! that every unknown key is reported; the types of [`super::sp`] ask for places and catch
//! errors by the names under which they deserialize.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::later;
use super::sp::{ENTRIES, LIST, ONE_OR_MORE, SPANNED, TEXT_OR_MAP};
use super::yaml::{Node, Value};
use crate::diag::{Code, Diagnostic, Diagnostics, Source, Span, closest};

/// Reads `root` as `T`.
pub(super) fn read<T: DeserializeOwned>(
    source: &Arc<Source>,
    root: &Node,
) -> Result<T, Diagnostics> {
    let errors = RefCell::new(Vec::new());
    let result = T::deserialize(De { node: root, errors: &errors });
    let mut errors = errors.into_inner();
    let value = result.map_err(|error| errors.push(error.located(root.entry))).ok();
    match value {
        Some(value) if errors.is_empty() => Ok(value),
        _ => Err(Diagnostics::of(errors.into_iter().map(|e| e.diagnostic(source)).collect())),
    }
}

/// Why a value cannot be read.
#[derive(Debug)]
pub(super) struct ReadError {
    code: Code,
    message: String,
    span: Option<Span>,
    hint: Option<String>,
}

impl ReadError {
    fn new(node: &Node, code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span: Some(node.span), hint: None }
    }

    fn wrong_type(node: &Node, expected: &str) -> Self {
        if matches!(node.value, Value::Null) {
            return Self::null(node, expected);
        }
        let message = format!("{expected} is expected, found {}", node.describe());
        Self::new(node, Code::WrongType, message)
    }

    fn null(node: &Node, expected: &str) -> Self {
        let hint = if expected == "a mapping" {
            "write `{}` for a mapping with nothing in it, or remove the key".to_owned()
        } else {
            format!("write {expected}, or remove the key")
        };
        Self {
            code: Code::Null,
            message: format!("{expected} is expected, found nothing"),
            span: Some(if node.span.start == node.span.end { node.entry } else { node.span }),
            hint: Some(hint),
        }
    }

    fn hinted(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    fn located(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    fn diagnostic(self, source: &Arc<Source>) -> Diagnostic {
        let span = self.span.unwrap_or_default();
        let mut diagnostic = Diagnostic::at(source, span, self.code, self.message);
        diagnostic.hint = self.hint;
        diagnostic
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

impl serde::de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { code: Code::WrongType, message: message.to_string(), span: None, hint: None }
    }

    fn missing_field(field: &'static str) -> Self {
        let message = format!("the key `{field}` is missing");
        Self { code: Code::MissingKey, message, span: None, hint: None }
    }
}

type Errors = RefCell<Vec<ReadError>>;

/// A value to be read.
#[derive(Clone, Copy)]
struct De<'a> {
    node: &'a Node,
    errors: &'a Errors,
}

impl<'a> De<'a> {
    fn to(self, node: &'a Node) -> Self {
        Self { node, errors: self.errors }
    }

    fn report(self, error: ReadError) {
        self.errors.borrow_mut().push(error);
    }

    fn map(self) -> Result<&'a [(Node, Node)], ReadError> {
        match &self.node.value {
            Value::Map(entries) => Ok(entries),
            Value::Null | Value::Scalar { .. } | Value::List(_) => {
                Err(ReadError::wrong_type(self.node, "a mapping"))
            }
        }
    }

    fn list(self) -> Result<&'a [Node], ReadError> {
        match &self.node.value {
            Value::List(items) => Ok(items),
            Value::Null | Value::Scalar { .. } | Value::Map(_) => {
                Err(ReadError::wrong_type(self.node, "a list"))
            }
        }
    }

    fn text(self, expected: &str) -> Result<&'a str, ReadError> {
        self.node.text().ok_or_else(|| ReadError::wrong_type(self.node, expected))
    }

    /// A plain scalar; quoted ones are texts.
    fn plain(self, expected: &str) -> Result<&'a str, ReadError> {
        match &self.node.value {
            Value::Scalar { text, plain: true } => Ok(text),
            Value::Scalar { plain: false, .. } => {
                let error = ReadError::wrong_type(self.node, expected);
                Err(error.hinted(Some("remove the quotes".to_owned())))
            }
            Value::Null | Value::List(_) | Value::Map(_) => {
                Err(ReadError::wrong_type(self.node, expected))
            }
        }
    }

    /// A whole number of the YAML 1.2 core schema, at most `max`.
    fn whole(self, max: u64) -> Result<u64, ReadError> {
        let expected = "a whole number";
        let text = self.plain(expected)?;
        let digits = |digits: &str, radix| {
            (!digits.is_empty() && digits.chars().all(|c| c.is_digit(radix)))
                .then(|| u64::from_str_radix(digits, radix).ok())
        };
        let parsed = match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
            (Some(hex), _) => digits(hex, 16),
            (None, Some(octal)) => digits(octal, 8),
            (None, None) => digits(text.strip_prefix('+').unwrap_or(text), 10),
        };
        match parsed {
            Some(Some(number)) if number <= max => Ok(number),
            Some(_) => {
                let message = format!("`{text}` is out of range: at most {max}");
                Err(ReadError::new(self.node, Code::OutOfRange, message))
            }
            None => Err(ReadError::wrong_type(self.node, expected)),
        }
    }

    /// What is to be said about a word that is none of `known`.
    fn unknown_word(self, word: &str, known: &'static [&'static str]) -> ReadError {
        let list = known.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
        let hint = if later::is_key(word) {
            format!("`{word}` is not supported by this version yet; allowed: {list}")
        } else if let Some(meant) = closest(word, known.iter().copied()) {
            format!("did you mean `{meant}`? allowed: {list}")
        } else {
            format!("allowed: {list}")
        };
        ReadError::new(
            self.node,
            Code::UnknownWord,
            format!("`{word}` is not one of the words allowed here"),
        )
        .hinted(Some(hint))
    }

    fn unknown_key(self, key: &str, known: &[&'static str]) -> ReadError {
        let hint = if later::is_key(key) {
            Some(format!("`{key}` is not supported by this version yet"))
        } else if let Some(meant) = self.suggest(key, known) {
            Some(format!("did you mean `{meant}`?"))
        } else if known.is_empty() {
            None
        } else {
            Some(format!("known here: {}", known.join(", ")))
        };
        ReadError::new(self.node, Code::UnknownKey, format!("unknown key `{key}`")).hinted(hint)
    }

    /// The key likely meant; a file full of errors gets none, as looking costs time.
    fn suggest(self, key: &str, known: &[&'static str]) -> Option<&'static str> {
        (self.errors.borrow().len() < 1_000).then(|| closest(key, known.iter().copied())).flatten()
    }
}

macro_rules! whole_numbers {
    ($($method:ident, $max:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            visitor.visit_u64(self.whole($max)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for De<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Scalar { text, .. } => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { items: items.iter(), de: self }),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.plain("`true` or `false`")? {
            "true" | "True" | "TRUE" => visitor.visit_bool(true),
            "false" | "False" | "FALSE" => visitor.visit_bool(false),
            _ => Err(ReadError::wrong_type(self.node, "`true` or `false`")),
        }
    }

    whole_numbers! {
        deserialize_u8, u64::from(u8::MAX);
        deserialize_u16, u64::from(u16::MAX);
        deserialize_u32, u64::from(u32::MAX);
        deserialize_u64, u64::MAX;
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let text = self.plain("a number")?;
        let number = text.parse::<f64>().ok().filter(|n| {
            n.is_finite() && text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        });
        visitor.visit_f64(number.ok_or_else(|| ReadError::wrong_type(self.node, "a number"))?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_str(self.text("a text")?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match name {
            SPANNED => visitor.visit_seq(SpannedAccess { de: self, step: 0 }),
            ENTRIES => {
                let entries = self.map().unwrap_or_else(|error| {
                    self.report(error);
                    &[]
                });
                visitor.visit_map(Fields {
                    entries: entries.iter(),
                    value: None,
                    de: self,
                    known: None,
                })
            }
            ONE_OR_MORE if !matches!(self.node.value, Value::List(_) | Value::Null) => {
                visitor.visit_newtype_struct(self)
            }
            LIST | ONE_OR_MORE => {
                let items = self.list().unwrap_or_else(|error| {
                    self.report(error);
                    &[]
                });
                visitor.visit_seq(Items { items: items.iter(), de: self })
            }
            TEXT_OR_MAP if matches!(self.node.value, Value::Map(_)) => visitor.visit_some(self),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_seq(Items { items: self.list()?.iter(), de: self })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let entries = self.map()?.iter();
        visitor.visit_map(Fields { entries, value: None, de: self, known: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let entries = self.map()?.iter();
        visitor.visit_map(Fields { entries, value: None, de: self, known: Some(fields) })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if let Some(word) = self.node.text() {
            if !variants.contains(&word) {
                return Err(self.unknown_word(word, variants));
            }
            return visitor.visit_enum(Word { word, node: self.node });
        }
        let [(key, value)] = self.map()? else {
            let message = "exactly one entry is expected";
            return Err(ReadError::new(self.node, Code::WrongCount, message));
        };
        let word = key.text().unwrap_or_default();
        if !variants.contains(&word) {
            return Err(self.to(key).unknown_key(word, variants));
        }
        visitor.visit_enum(Variant { word, value: self.to(value) })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct
    }
}

/// Hands out the place of a value, then the value, or nothing if it cannot be read.
struct SpannedAccess<'a> {
    de: De<'a>,
    step: u8,
}

impl<'de> SeqAccess<'de> for SpannedAccess<'_> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ReadError> {
        let Node { span, entry, .. } = self.de.node;
        let place = [span.start, span.end, entry.start, entry.end];
        let number = place.get(usize::from(self.step)).copied();
        self.step += 1;
        if let Some(number) = number {
            let number: U32Deserializer<ReadError> = number.into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        Ok(seed.deserialize(self.de).map_err(|error| self.de.report(error.located(*entry))).ok())
    }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Node>,
    de: De<'a>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ReadError> {
        self.items.next().map(|item| seed.deserialize(self.de.to(item))).transpose()
    }
}

/// The entries of a mapping; with `known`, all others are reported and left out.
struct Fields<'a> {
    entries: std::slice::Iter<'a, (Node, Node)>,
    value: Option<&'a Node>,
    de: De<'a>,
    known: Option<&'static [&'static str]>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = ReadError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ReadError> {
        for (key, value) in self.entries.by_ref() {
            let text = key.text().unwrap_or_default();
            if let Some(known) = self.known
                && !known.contains(&text)
            {
                let at_top = known.contains(&"pnilab");
                if !(at_top && text.starts_with("x-")) {
                    self.de.report(self.de.to(key).unknown_key(text, known));
                }
                continue;
            }
            self.value = Some(value);
            return seed.deserialize(self.de.to(key)).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        let value = self.value.take().ok_or_else(|| ReadError::custom("a value without a key"))?;
        seed.deserialize(self.de.to(value)).map_err(|error| error.located(value.entry))
    }
}

/// A word alone, `kind`.
struct Word<'a> {
    word: &'a str,
    node: &'a Node,
}

impl Word<'_> {
    fn wants_more(&self) -> ReadError {
        let message = format!("`{}` alone says too little", self.word);
        let hint = format!("it has keys of its own: `{}: {{..}}`", self.word);
        ReadError::new(self.node, Code::WrongType, message).hinted(Some(hint))
    }
}

impl<'de> EnumAccess<'de> for Word<'_> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), ReadError> {
        let word: StrDeserializer<'_, ReadError> = self.word.into_deserializer();
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'_> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, ReadError> {
        Err(self.wants_more())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, ReadError> {
        Err(self.wants_more())
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ReadError> {
        Err(self.wants_more())
    }
}

/// `kind: {...}`.
struct Variant<'a> {
    word: &'a str,
    value: De<'a>,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = ReadError;
    type Variant = De<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, De<'a>), ReadError> {
        let word: StrDeserializer<'_, ReadError> = self.word.into_deserializer();
        Ok((seed.deserialize(word)?, self.value))
    }
}

impl<'de> VariantAccess<'de> for De<'_> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        Err(ReadError::new(self.node, Code::WrongType, "a word alone is expected here"))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, ReadError> {
        seed.deserialize(self).map_err(|error| error.located(self.node.entry))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_struct("", fields, visitor)
    }
}
