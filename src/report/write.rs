//! The output folder: every file appears under its name only when it is complete.
//!
//! A file is written under a temporary name in its own folder and then renamed, so that whoever
//! looks, or ends the program in between, never meets half a file.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::data::RunReport;
use super::{chart, csv, html, json};

/// Which images are written beside the pages.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// SVG.
    Svg,
    /// SVG, and a PNG of each.
    #[cfg(feature = "png")]
    SvgAndPng,
}

/// Why the output could not be written.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A folder could not be made.
    #[error("cannot make the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The name of a scenario cannot be the name of a folder.
    #[error("the scenario name `{name}` cannot be the name of a folder")]
    Name {
        /// The name.
        name: String,
    },
    /// A PNG could not be made.
    #[cfg(feature = "png")]
    #[error("cannot draw {}: {source}", path.display())]
    Png {
        /// The file it should have become.
        path: PathBuf,
        /// Why.
        source: chart::png::PngError,
    },
}

/// Writes everything of all runs: a folder for each, then `report.html`. Tells what was written, in
/// that order.
///
/// # Errors
/// Stops at the first file that cannot be written. Those before it stay and are complete.
pub fn everything(
    dir: &Path,
    reports: &[RunReport],
    images: Images,
) -> Result<Vec<PathBuf>, WriteError> {
    let mut written = Vec::new();
    for report in reports {
        written.extend(scenario(dir, report, images)?);
    }
    written.push(page(dir, reports)?);
    Ok(written)
}

/// Writes `dir/NAME/` of one run: `result.json`, `timeline.csv`, `routes.csv` and the charts.
///
/// # Errors
/// Stops at the first file that cannot be written. Those before it stay and are complete.
pub fn scenario(
    dir: &Path,
    report: &RunReport,
    images: Images,
) -> Result<Vec<PathBuf>, WriteError> {
    let name = &report.result.scenario;
    let is_plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':']);
    if !is_plain {
        return Err(WriteError::Name { name: name.clone() });
    }
    let folder = dir.join(name);
    make_folder(&folder)?;
    let mut written = vec![
        file(&folder, "result.json", json::result(&report.result).as_bytes())?,
        file(&folder, "timeline.csv", csv::timeline(&report.figures.timeline).as_bytes())?,
        file(&folder, "routes.csv", csv::routes(&report.figures.routes).as_bytes())?,
    ];
    for chart in chart::all(report) {
        let svg = chart.svg();
        written.push(file(&folder, &format!("{}.svg", chart.stem), svg.as_bytes())?);
        match images {
            Images::Svg => {}
            #[cfg(feature = "png")]
            Images::SvgAndPng => {
                let name = format!("{}.png", chart.stem);
                let png = chart::png::render(&svg)
                    .map_err(|source| WriteError::Png { path: folder.join(&name), source })?;
                written.push(file(&folder, &name, &png)?);
            }
        }
    }
    Ok(written)
}

/// Writes `dir/report.html` of all runs of one command.
///
/// # Errors
/// Fails if the folder or the file cannot be written.
pub fn page(dir: &Path, reports: &[RunReport]) -> Result<PathBuf, WriteError> {
    make_folder(dir)?;
    file(dir, "report.html", html::page(reports).as_bytes())
}

/// Makes a folder and those it lies in, if they are not there.
///
/// # Errors
/// Fails if one cannot be made.
pub fn make_folder(path: &Path) -> Result<(), WriteError> {
    std::fs::create_dir_all(path)
        .map_err(|source| WriteError::Folder { path: path.to_owned(), source })
}

/// Writes a whole file and then gives it its name, replacing an earlier one.
///
/// # Errors
/// Fails if it cannot be written; then it is as it was.
pub fn file(folder: &Path, name: &str, content: &[u8]) -> Result<PathBuf, WriteError> {
    let path = folder.join(name);
    let put = || -> std::io::Result<()> {
        let mut draft = draft(name).tempfile_in(folder)?;
        draft.write_all(content)?;
        draft.persist(&path)?;
        Ok(())
    };
    put().map_err(|source| WriteError::File { path: path.clone(), source })?;
    Ok(path)
}

/// A temporary file with the rights any new file has.
fn draft(name: &str) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(name).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut all: Vec<String> = std::fs::read_dir(dir)
            .expect("a folder")
            .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        all.sort();
        all
    }

    #[test]
    fn the_folder_holds_what_the_contract_names_and_no_leftovers() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let out = dir.path().join("new/out");
        let reports = [sample::report(), sample::passing()];
        let written = everything(&out, &reports, Images::Svg).expect("a writable folder");
        assert_eq!(names(&out), ["report.html", "silent-pni-passes", "silent-pni-with-bfd"]);
        assert_eq!(
            names(&out.join("silent-pni-with-bfd")),
            [
                "convergence.svg",
                "load.svg",
                "map.svg",
                "result.json",
                "routes.csv",
                "timeline.csv",
                "timeline.svg"
            ]
        );
        assert_eq!(written.len(), 15);
        assert!(written.last().is_some_and(|p| p.ends_with("report.html")));
    }

    #[test]
    fn the_same_run_gives_the_same_bytes_and_replaces_what_was_there() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let first = everything(dir.path(), &[sample::report()], Images::Svg).expect("writable");
        let read = |paths: &[PathBuf]| -> Vec<Vec<u8>> {
            paths.iter().map(|p| std::fs::read(p).expect("a file")).collect()
        };
        let before = read(&first);
        std::fs::write(&first[0], "old").expect("writable");
        let second = everything(dir.path(), &[sample::report()], Images::Svg).expect("writable");
        assert_eq!(before, read(&second));
    }

    #[test]
    fn a_file_that_cannot_get_its_name_is_named_and_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let taken = dir.path().join("report.html");
        std::fs::create_dir(&taken).expect("writable");
        let error = page(dir.path(), &[sample::report()]).expect_err("a folder has that name");
        assert!(error.to_string().contains("report.html"), "{error}");
        assert_eq!(names(dir.path()), ["report.html"]);
    }

    #[test]
    fn a_scenario_cannot_write_outside_of_its_folder() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut report = sample::report();
        report.result.scenario = "../outside".to_owned();
        let error = scenario(dir.path(), &report, Images::Svg).expect_err("not a folder's name");
        assert!(matches!(error, WriteError::Name { .. }));
    }

    #[cfg(feature = "png")]
    #[test]
    fn a_png_is_the_chart_at_twice_its_size() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        scenario(dir.path(), &sample::report(), Images::SvgAndPng).expect("writable");
        let png = dir.path().join("silent-pni-with-bfd/timeline.png");
        let bytes = std::fs::read(png).expect("a PNG");
        // RFC 2083: eight bytes of signature, then IHDR with the width at offset 16.
        assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(u32::from_be_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]), 2_080);
    }
}
