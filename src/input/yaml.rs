//! YAML text to a tree in which every value knows its place.
//!
//! The only module that knows the YAML library. Plain scalars are kept as they stand in the
//! text, so that `8075:8007` and `1e3` are what the reader saw; what they mean is decided by the
//! type that is wanted. Aliases and merge keys are expanded; their values point at where they
//! are defined.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;
use serde_yaml::options::DuplicateKeyPolicy;

use crate::diag::{Code, Diagnostic, Diagnostics, Position, Related, Source, Span};

/// Files may be nested this deeply.
const MAX_DEPTH: usize = 64;
/// Every file may have this many values, larger ones as many as they have bytes.
const MIN_NODES: usize = 10_000;

/// One value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it stands; for mappings and lists, where they start.
    pub(super) span: Span,
    /// The key it stands under, or itself.
    pub(super) entry: Span,
    /// What it is.
    pub(super) value: Value,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Value {
    /// Nothing.
    Null,
    /// A scalar.
    Scalar {
        /// As it stands in the text, without quotes.
        text: String,
        /// Whether it stands there without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in file order.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// What stands under a key, or an item of a list by itself or its `name`.
    pub(super) fn child(&self, step: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => {
                entries.iter().find(|(key, _)| key.text() == Some(step)).map(|(_, value)| value)
            }
            Value::List(items) => items.iter().find(|item| {
                let is_named = |item: &Self| match item.value {
                    Value::Map(_) => item.child("name").and_then(Self::text) == Some(step),
                    Value::Null | Value::Scalar { .. } | Value::List(_) => false,
                };
                item.text() == Some(step) || is_named(item)
            }),
            // One thing in place of a list of one.
            Value::Scalar { text, .. } => (text == step).then_some(self),
            Value::Null => None,
        }
    }

    /// The keys of a mapping.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let entries = match &self.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null | Value::Scalar { .. } | Value::List(_) => &[],
        };
        entries.iter().filter_map(|(key, _)| key.text())
    }

    /// What it is, for a message.
    pub(super) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar { text, .. } if text.chars().count() > 40 => "a long text".to_owned(),
            Value::Scalar { text, plain: true } => format!("`{text}`"),
            Value::Scalar { text, plain: false } => format!("the text `{text}`"),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// Reads the one document of a text.
pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Diagnostics> {
    let read: Read = serde_yaml::from_str_with_options(source.text(), options(source.text().len()))
        .map_err(|error| syntax_error(source, error.without_snippet()))?;
    let mut errors = Vec::new();
    let node = build(source, read, &mut errors);
    if errors.is_empty() { Ok(node) } else { Err(Diagnostics::of(errors)) }
}

fn options(bytes: usize) -> serde_yaml::Options {
    let nodes = bytes.max(MIN_NODES);
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: nodes,
            max_events: nodes.saturating_mul(3),
            max_aliases: nodes,
            max_anchors: nodes,
            max_merge_keys: nodes,
            max_documents: 2,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: nodes },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: serde_yaml::options::NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        ignore_binary_tag_for_string: true,
        with_snippet: false,
    }
}

fn syntax_error(source: &Arc<Source>, error: &serde_yaml::Error) -> Diagnostics {
    use serde_yaml::Error as E;
    let mut cause = error;
    while let E::AliasError { error, .. } = cause {
        cause = error;
    }
    let limit = matches!(
        cause,
        E::Budget { .. }
            | E::AliasReplayLimitExceeded { .. }
            | E::AliasExpansionLimitExceeded { .. }
            | E::AliasReplayStackDepthExceeded { .. }
    );
    // The scanner has a limit of its own for brackets, and only a text to say so.
    let too_complex = limit || cause.to_string().contains("recursion limit exceeded");
    let length = u32::try_from(source.text().len()).unwrap_or(u32::MAX);
    let span = error.location().map_or(Span { start: 0, end: 0 }, |at| span_of(source, at));
    let span = Span { start: span.start.min(length), end: span.end.min(length) };
    let (code, message) = if too_complex {
        let message = "the file is nested too deeply or expands to too many values";
        (Code::TooComplex, message.to_owned())
    } else if source.text().trim().is_empty() {
        (Code::Syntax, "the file is empty".to_owned())
    } else {
        (Code::Syntax, plain_message(error))
    };
    Diagnostic::at(source, span, code, message).into()
}

/// The message without the place and the library's own advice.
fn plain_message(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.split(" at line ").next().unwrap_or(first).trim();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    // Two of the library's messages speak of its own functions.
    if first.starts_with("multiple YAML documents") {
        return "a file holds one document, and here a second begins".to_owned();
    }
    if first.starts_with("recursive references") {
        return "an alias stands within what it stands for".to_owned();
    }
    format!("not valid YAML: {first}")
}

/// A place of the library's in bytes; some errors of its scanner have a line and column only.
fn span_of(source: &Source, at: serde_yaml::Location) -> Span {
    let length = source.text().len() as u64;
    let start = at.span().byte_offset().map_or_else(
        || {
            let narrow = |number| usize::try_from(number).unwrap_or(usize::MAX);
            source.byte_at(Position { line: narrow(at.line()), column: narrow(at.column()) })
        },
        |offset| u32::try_from(offset.min(length)).unwrap_or(u32::MAX),
    );
    let end = (u64::from(start) + at.span().byte_len().unwrap_or(0)).min(length);
    Span { start, end: u32::try_from(end).unwrap_or(u32::MAX) }
}

