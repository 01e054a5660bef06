//! Reading input files: bytes to text, text to a tree with positions, tree to typed values.
//!
//! A syntax error stands alone. Otherwise [`read`] reports every unknown key and at least the
//! first error of every entry, because a value that cannot be read leaves a hole in its
//! [`Sp`](sp::Sp) instead of ending the reading.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::diag::{Code, Diagnostic, Diagnostics, Source, Span};

mod de;
mod later;
pub mod sp;
mod table;
mod written;
mod yaml;

/// Files above this size are not read: 64 MiB.
pub const MAX_BYTES: u64 = 64 << 20;

/// Reads a file as UTF-8 text.
///
/// # Errors
/// E0001 if it cannot be read, E0002 if it is not UTF-8, E0003 if it is too large.
pub fn open(path: &Path) -> Result<Arc<Source>, Diagnostics> {
    let shown = shown_path(path);
    let unreadable = |error: std::io::Error| {
        let reason = plain_reason(&error);
        Diagnostic::of_file(&shown, Code::Unreadable, format!("cannot read `{shown}`: {reason}"))
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("`{shown}` is larger than 64 MiB");
        return Err(Diagnostic::of_file(&shown, Code::TooLarge, message).into());
    }
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(&shown, &error))?;
    Ok(Source::new(shown, text))
}

/// Paths are shown with `/` on every platform, and without `folder/..`.
fn shown_path(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match (part, parts.last()) {
            (".", _) => {}
            ("..", Some(last)) if !last.is_empty() && *last != ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Says it the same on every platform.
fn plain_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    if error.kind() == ErrorKind::NotFound {
        "there is no such file".to_owned()
    } else if error.kind() == ErrorKind::PermissionDenied {
        "no permission".to_owned()
    } else if error.kind() == ErrorKind::IsADirectory {
        "it is a directory".to_owned()
    } else {
        error.to_string()
    }
}

fn not_utf8(shown: &str, error: &std::string::FromUtf8Error) -> Diagnostic {
    let valid = error.utf8_error().valid_up_to();
    let source = Source::new(shown, String::from_utf8_lossy(error.as_bytes()).into_owned());
    let start = u32::try_from(valid).unwrap_or(u32::MAX);
    let message = format!("`{shown}` is not UTF-8 text");
    let span = Span { start, end: start + 1 };
    let mut diagnostic = Diagnostic::at(&source, span, Code::NotUtf8, message);
    diagnostic.hint = Some("save the file as UTF-8".to_owned());
    diagnostic
}

/// The kinds of file, as named by `pnilab:` at their top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `pnilab: topology/1`.
    Topology,
    /// `pnilab: scenario/1`.
    Scenario,
}

impl FileKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Topology => "topology",
            Self::Scenario => "scenario",
        }
    }
}

/// The newest format number this version reads, of either kind.
const FORMAT: u64 = 1;

/// A text that is YAML, with its kind known and its shape not looked at yet.
#[derive(Debug)]
pub struct Document {
    source: Arc<Source>,
    root: yaml::Node,
    /// What the file says it is.
    pub kind: FileKind,
}

/// Reads the YAML and the `pnilab:` key.
///
/// # Errors
/// One syntax error (E0004 to E0006), or what is wrong with `pnilab:` (E0007, E1002, E1003,
/// E1004, E1007).
pub fn parse(source: &Arc<Source>) -> Result<Document, Diagnostics> {
    let root = yaml::parse(source)?;
    let kind = file_kind(source, &root)?;
    Ok(Document { source: Arc::clone(source), root, kind })
}

fn file_kind(source: &Arc<Source>, root: &yaml::Node) -> Result<FileKind, Diagnostics> {
    let hint = || Some("write `pnilab: topology/1` or `pnilab: scenario/1`".to_owned());
    let error = |span, code, message: String, hint| {
        let mut diagnostic = Diagnostic::at(source, span, code, message);
        diagnostic.hint = hint;
        Diagnostics::from(diagnostic)
    };
    let yaml::Value::Map(entries) = &root.value else {
        let message = format!("a mapping is expected at the top, found {}", root.describe());
        return Err(error(root.span, Code::WrongType, message, hint()));
    };
    let Some((_, value)) = entries.iter().find(|(key, _)| key.text() == Some("pnilab")) else {
        let message = "the key `pnilab` is missing at the top".to_owned();
        let top = entries.first().map_or(root.span, |(key, _)| key.span);
        return Err(error(top, Code::MissingKey, message, hint()));
    };
    let text = value.text().ok_or_else(|| {
        let message =
            format!("`topology/1` or `scenario/1` is expected, found {}", value.describe());
        error(value.span, Code::WrongType, message, hint())
    })?;
    let (word, number) = text.split_once('/').unwrap_or((text, ""));
    let kind = [FileKind::Topology, FileKind::Scenario].into_iter().find(|k| k.word() == word);
    match (kind, number.parse::<u64>()) {
        (Some(kind), Ok(1..=FORMAT)) => Ok(kind),
        (Some(kind), Ok(number)) if number > FORMAT => {
            let word = kind.word();
            let message = format!("this version of pnilab reads `{word}/{FORMAT}`, not `{text}`");
            let hint = format!(
                "`{text}` needs a newer version of pnilab than {}",
                env!("CARGO_PKG_VERSION")
            );
            Err(error(value.span, Code::NewerFormat, message, Some(hint)))
        }
        _ => {
            Err(error(value.span, Code::WrongKind, format!("`{text}` is no kind of file"), hint()))
        }
    }
}

