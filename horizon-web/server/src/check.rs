//! `horizon-web check`: checks the content folder and writes a report.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use anyhow::ensure;
use horizon_backend::now;
use horizon_posts::{CheckReport, CheckRule, ContentOptions, Finding, Layout, ScheduledFile, Severity, SkippedFiles};
use serde::Serialize;

use crate::{
    config::{CheckArgs, CheckFormat},
    content,
};

/// The version of the JSON report. It grows when a field changes its meaning, not when one is added.
const JSON_VERSION: u32 = 1;

/// How many notes of one rule, and how many new files, the text lists. The JSON has all.
const MAX_LISTED: usize = 20;

/// Checks the content folder and writes the report to standard output. Reads no other site, and writes no file.
///
/// # Errors
/// There are errors, or with `--strict` warnings.
pub fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let base_url = args.base_url.as_ref().map(ToString::to_string);
    let site = ContentOptions {
        base_url: base_url.unwrap_or_default(),
        time_zone: args.time_zone.clone(),
        language: args.blog.language.clone(),
        ..ContentOptions::default()
    };
    let content = content::read(&args.content, site);
    let mut report = content.check(now());
    let settings = content::check_settings(&content, &args.blog);
    report.findings.extend(settings);
    let mut out = io::stdout().lock();
    match args.format {
        CheckFormat::Text => write_text(args, &report, &mut out)?,
        CheckFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &CheckJson::new(args, &report))?;
            writeln!(out)?;
        }
    }
    let folder = args.content.posts.display();
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    ensure!(
        errors == 0,
        "HORIZON_POSTS: {folder} has {}, listed on standard output",
        count(errors, "error")
    );
    ensure!(
        !args.content.strict || warnings == 0,
        "HORIZON_STRICT: {folder} has {}, listed on standard output",
        count(warnings, "warning")
    );
    Ok(())
}

fn write_text(args: &CheckArgs, report: &CheckReport, out: &mut impl Write) -> io::Result<()> {
    write_findings(&report.findings, out)?;
    for file in &report.scheduled {
        writeln!(out, "{}: scheduled for {}", file.path.display(), file.until.rfc3339())?;
    }
    for SkippedFiles { reason, count, example } in &report.skipped {
        writeln!(
            out,
            "not read: {count}, because: {reason}; for example {}",
            example.display()
        )?;
    }
    if !report.newly_public.is_empty() {
        writeln!(
            out,
            "public, but not read by earlier versions: {}",
            report.newly_public.len()
        )?;
    }
    for path in report.newly_public.iter().take(MAX_LISTED) {
        writeln!(out, "  {}", path.display())?;
    }
    if let Some(more) = more(report.newly_public.len()) {
        writeln!(out, "  {more}")?;
    }
    let generator = match report.layout {
        Layout::Plain => String::new(),
        layout => format!("{layout} blog, "),
    };
    writeln!(out, "{}: {generator}{}", args.content.posts.display(), summary(report))
}

/// Writes errors and warnings, and of each kind of note the first ones.
fn write_findings(findings: &[Finding], out: &mut impl Write) -> io::Result<()> {
    let mut notes: BTreeMap<CheckRule, usize> = BTreeMap::new();
    for finding in findings {
        if finding.severity == Severity::Note {
            let number = notes.entry(finding.rule).or_default();
            *number += 1;
            if *number > MAX_LISTED {
                continue;
            }
        }
        writeln!(out, "{finding}")?;
    }
    for (rule, number) in notes {
        if let Some(more) = more(number) {
            writeln!(out, "note: {more} [{}]", rule.name())?;
        }
    }
    Ok(())
}

/// Returns how many of a list are not shown.
fn more(number: usize) -> Option<String> {
    let hidden = number.checked_sub(MAX_LISTED).filter(|hidden| *hidden > 0)?;
    Some(format!("{hidden} more, which --format json lists"))
}

/// Returns a line such as `5 posts and 1 page, 1 draft, 2 warnings and 1 note`.
fn summary(report: &CheckReport) -> String {
    let mut parts = vec![format!(
        "{} and {}",
        count(report.posts, "post"),
        count(report.pages, "page")
    )];
    let hidden = [
        (report.drafts, "draft"),
        (report.scheduled.len(), "scheduled file"),
        (report.expired, "expired file"),
    ];
    parts.extend(
        hidden
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| count(number, noun)),
    );
    let severities = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Note, "note"),
    ];
    let found = severities.map(|(severity, noun)| (report.count(severity), noun));
    let has_problems = report.findings.iter().any(|finding| finding.severity > Severity::Note);
    if !has_problems {
        parts.push("no errors".to_owned());
    }
    parts.extend(
        found
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| count(number, noun)),
    );
    parts.join(", ")
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The report for programs. The names of its fields are stable.
#[derive(Debug, Serialize)]
struct CheckJson {
    version: u32,
    folder: String,
    layout: &'static str,
    posts: usize,
    pages: usize,
    drafts: usize,
    expired: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<JsonFinding>,
    scheduled: Vec<JsonScheduledFile>,
    not_read: Vec<JsonSkippedFiles>,
    newly_public: Vec<String>,
}

#[derive(Debug, Serialize)]
struct JsonFinding {
    severity: &'static str,
    rule: &'static str,
    file: String,
    line: Option<usize>,
    message: String,
}

#[derive(Debug, Serialize)]
struct JsonScheduledFile {
    file: String,
    title: String,
    public_from: String,
}

#[derive(Debug, Serialize)]
struct JsonSkippedFiles {
    reason: String,
    count: usize,
    example: String,
}

impl CheckJson {
    fn new(args: &CheckArgs, report: &CheckReport) -> Self {
        Self {
            version: JSON_VERSION,
            folder: args.content.posts.display().to_string(),
            layout: match report.layout {
                Layout::Plain => "plain",
                Layout::Hugo => "hugo",
                Layout::Zola => "zola",
                Layout::Jekyll => "jekyll",
                Layout::Astro => "astro",
            },
            posts: report.posts,
            pages: report.pages,
            drafts: report.drafts,
            expired: report.expired,
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notes: report.count(Severity::Note),
            findings: report.findings.iter().map(JsonFinding::from).collect(),
            scheduled: report.scheduled.iter().map(JsonScheduledFile::from).collect(),
            not_read: report.skipped.iter().map(JsonSkippedFiles::from).collect(),
            newly_public: report
                .newly_public
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
        }
    }
}

impl From<&Finding> for JsonFinding {
    fn from(finding: &Finding) -> Self {
        Self {
            severity: match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            },
            rule: finding.rule.name(),
            file: finding.path.display().to_string(),
            line: finding.line,
            message: finding.message.clone(),
        }
    }
}

impl From<&ScheduledFile> for JsonScheduledFile {
    fn from(file: &ScheduledFile) -> Self {
        Self {
            file: file.path.display().to_string(),
            title: file.title.clone(),
            public_from: file.until.rfc3339(),
        }
    }
}

impl From<&SkippedFiles> for JsonSkippedFiles {
    fn from(skipped: &SkippedFiles) -> Self {
        Self {
            reason: skipped.reason.to_string(),
            count: skipped.count,
            example: skipped.example.display().to_string(),
        }
    }
}
