//! Diagnostics: what is wrong with an input, where, and what to do about it.
//!
//! A [`Diagnostic`] points into a [`Source`] by byte range; lines and columns (1-based, columns
//! in Unicode scalars) are worked out when it is shown. Codes are stable and explained in
//! [`codes`]; [`render`] shows diagnostics to a person, [`Diagnostics::to_json`] to a program.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

pub use codes::Code;

pub mod codes;
pub mod render;

/// No more than this many diagnostics are kept of one file.
const MOST: usize = 1_000;

/// A range of bytes of one source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A place as editors count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in Unicode scalars, from 1.
    pub column: usize,
}

/// One input text and the name it is shown under.
#[derive(Debug)]
pub struct Source {
    path: String,
    text: String,
    line_starts: Vec<usize>,
}

impl Source {
    /// A text that is shown as coming from `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Arc::new(Self { path: path.into(), text, line_starts })
    }

    /// The name it is shown under.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and column of a byte.
    #[must_use]
    pub fn position(&self, byte: u32) -> Position {
        let byte = self.floor(byte as usize);
        let line = self.line_starts.partition_point(|start| *start <= byte) - 1;
        let column = self.text[self.line_starts[line]..byte].chars().count() + 1;
        Position { line: line + 1, column }
    }

    /// The byte at a line and column; the end of the line or text if there are not so many.
    #[must_use]
    pub fn byte_at(&self, place: Position) -> u32 {
        let line = self.lines(place.line, place.line);
        let text = &self.text[line.clone()];
        let within = text.char_indices().nth(place.column.saturating_sub(1));
        let byte = line.start + within.map_or(text.len(), |(at, _)| at);
        u32::try_from(byte).unwrap_or(u32::MAX)
    }

    /// The bytes of the lines `first..=last` (from 1; clamped), without the last line break.
    fn lines(&self, first: usize, last: usize) -> std::ops::Range<usize> {
        let start = self.line_starts[first.clamp(1, self.line_starts.len()) - 1];
        let end = self.line_starts.get(last).map_or(self.text.len(), |next| next - 1);
        start..end.max(start)
    }

    fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// The nearest place at or before `byte` where a character starts.
    fn floor(&self, byte: usize) -> usize {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }
}

/// How bad it is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The input cannot be used.
    Error,
    /// Worth knowing; the input can be used.
    Note,
}

impl Level {
    /// `error` or `note`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Note => "note",
        }
    }
}

/// Another place that has to do with a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where, in the same file.
    pub span: Span,
    /// What is there.
    pub label: String,
}

/// One thing to say about an input.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is; follows from the code.
    pub level: Level,
    /// The stable code.
    pub code: Code,
    /// What is wrong, in one line.
    pub message: String,
    /// The file as it is shown.
    pub file: String,
    /// The text it points into; `None` if the file could not be read.
    pub source: Option<Arc<Source>>,
    /// Where in the text; `None`: the file as a whole.
    pub span: Option<Span>,
    /// A few words at the place.
    pub label: String,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
    /// What would likely help.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Something about a place in a text.
    #[must_use]
    pub fn at(source: &Arc<Source>, span: Span, code: Code, message: impl Into<String>) -> Self {
        Self {
            level: code.level(),
            code,
            message: message.into(),
            file: source.path().to_owned(),
            source: Some(Arc::clone(source)),
            span: Some(span),
            label: String::new(),
            related: Vec::new(),
            hint: None,
        }
    }

    /// Something about a file as a whole.
    #[must_use]
    pub fn of_file(file: impl Into<String>, code: Code, message: impl Into<String>) -> Self {
        Self {
            level: code.level(),
            code,
            message: message.into(),
            file: file.into(),
            source: None,
            span: None,
            label: String::new(),
            related: Vec::new(),
            hint: None,
        }
    }

    /// The line and column it points at.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        Some(self.source.as_ref()?.position(self.span?.start))
    }

    fn order(&self, other: &Self) -> Ordering {
        (&self.file, self.span, self.code, &self.message).cmp(&(
            &other.file,
            other.span,
            other.code,
            &other.message,
        ))
    }
}