/// What the library hands out: spans beside values that have lost how they were written.
struct Read(Spanned<Inner>);

enum Inner {
    Null,
    /// A plain scalar that the library took for a number or a boolean.
    Typed,
    Text(String),
    List(Vec<Read>),
    Map(Vec<(Read, Read)>),
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Inner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InnerVisitor)
    }
}

struct InnerVisitor;

impl<'de> Visitor<'de> for InnerVisitor {
    type Value = Inner;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_unit<E>(self) -> Result<Inner, E> {
        Ok(Inner::Null)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Inner, E> {
        Ok(Inner::Typed)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Inner, E> {
        Ok(Inner::Typed)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Inner, E> {
        Ok(Inner::Typed)
    }
    fn visit_i128<E>(self, _: i128) -> Result<Inner, E> {
        Ok(Inner::Typed)
    }
    fn visit_u128<E>(self, _: u128) -> Result<Inner, E> {
        Ok(Inner::Typed)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Inner, E> {
        Ok(Inner::Typed)
    }
    fn visit_str<E>(self, text: &str) -> Result<Inner, E> {
        Ok(Inner::Text(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Inner, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Inner::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inner, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Inner::Map(entries))
    }
}

fn build(source: &Arc<Source>, read: Read, errors: &mut Vec<Diagnostic>) -> Node {
    let span = span_of(source, read.0.defined);
    let value = match read.0.value {
        Inner::Null => Value::Null,
        Inner::Typed => {
            let text = source.text().get(span.start as usize..span.end as usize).unwrap_or("");
            Value::Scalar { text: text.trim().to_owned(), plain: true }
        }
        Inner::Text(text) => {
            let quoted = source.text()[span.start as usize..].starts_with(['"', '\'', '|', '>']);
            Value::Scalar { text, plain: !quoted }
        }
        Inner::List(items) => {
            Value::List(items.into_iter().map(|item| build(source, item, errors)).collect())
        }
        Inner::Map(entries) => Value::Map(build_map(source, entries, errors)),
    };
    Node { span, entry: span, value }
}

fn build_map(
    source: &Arc<Source>,
    entries: Vec<(Read, Read)>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<(Node, Node)> {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let mut built = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let key = build(source, key, errors);
        let mut value = build(source, value, errors);
        value.entry = key.span;
        let Some(text) = key.text() else {
            let message = format!("a key is expected to be a name, found {}", key.describe());
            errors.push(Diagnostic::at(source, key.span, Code::Syntax, message));
            continue;
        };
        if let Some(first) = seen.insert(text.to_owned(), key.span) {
            let message = format!("the key `{text}` stands twice in one mapping");
            let mut error = Diagnostic::at(source, key.span, Code::DuplicateKey, message);
            "again here".clone_into(&mut error.label);
            error.related.push(Related { span: first, label: "first here".to_owned() });
            errors.push(error);
        }
        built.push((key, value));
    }
    built
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Node {
        parse(&Source::new("t.yaml", text)).expect("valid YAML")
    }

    fn get<'a>(node: &'a Node, key: &str) -> &'a Node {
        let Value::Map(entries) = &node.value else { panic!("no mapping") };
        &entries.iter().find(|(k, _)| k.text() == Some(key)).expect("the key").1
    }

    #[test]
    fn scalars_are_kept_as_written() {
        let text = "a: 8075:8007\nb: 1e3\nc: yes\nd: \"12\"\ne: 0x1F\nf: 007\ng: .inf\nh: &q 5 # c\ni: 1_0\n";
        let node = tree(text);
        for (key, written, was_plain) in [
            ("a", "8075:8007", true),
            ("b", "1e3", true),
            ("c", "yes", true),
            ("d", "12", false),
            ("e", "0x1F", true),
            ("f", "007", true),
            ("g", ".inf", true),
            ("h", "5", true),
            ("i", "1_0", true),
        ] {
            let Value::Scalar { text, plain } = &get(&node, key).value else { panic!("{key}") };
            assert_eq!((text.as_str(), *plain), (written, was_plain), "{key}");
        }
    }

    #[test]
    fn places_are_bytes_of_the_text() {
        let text = "é: ü\nrouters:\n  r1: {site: ams, x: [1, 2]}\n";
        let node = tree(text);
        let site = get(get(get(&node, "routers"), "r1"), "site");
        assert_eq!(&text[site.span.start as usize..site.span.end as usize], "ams");
        assert_eq!(&text[site.entry.start as usize..site.entry.end as usize], "site");
    }

    #[test]
    fn anchors_and_merge_keys_are_expanded() {
        let node = tree("x-c: &c {speed: 100G, length: 1km}\nm: {<<: *c, length: 2km}\nn: *c\n");
        assert_eq!(get(get(&node, "m"), "speed").text(), Some("100G"));
        assert_eq!(get(get(&node, "m"), "length").text(), Some("2km"));
        assert_eq!(get(get(&node, "n"), "length").text(), Some("1km"));
    }

    #[test]
    fn every_duplicate_key_is_reported_with_both_places() {
        let error = parse(&Source::new("t.yaml", "a: 1\nb: {c: 1, 'c': 2}\na: 2\n"))
            .expect_err("two duplicates");
        let places: Vec<_> = error
            .iter()
            .map(|d| (d.code, d.span.map(|s| s.start), d.related[0].span.start))
            .collect();
        assert_eq!(places, [(Code::DuplicateKey, Some(15), 9), (Code::DuplicateKey, Some(23), 0)]);
    }
}
