//! Whether a file is public, and when. A value that cannot be understood makes it a draft.

use horizon_core::Timestamp;

use super::{
    Fault,
    keys::{Found, Key, Meaning},
    yaml::{Entry, Scalar},
};
use crate::Date;

/// The values of `status` and `visibility` that mean public. A post that is scheduled is public from its date on.
const PUBLIC: [&str; 7] = [
    "published",
    "publish",
    "public",
    "live",
    "visible",
    "scheduled",
    "future",
];

/// The values of `status` and `visibility` that mean not public.
const NOT_PUBLIC: [&str; 12] = [
    "draft",
    "private",
    "hidden",
    "unlisted",
    "unpublished",
    "pending",
    "auto-draft",
    "trash",
    "members",
    "paid",
    "password",
    "protected",
];

/// Whether a file is public, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Publication {
    /// The author marks it as not public, or it cannot be understood whether it is.
    pub(crate) is_draft: bool,
    pub(crate) from: Option<Date>,
    pub(crate) until: Option<Date>,
}

impl Publication {
    /// Returns whether the file is public at that time.
    pub(crate) fn is_public(&self, now: Timestamp) -> bool {
        let has_come = |date: &Date| date.timestamp() <= now;
        !self.is_draft && self.from.as_ref().is_none_or(has_come) && !self.until.as_ref().is_some_and(has_come)
    }

    /// Returns when the file becomes public, if that is after this time.
    pub(crate) fn due_after(&self, now: Timestamp) -> Option<Date> {
        let ends = |from: Date| self.until.is_some_and(|until| until <= from);
        self.from
            .filter(|from| !self.is_draft && from.timestamp() > now && !ends(*from))
    }

    /// Evaluates the keys, and adds what is wrong with them to `faults`.
    pub(super) fn of(entries: &[Entry], faults: &mut Vec<Fault>) -> Self {
        let mut publication = Self::default();
        for entry in entries {
            match entry.found {
                Found::Known(key) => publication.add_known(entry, key, faults),
                Found::Near(key) => publication.add_near(entry, key, faults),
                Found::Other => {}
            }
        }
        publication
    }

    /// Evaluates broken YAML line by line.
    pub(super) fn of_broken<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let entry = |line: &str| {
            let (name, value) = line.split_once(':')?;
            let value = value.split(" #").next().unwrap_or_default().trim();
            let value = value.trim_matches(['"', '\'']);
            let entry = Entry::new(name, None, Scalar::new(value));
            // An indented line usually belongs to another key, as `hidden` below `cover`. An indented `draft` is more
            // likely the mistake that broke the YAML.
            let is_draft = matches!(entry.found, Found::Known(key) if key.is_draft_or_published());
            (is_draft || !name.starts_with(char::is_whitespace)).then_some(entry)
        };
        let entries: Vec<Entry> = lines.filter_map(entry).collect();
        Self::of(&entries, &mut Vec::new())
    }

    fn add_known(&mut self, entry: &Entry, key: &Key, faults: &mut Vec<Fault>) {
        let verdict = verdict(key.meaning, &entry.value);
        if let Verdict::Unclear(expected) = verdict {
            let reason = format!("\"{}\" must be {expected}", entry.name);
            faults.push(Fault::error(entry.line, reason));
        }
        self.add(verdict);
    }

    /// A misspelt key counts like the key that it resembles if it hides the file.
    fn add_near(&mut self, entry: &Entry, key: &Key, faults: &mut Vec<Fault>) {
        let verdict = match verdict(key.meaning, &entry.value) {
            Verdict::Unclear(_) if !key.is_draft_or_published() => Verdict::Public,
            // `dates` and the like hold no date of publication.
            Verdict::From(_) if key.meaning == Meaning::Date => Verdict::Public,
            verdict => verdict,
        };
        let (name, meant) = (&entry.name, key.name);
        faults.push(if matches!(verdict, Verdict::NotPublic | Verdict::Unclear(_)) {
            let reason = format!("\"{name}\" is not a known key, and looks like \"{meant}\"");
            Fault::error(
                entry.line,
                format!("{reason}: correct or remove it, until then this is not public"),
            )
        } else {
            Fault::warning(
                entry.line,
                format!("\"{name}\" is not a known key; is \"{meant}\" meant?"),
            )
        });
        self.add(verdict);
    }

    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Public => {}
            Verdict::NotPublic | Verdict::Unclear(_) => self.is_draft = true,
            Verdict::From(date) => self.from = self.from.max(Some(date)),
            Verdict::Until(date) => self.until = Some(self.until.map_or(date, |until| until.min(date))),
        }
    }
}

/// What one key says.
#[derive(Clone, Copy)]
enum Verdict {
    Public,
    NotPublic,
    From(Date),
    Until(Date),
    /// The value cannot be understood; it must be this.
    Unclear(&'static str),
}

fn verdict(meaning: Meaning, value: &Scalar) -> Verdict {
    let text = match value {
        Scalar::Text(text) => text.as_str(),
        Scalar::Empty | Scalar::Nested => "",
    };
    let date = text.parse::<Date>();
    let may_be_empty = |unclear| {
        if *value == Scalar::Empty {
            Verdict::Public
        } else {
            unclear
        }
    };
    match meaning {
        // What is wrong with it is told where it is read.
        Meaning::Date => date.map_or(Verdict::Public, Verdict::From),
        Meaning::NotBefore => date.map_or_else(|_| may_be_empty(Verdict::Unclear(A_DATE)), Verdict::From),
        Meaning::NotAfter => date.map_or_else(|_| may_be_empty(Verdict::Unclear(A_DATE)), Verdict::Until),
        Meaning::NotPublicIf(hides) => match (flag(text), date) {
            (Some(flag), _) if flag == hides => Verdict::NotPublic,
            (Some(_), _) => Verdict::Public,
            (None, Ok(date)) if !hides => Verdict::From(date),
            _ if hides => Verdict::Unclear("true or false"),
            _ => Verdict::Unclear("true, false or a date"),
        },
        Meaning::NotPublicIfJust(hides) if flag(text) == Some(hides) => Verdict::NotPublic,
        Meaning::NotPublicIfJust(_) | Meaning::Content => Verdict::Public,
        Meaning::State => state(text),
        Meaning::Password => may_be_empty(Verdict::NotPublic),
    }
}

const A_DATE: &str = "a date, YYYY-MM-DD or RFC 3339";

fn state(text: &str) -> Verdict {
    let text = text.to_lowercase();
    if PUBLIC.contains(&text.as_str()) {
        Verdict::Public
    } else if NOT_PUBLIC.contains(&text.as_str()) {
        Verdict::NotPublic
    } else {
        Verdict::Unclear("published or draft")
    }
}

/// Returns a flag, in any of the spellings of YAML 1.1.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "t" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "f" | "0" => Some(false),
        _ => None,
    }
}