/// What there is to say about one or more inputs, in order of file and place.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Nothing to say.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sorts by file and place and drops what says the same twice; of a flood, the first
    /// thousand are kept.
    #[must_use]
    pub fn of(mut list: Vec<Diagnostic>) -> Self {
        list.sort_by(Diagnostic::order);
        list.dedup_by(|a, b| a.order(b) == Ordering::Equal);
        list.truncate(MOST);
        Self { list }
    }

    /// Adds all of `other` behind these.
    pub fn extend(&mut self, other: Self) {
        self.list.extend(other.list);
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.level == Level::Error)
    }

    /// The document `pnilab.diagnostics/1`, with a line break at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let document = JsonDocument { schema: "pnilab.diagnostics/1", diagnostics: self };
        let mut text =
            serde_json::to_string_pretty(&document).expect("strings and numbers always serialize");
        text.push('\n');
        text
    }
}

impl fmt::Display for Diagnostics {
    /// As a person is shown them, without colours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render::render(self, render::Style::Plain))
    }
}

impl std::error::Error for Diagnostics {}

impl Serialize for Diagnostics {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.list.iter().map(JsonDiagnostic::of))
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { list: vec![diagnostic] }
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[derive(Serialize)]
struct JsonDocument<'a> {
    schema: &'static str,
    diagnostics: &'a Diagnostics,
}

#[derive(Serialize)]
struct JsonDiagnostic<'a> {
    level: &'static str,
    code: &'static str,
    message: &'a str,
    file: &'a str,
    span: Option<JsonSpan>,
    label: &'a str,
    related: Vec<JsonRelated<'a>>,
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonRelated<'a> {
    span: Option<JsonSpan>,
    label: &'a str,
}

/// A place: lines and columns as editors count them, and bytes from 0.
#[derive(Serialize)]
struct JsonSpan {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start_byte: u32,
    end_byte: u32,
}

impl JsonSpan {
    fn of(source: Option<&Arc<Source>>, span: Span) -> Option<Self> {
        let source = source?;
        let (start, end) = (source.position(span.start), source.position(span.end));
        Some(Self {
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            start_byte: span.start,
            end_byte: span.end,
        })
    }
}

impl<'a> JsonDiagnostic<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Self {
        let source = diagnostic.source.as_ref();
        Self {
            level: diagnostic.level.as_str(),
            code: diagnostic.code.as_str(),
            message: &diagnostic.message,
            file: &diagnostic.file,
            span: diagnostic.span.and_then(|span| JsonSpan::of(source, span)),
            label: &diagnostic.label,
            related: diagnostic
                .related
                .iter()
                .map(|r| JsonRelated { span: JsonSpan::of(source, r.span), label: &r.label })
                .collect(),
            hint: diagnostic.hint.as_deref(),
        }
    }
}

/// The one of `known` that `written` was likely meant to be.
///
/// # Examples
/// ```
/// use pnilab::diag::closest;
/// assert_eq!(closest("ams1", ["ams-1", "fra-1"]), Some("ams-1"));
/// assert_eq!(closest("ams1", ["lon", "nyc"]), None);
/// ```
#[must_use]
pub fn closest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (written.chars().count() / 3).max(1);
    let distance = |candidate: &str| {
        if is_part(written, candidate) {
            return Some(0);
        }
        let near = candidate.len().abs_diff(written.len()) <= limit;
        let distance = near.then(|| strsim::damerau_levenshtein(written, candidate));
        distance.filter(|distance| *distance <= limit)
    };
    let candidates = known.into_iter().filter_map(|name| Some((distance(name)?, name)));
    candidates.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// Whether a name is the first or last part of one with several: `lc0` of `ct-ams-1/lc0`.
fn is_part(written: &str, candidate: &str) -> bool {
    let before = |rest: &str| rest.ends_with('/');
    let after = |rest: &str| rest.starts_with('/');
    !written.is_empty()
        && (candidate.strip_suffix(written).is_some_and(before)
            || candidate.strip_prefix(written).is_some_and(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_unicode_scalars() {
        let source = Source::new("a.yaml", "name: ü\nabout: é→x\n");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        // Line 2 starts at byte 9; `about: ` has 7 characters; `é→` are 2 characters in 5 bytes.
        let place = Position { line: 2, column: 10 };
        assert_eq!(source.position(9 + 7 + 5), place);
        assert_eq!(source.byte_at(place), 9 + 7 + 5);
    }

    #[test]
    fn what_says_the_same_twice_is_said_once_and_in_order_of_place() {
        let source = Source::new("a.yaml", "name: x\n");
        let at =
            |start| Diagnostic::at(&source, Span { start, end: start + 1 }, Code::UnknownKey, "no");
        let all = Diagnostics::of(vec![at(3), at(1), at(3)]);
        let starts: Vec<_> = all.iter().map(|d| d.span.map(|s| s.start)).collect();
        assert_eq!(starts, [Some(1), Some(3)]);
    }
}
