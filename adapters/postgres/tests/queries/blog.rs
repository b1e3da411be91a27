//! The posts and the events of a blog.

use std::time::Duration;

use horizon_core::reports::SiteTimeZone;
use horizon_core::{
    ContextValue, Day, Draft, Event, EventId, EventKind, EventName, Properties, ReaderId, Slug, Stamp, Timestamp,
    Topic, Visibility, Visit, VisitCause, VisitContext, VisitorKey,
};

/// How many days have events: more than this month and the one before.
const DAYS: i64 = 63;

/// The pages that have readers. The last two are not posts.
const PAGES: [&str; 5] = ["hello", "docs/intro", "news", "/", "about"];

/// The posts: slug, title, author, and how many days before today they were published.
pub(crate) const POSTS: [(&str, &str, &str, i64); 4] = [
    ("hello", "Hello", "Ada", 200),
    ("docs/intro", "Introduction", "Grace", 150),
    ("news", "News", "Ada", 1),
    ("unread", "Unread", "Grace", 40),
];

const SOURCES: [&str; 4] = ["google", "hacker news", "mastodon", ""];
const CAMPAIGNS: [&str; 3] = ["", "spring", "autumn"];
const DEVICES: [&str; 3] = ["phone", "laptop", "desktop"];

/// Returns the time zone of the site, in which clocks change.
pub(crate) fn zone() -> SiteTimeZone {
    SiteTimeZone::new("Europe/Berlin").unwrap()
}

/// Returns the statement that stores the posts.
pub(crate) fn insert_posts(today: Day) -> String {
    let posts = POSTS.map(|(slug, title, author, age)| {
        let published = days_before(today, age);
        format!("('{slug}', '{title}', '{author}', '{published}')")
    });
    format!("INSERT INTO posts VALUES {}", posts.join(", "))
}

pub(crate) fn days_before(day: Day, days: i64) -> Day {
    Day::from_number(day.number() - days)
}

/// Returns the events in the order of their times.
pub(crate) fn events(today: Day) -> Vec<Event> {
    let mut diary = Diary::default();
    // The third day before today has no event.
    for age in (0..DAYS).rev().filter(|age| *age != 3) {
        let start = zone().day_start(days_before(today, age));
        for number in 0..3 + age * 7 % 5 {
            // The first one begins on another day in UTC.
            let at = start.plus(Duration::from_secs(1_200 + number.unsigned_abs() * 10_000));
            diary.session(at, age, number);
        }
    }
    diary.events.sort_by_key(|event| (event.at, event.id));
    diary.events
}

#[derive(Default)]
struct Diary {
    events: Vec<Event>,
    serial: u64,
}

