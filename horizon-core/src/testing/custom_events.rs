use super::event_factory::{EventFactory, page_topic};
use super::store::{apply, total};
use super::{StoreHarness, Violation, expect_eq};
use crate::{Event, EventCounts, EventKind, EventName, MAX_EVENT_NAMES, OTHER_EVENTS, Properties, Topic};

fn custom(factory: &mut EventFactory, topic: &Topic, name: &str) -> Result<Event, Violation> {
    let name = EventName::new(name).map_err(|e| Violation::new(format!("the name {e}")))?;
    let properties = Properties::new([("file", "a.pdf")]).map_err(|e| Violation::new(e.to_string()))?;
    Ok(factory.event(topic, EventKind::Custom { name, properties }))
}

/// Each custom event counts once, by its topic and name. A name may contain any characters except controls.
pub async fn custom_events_count_by_name(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    let (one, two) = (page_topic("one")?, page_topic("two")?);
    let repeated = custom(&mut factory, &one, "download")?;
    let mut events = vec![repeated.clone(), repeated.clone()];
    for name in ["download", "\u{1f44d}", "a:b {c} 'd'", "Download"] {
        events.push(custom(&mut factory, &one, name)?);
    }
    events.push(custom(&mut factory, &two, "download")?);
    apply(harness, &events).await?;
    let updates = apply(harness, &[repeated]).await?;
    let counts = [("download", 2), ("\u{1f44d}", 1), ("a:b {c} 'd'", 1), ("Download", 1)];
    let want: EventCounts = counts.into_iter().collect();
    expect_eq("the events of blog:one", &total(harness, &one).await?.events, &want)?;
    expect_eq(
        "the result of the repeat",
        &updates.first().map(|u| u.stats.events.clone()),
        &Some(want),
    )?;
    let want: EventCounts = [("download", 1)].into_iter().collect();
    expect_eq("the events of blog:two", &total(harness, &two).await?.events, &want)?;
    expect_eq("the visits of blog:one", &total(harness, &one).await?.visits, &0)
}

/// A topic has at most [`MAX_EVENT_NAMES`] names, in the order of arrival. Events with other names count under
/// [`OTHER_EVENTS`].
pub async fn names_of_custom_events_beyond_the_limit_count_as_other(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    let mut events = Vec::new();
    for number in 0..MAX_EVENT_NAMES + 2 {
        events.push(custom(&mut factory, &Topic::Site, &format!("name {number}"))?);
    }
    // One batch reaches the limit, another one exceeds it.
    let (first, second) = events.split_at(MAX_EVENT_NAMES - 1);
    apply(harness, first).await?;
    apply(harness, second).await?;
    apply(harness, &[custom(&mut factory, &Topic::Site, "name 0")?]).await?;
    let names = (0..MAX_EVENT_NAMES).map(|number| (format!("name {number}"), 1 + u64::from(number == 0)));
    let want: EventCounts = names.chain([(OTHER_EVENTS.to_owned(), 2)]).collect();
    expect_eq(
        "more names than the limit",
        &total(harness, &Topic::Site).await?.events,
        &want,
    )
}
