//! `report.html` opens in a browser: everything is drawn and the console stays empty.
//!
//! Without Chromium the test is skipped and says so; with `PNILAB_NO_SKIP` set it fails instead.

use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};

/// Names under which systems install it.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

fn main() {
    let arguments = Arguments::from_args();
    let browser = BROWSERS.into_iter().find(|name| answers(name));
    let is_skipped = browser.is_none() && std::env::var_os("PNILAB_NO_SKIP").is_none();
    let reason = if is_skipped { " (skipped: Chromium is not installed)" } else { "" };
    let trial = |name: &str, test: fn(&str) -> Result<(), Failed>| {
        let run = move || test(browser.ok_or("Chromium is not installed")?);
        Trial::test(format!("{name}{reason}"), run).with_ignored_flag(is_skipped)
    };
    let trials = vec![
        trial("the_page_opens_without_a_complaint", the_page_opens),
        trial("a_page_that_complains_is_noticed", complaints_are_noticed),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

fn answers(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// What a browser made of a page.
struct Opened {
    /// The document as it was drawn.
    drawn: String,
    /// What it said about it.
    complaints: Vec<String>,
}

fn open(browser: &str, page: &Path, folder: &Path) -> Result<Opened, Failed> {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(["--dump-dom", &format!("file://{}", page.display())])
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let complaints = told.lines().filter(|line| line.contains("CONSOLE"));
    Ok(Opened {
        drawn: String::from_utf8_lossy(&output.stdout).into_owned(),
        complaints: complaints.map(str::to_owned).collect(),
    })
}

fn the_page_opens(browser: &str) -> Result<(), Failed> {
    let out = tempfile::tempdir()?;
    let run = Command::new(env!("CARGO_BIN_EXE_pnilab"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", "scenarios/bfd/silent-pni-with-bfd.yaml", "--out"])
        .arg(out.path())
        .output()?;
    if !run.status.success() {
        return Err(String::from_utf8_lossy(&run.stderr).into_owned().into());
    }
    let page = out.path().join("report.html");
    let charts = fs::read_to_string(&page)?.matches("<svg").count();
    let opened = open(browser, &page, out.path())?;
    assert_eq!(opened.complaints, [""; 0]);
    // Four charts: what happened, how full, where the time went, where it is.
    assert!(charts >= 4, "{charts} charts");
    assert_eq!(opened.drawn.matches("<svg").count(), charts);
    assert!(opened.drawn.trim_end().ends_with("</html>"));
    Ok(())
}

fn complaints_are_noticed(browser: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let page = folder.path().join("page.html");
    fs::write(&page, "<script>nothing.of.the.kind()</script>")?;
    assert_eq!(open(browser, &page, folder.path())?.complaints.len(), 1);
    Ok(())
}
