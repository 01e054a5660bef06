//! Tables: CSV text (RFC 4180) to the tree that YAML is read into, so that both get the same
//! errors at the right places.

use std::collections::BTreeMap;
use std::sync::Arc;

use csv_core::{ReadFieldResult, Reader};

use super::yaml::{Node, Value};
use crate::diag::{Code, Diagnostic, Diagnostics, Related, Source, Span};

/// The column whose cells name the rows.
const NAME: &str = "name";

/// One cell.
struct Cell {
    span: Span,
    text: String,
}

impl Cell {
    fn node(&self, entry: Span) -> Node {
        let value = Value::Scalar { text: self.text.clone(), plain: true };
        Node { span: self.span, entry, value }
    }
}

/// A table as a mapping of names to rows, each a mapping of the names of columns to the cells that
/// are not empty.
pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Diagnostics> {
    let mut rows = rows(source)?.into_iter();
    let header = rows.next().unwrap_or_default();
    let mut errors = Vec::new();
    twice(source, header.iter().map(|cell| (cell.text.as_str(), cell.span)), &mut errors);
    let Some(name) = header.iter().position(|cell| cell.text == NAME) else {
        let span = header.first().map_or(Span::default(), |cell| cell.span);
        let message = "the column `name` is missing";
        let mut error = Diagnostic::at(source, span, Code::MissingKey, message);
        error.hint = Some("the first line names the columns, as in `name,at,from,to`".to_owned());
        return Err(error.into());
    };
    let mut entries = Vec::new();
    for row in rows {
        if row.len() != header.len() {
            let (cells, columns) = (row.len(), header.len());
            let message = format!("the row has {cells} cells, the first line {columns} columns");
            let span = row.first().map_or(Span::default(), |cell| cell.span);
            errors.push(Diagnostic::at(source, span, Code::WrongCount, message));
            continue;
        }
        entries.push(entry(&header, name, &row));
    }
    let names = entries.iter().map(|(key, _)| (key.text().unwrap_or_default(), key.span));
    twice(source, names, &mut errors);
    if !errors.is_empty() {
        return Err(Diagnostics::of(errors));
    }
    let start = Span::default();
    Ok(Node { span: start, entry: start, value: Value::Map(entries) })
}

/// The name of a row, and what it holds.
fn entry(header: &[Cell], name: usize, row: &[Cell]) -> (Node, Node) {
    let key = &row[name];
    let cells = header.iter().zip(row).enumerate();
    let filled = cells.filter(|(column, (_, cell))| *column != name && !cell.text.is_empty());
    let fields = filled.map(|(_, (column, cell))| (column.node(cell.span), cell.node(cell.span)));
    let value = Value::Map(fields.collect());
    (key.node(key.span), Node { span: key.span, entry: key.span, value })
}

/// Reports names that stand twice.
fn twice<'a>(
    source: &Arc<Source>,
    names: impl Iterator<Item = (&'a str, Span)>,
    errors: &mut Vec<Diagnostic>,
) {
    let mut known: BTreeMap<&str, Span> = BTreeMap::new();
    for (name, span) in names {
        if let Some(first) = known.insert(name, span) {
            let message = format!("`{name}` stands twice");
            let mut error = Diagnostic::at(source, span, Code::DuplicateKey, message);
            error.related.push(Related { span: first, label: "first here".to_owned() });
            errors.push(error);
        }
    }
}

/// The cells of a text, row by row; blank lines are none.
fn rows(source: &Arc<Source>) -> Result<Vec<Vec<Cell>>, Diagnostics> {
    let text = source.text();
    let mut reader = Reader::new();
    let mut field = vec![0; text.len()];
    let (mut at, mut filled) = (0, 0);
    let mut start = 0;
    let mut rows = Vec::new();
    let mut row = Vec::new();
    loop {
        let input = &text.as_bytes()[at..];
        let (result, read, written) = reader.read_field(input, &mut field[filled..]);
        at += read;
        filled += written;
        match result {
            ReadFieldResult::Field { record_end } => {
                row.push(cell(source, start, at, &field[..filled])?);
                (start, filled) = (at, 0);
                if record_end {
                    rows.push(std::mem::take(&mut row));
                }
            }
            ReadFieldResult::End => return Ok(rows),
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
        }
    }
}

/// The cell that was read between two bytes.
fn cell(source: &Arc<Source>, start: usize, end: usize, read: &[u8]) -> Result<Cell, Diagnostics> {
    let ends = |c: char| c.is_whitespace() || c == ',' || c == '\u{feff}';
    let raw = &source.text()[start..end];
    let start = start + (raw.len() - raw.trim_start_matches(ends_before).len());
    let length = source.text()[start..end].trim_end_matches(ends).len();
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = Span { start: byte(start), end: byte(start + length) };
    if open_quote(&source.text()[start..start + length]) {
        let message = "the quoted cell does not end";
        return Err(Diagnostic::at(source, span, Code::Syntax, message).into());
    }
    let text = String::from_utf8_lossy(read).trim().to_owned();
    Ok(Cell { span, text })
}

/// What may stand before a cell.
fn ends_before(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// Whether a cell starts with a quote that nothing closes.
fn open_quote(raw: &str) -> bool {
    raw.starts_with('"') && raw.matches('"').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<Vec<(String, Vec<String>)>, String> {
        let source = Source::new("matrix.csv", text);
        let node = parse(&source).map_err(|errors| {
            let error = errors.iter().next().expect("there is an error").clone();
            let place = error.position().expect("it has a place");
            format!("{}:{} {}", place.line, place.column, error.message)
        })?;
        let Value::Map(entries) = node.value else { unreachable!("a table is a mapping") };
        let place = |node: &Node| {
            let at = source.position(node.span.start);
            format!("{}@{}:{}", node.text().unwrap_or_default(), at.line, at.column)
        };
        Ok(entries
            .iter()
            .map(|(key, row)| {
                let Value::Map(fields) = &row.value else { unreachable!("so is a row") };
                let fields = fields
                    .iter()
                    .map(|(k, v)| format!("{}={}", k.text().unwrap_or_default(), place(v)));
                (place(key), fields.collect())
            })
            .collect())
    }

    #[test]
    fn cells_keep_their_places_through_quotes_line_ends_and_blanks() {
        let rows = shown("\u{feff}name,at,rate\r\nd-1, r1 ,\r\n\r\n\"d-2\",\"r\"\"2\",1G")
            .expect("a table");
        let (first, second) = (&rows[0], &rows[1]);
        assert_eq!((first.0.as_str(), first.1.join(" ").as_str()), ("d-1@2:1", "at=r1@2:6"));
        assert_eq!(second.0, "d-2@4:1");
        assert_eq!(second.1.join(" "), "at=r\"2@4:7 rate=1G@4:14");
    }

    #[test]
    fn what_is_no_table_is_told_at_its_place() {
        for (text, error) in [
            ("", "1:1 the column `name` is missing"),
            ("at,to\n", "1:1 the column `name` is missing"),
            ("name,at,at\n", "1:9 `at` stands twice"),
            ("name,at\nd,r\nd,r\n", "3:1 `d` stands twice"),
            ("name,at\nd\n", "2:1 the row has 1 cells, the first line 2 columns"),
            ("name,at\nd,\"r\n", "2:3 the quoted cell does not end"),
        ] {
            assert_eq!(shown(text), Err(error.to_owned()), "{text:?}");
        }
    }
}