impl Diary {
    fn add(&mut self, at: Timestamp, topic: &Topic, kind: EventKind) -> EventId {
        self.serial += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.serial.to_be_bytes());
        let event = Event::new(Stamp::new(at, random), topic.clone(), kind);
        let id = event.id;
        self.events.push(event);
        id
    }

    /// Adds the visit of a reader, who opens one or two pages. Every fifth reader has no key.
    fn session(&mut self, at: Timestamp, age: i64, number: i64) {
        let seed = age * 3 + number;
        let visitor = (seed % 5 != 0).then(|| VisitorKey::from_u128((1_000 * age + number + 1).unsigned_abs().into()));
        let first = pick(&PAGES, seed / 2);
        // A post has no reader before it is published.
        let first = if first == "news" && age > 1 { "hello" } else { first };
        self.page(at, first, visitor, seed, true);
        if seed % 3 == 0 {
            self.page(at.plus(Duration::from_secs(300)), "about", visitor, seed + 1, false);
        }
        if seed % 4 == 0 {
            self.interaction(at.plus(Duration::from_secs(400)), first, visitor, seed);
        }
    }

    /// Adds the events of a page that a reader opens, on the page and on the site.
    fn page(&mut self, at: Timestamp, page: &str, visitor: Option<VisitorKey>, seed: i64, is_first: bool) {
        let slug = Slug::new(page).unwrap();
        for topic in [Topic::Site, slug.clone().into()] {
            let is_site = topic == Topic::Site;
            let mut open = Visit::of(visitor);
            open.cause = Some(VisitCause::Open);
            open.page = is_site.then(|| slug.clone());
            open.context = (is_site && is_first).then(|| context(seed));
            self.add(at, &topic, EventKind::Visit(open));
            if visitor.is_none() {
                continue;
            }
            if seed % 3 == 1 {
                // A reload is a pageview of the same visit.
                let mut reload = Visit::of(visitor);
                reload.cause = Some(VisitCause::Open);
                reload.page = is_site.then(|| slug.clone());
                self.add(at.plus(Duration::from_secs(2)), &topic, EventKind::Visit(reload));
            }
            let seconds = u32::try_from(5 + seed * 29 % 240).unwrap();
            let mut end = Visit::of(visitor);
            end.cause = Some(VisitCause::End);
            end.page = is_site.then(|| slug.clone());
            end.seconds = Some(seconds);
            end.finished = !is_site && seed % 2 == 0;
            self.add(
                at.plus(Duration::from_secs(seconds.into())),
                &topic,
                EventKind::Visit(end),
            );
        }
    }

    /// Adds a like, a comment or a custom event, and with it that of the site.
    fn interaction(&mut self, at: Timestamp, page: &str, visitor: Option<VisitorKey>, seed: i64) {
        let topic = Topic::from(Slug::new(page).unwrap());
        let reader = ReaderId::from_u128((seed % 6).unsigned_abs().into());
        if visitor.is_some() {
            let mut beat = Visit::of(visitor);
            beat.cause = Some(VisitCause::Beat);
            beat.interactive = true;
            self.add(at, &Topic::Site, EventKind::Visit(beat));
        }
        let custom = |name| EventKind::Custom {
            name: EventName::new(name).unwrap(),
            properties: Properties::default(),
        };
        match seed / 4 % 5 {
            0 => drop(self.add(at, &topic, EventKind::Like { reader })),
            1 => self.comment(at, &topic, reader, seed),
            2 => drop(self.add(at, &topic, custom("download"))),
            3 => drop(self.add(at, &Topic::Site, custom("theme"))),
            _ => drop(self.add(at, &topic, EventKind::Unlike { reader })),
        }
    }

    /// Adds a comment: shown, waiting, or removed.
    fn comment(&mut self, at: Timestamp, topic: &Topic, reader: ReaderId, seed: i64) {
        let kind = EventKind::Comment {
            reader,
            draft: Draft::new("Reader", &format!("Comment {seed}"), None).unwrap(),
            pending: seed / 20 % 3 == 1,
        };
        let comment = self.add(at, topic, kind);
        if seed / 20 % 3 == 2 {
            let verdict = Visibility::Removed;
            self.add(
                at.plus(Duration::from_secs(60)),
                topic,
                EventKind::Moderate { comment, verdict },
            );
        }
    }
}

fn context(seed: i64) -> Box<VisitContext> {
    let value = |text: &str| (!text.is_empty()).then(|| ContextValue::new(text));
    let mut context = VisitContext::default();
    context.source = value(pick(&SOURCES, seed));
    context.campaign = value(pick(&CAMPAIGNS, seed / 2));
    context.device = value(pick(&DEVICES, seed / 3));
    let one_of_two = |name: &str| value(&format!("{name} {}", seed % 2));
    context.channel = one_of_two("channel");
    context.medium = one_of_two("medium");
    context.term = one_of_two("term");
    context.content = one_of_two("content");
    context.browser = one_of_two("browser");
    context.system = one_of_two("system");
    context.country = one_of_two("country");
    context.language = one_of_two("language");
    Box::new(context)
}

fn pick<'a>(texts: &[&'a str], index: i64) -> &'a str {
    let index = usize::try_from(index).unwrap();
    texts[index % texts.len()]
}