/// Reads a document as `T`, whose `kind` must be `wanted`.
///
/// # Errors
/// E1007 if the file is of the other kind; else every unknown key and at least the first error
/// of every entry, in order of place.
pub fn read<T: DeserializeOwned>(document: &Document, wanted: FileKind) -> Result<T, Diagnostics> {
    if document.kind != wanted {
        let message =
            format!("a {} is expected, this is a {}", wanted.word(), document.kind.word());
        let yaml::Value::Map(entries) = &document.root.value else {
            unreachable!("the kind was read from the mapping at the top");
        };
        let span = entries
            .iter()
            .find(|(key, _)| key.text() == Some("pnilab"))
            .map_or(document.root.span, |(_, value)| value.span);
        return Err(Diagnostic::at(&document.source, span, Code::WrongKind, message).into());
    }
    de::read(&document.source, &document.root)
}

/// Reads a table in CSV (RFC 4180) as a mapping of its rows, which the column `name` names.
///
/// # Errors
/// What is wrong with the table (E0004, E0005, E1003, E1006); else every unknown column and at least
/// the first error of every row.
pub fn read_table<T: DeserializeOwned>(
    source: &Arc<Source>,
) -> Result<sp::Entries<T>, Diagnostics> {
    de::read(source, &table::parse(source)?)
}

impl Document {
    /// The text it was read from.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Where something stands: its key, or itself in a list. A step of `path` is a key of a mapping; in
    /// a list it is the item itself, or the `name` of one.
    ///
    /// # Examples
    /// ```
    /// use pnilab::diag::Source;
    /// let source = Source::new("a.yaml", "pnilab: topology/1\nsites: {ams-a: {metro: ams}}\n");
    /// let document = pnilab::input::parse(&source).expect("it is a topology");
    /// let metro = document.find(&["sites", "ams-a", "metro"]).expect("it is there");
    /// assert_eq!(source.position(metro.start).column, 17);
    /// assert_eq!(document.find(&["sites", "ams-b"]), None);
    /// ```
    #[must_use]
    pub fn find(&self, path: &[&str]) -> Option<Span> {
        let mut at = &self.root;
        for step in path {
            at = at.child(step)?;
        }
        Some(at.entry)
    }

    /// The keys of the mapping at `path`, in file order; none if there is no mapping.
    pub fn keys(&self, path: &[&str]) -> impl Iterator<Item = &str> {
        let node = path.iter().try_fold(&self.root, |at, step| at.child(step));
        node.into_iter().flat_map(yaml::Node::keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_lists_are_found_by_themselves_or_by_their_names_and_aliases_where_they_are_written()
    {
        let text = "pnilab: topology/1\nx-p: &p [{name: ours, then: accept}]\npnis:\n  p1: {ends: [a, b], \
                    export: *p}\n";
        let document = parse(&Source::new("a.yaml", text)).expect("it is YAML");
        let place = |path: &[&str]| {
            let span = document.find(path)?;
            let place = document.source().position(span.start);
            Some((place.line, place.column))
        };
        assert_eq!(place(&["pnis", "p1", "ends", "b"]), Some((4, 18)));
        assert_eq!(place(&["pnis", "p1", "export"]), Some((4, 22)));
        // The term stands where the anchor is.
        assert_eq!(place(&["pnis", "p1", "export", "ours", "then"]), Some((2, 23)));
        assert_eq!(place(&["pnis", "p1", "export", "theirs"]), None);
        assert_eq!(document.keys(&["pnis", "p1"]).collect::<Vec<_>>(), ["ends", "export"]);
    }

    #[test]
    fn paths_are_shown_without_detours() {
        for (path, shown) in [
            ("scenarios/bfd/../../topologies/a.yaml", "topologies/a.yaml"),
            ("../a.yaml", "../a.yaml"),
            ("./a.yaml", "a.yaml"),
            ("/x/../a.yaml", "/a.yaml"),
        ] {
            assert_eq!(shown_path(Path::new(path)), shown);
        }
    }
}
