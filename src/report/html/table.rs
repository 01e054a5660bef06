//! Tables of a page.

use super::escaped;

/// What stands in one place of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Words.
    Text(String),
    /// A figure with its unit, set to the right.
    Figure(String),
    /// Markup of ours; whatever came from a file is escaped already.
    Markup(String),
}

impl Cell {
    /// Words.
    pub(super) fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// A figure with its unit.
    pub(super) fn figure(figure: impl Into<String>) -> Self {
        Self::Figure(figure.into())
    }

    /// A figure, or a dash where there is none.
    pub(super) fn maybe(value: Option<f64>, write: fn(f64) -> String) -> Self {
        Self::Figure(value.map_or_else(|| "–".to_owned(), write))
    }

    fn html(&self) -> String {
        match self {
            Self::Text(words) => format!("<td>{}</td>", escaped(words)),
            Self::Figure(figure) => format!("<td class=\"figure\">{}</td>", escaped(figure)),
            Self::Markup(markup) => format!("<td>{markup}</td>"),
        }
    }
}

/// A table with a caption.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table<'a> {
    /// What it lists.
    pub(super) caption: String,
    /// The heading of each column.
    pub(super) head: &'a [&'a str],
    /// The rows.
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Table<'_> {
    /// The table; nothing if it has no rows.
    pub(super) fn html(&self) -> String {
        let Some(first) = self.rows.first() else { return String::new() };
        let head: Vec<String> = self
            .head
            .iter()
            .zip(first)
            .map(|(words, cell)| {
                let class = if matches!(cell, Cell::Figure(_)) { " class=\"figure\"" } else { "" };
                format!("<th scope=\"col\"{class}>{}</th>", escaped(words))
            })
            .collect();
        let rows: Vec<String> =
            self.rows.iter().map(|row| row.iter().map(Cell::html).collect::<String>()).collect();
        let (head, rows) = (head.concat(), rows.join("</tr>\n<tr>"));
        format!(
            "<div class=\"wide\"><table>\n<caption>{}</caption>\n<thead><tr>{head}</tr></thead>\n\
             <tbody>\n<tr>{rows}</tr>\n</tbody>\n</table></div>\n",
            escaped(&self.caption)
        )
    }

    /// The table folded away under its caption; nothing if it has no rows.
    pub(super) fn folded(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let caption = escaped(&self.caption);
        format!("<details>\n<summary>{caption}</summary>\n{}</details>\n", self.html())
    }
}
