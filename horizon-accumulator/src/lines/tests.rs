use super::*;
use horizon_core::{EventKind, Stamp};
use horizon_memory::MemoryStore;
use tokio::io::AsyncWriteExt as _;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn visit(number: u8) -> Event {
    Event::new(Stamp::new(NOW, [number; 10]), Topic::Site, EventKind::visit(None))
}

fn json(event: &Event) -> String {
    serde_json::to_string(event).expect("an event is JSON")
}

/// Returns the invalid lines and the number of visits.
async fn count(input: impl AsRef<[u8]>) -> (Vec<InvalidLine>, u64) {
    let (mut invalid, mut totals) = (Vec::new(), BTreeMap::new());
    let mut reader = LineReader::new(input.as_ref(), || NOW, |line| invalid.push(line));
    count_lines(&mut reader, &MemoryStore::new(), &mut totals)
        .await
        .expect("a store in memory does not fail");
    let visits = totals.values().map(|update| update.stats.visits).sum();
    (invalid, visits)
}

#[tokio::test]
async fn each_event_is_counted_once_with_or_without_a_last_line_end() {
    let (one, two) = (json(&visit(1)), json(&visit(2)));
    assert_eq!(count(format!("{one}\n\n{two}\r\n{one}")).await, (vec![], 2));
    assert_eq!(count("").await, (vec![], 0));
}

#[tokio::test]
async fn an_invalid_line_is_reported_by_number_and_reason_and_the_others_are_counted() {
    let mut old = visit(3);
    old.at = Timestamp::from_millis(0);
    let long = "x".repeat(MAX_LINE_BYTES + 1);
    let (one, two) = (json(&visit(1)), json(&visit(2)));
    let input = format!("{one}\nno json\n{{}}\n{}\n{long}\n{two}\n{{\"id\":", json(&old));
    let (invalid, visits) = count(input).await;
    assert_eq!(visits, 2);
    let messages: Vec<_> = invalid.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "line 2: expected ident (column 2)",
            "line 3: missing field `id` (column 2)",
            "line 4: the event is older than 30 days, so a repeat would not be recognised",
            "line 5: it is longer than 65536 bytes",
            "line 7: EOF while parsing a value (column 6)",
        ]
    );
}

#[tokio::test]
async fn a_last_line_that_is_too_long_is_reported_also_if_it_exceeds_the_buffer() {
    let (invalid, visits) = count("x".repeat(INPUT_BYTES * 2)).await;
    assert_eq!((invalid.len(), visits), (1, 0));
}

#[tokio::test]
async fn bytes_that_are_not_text_are_an_invalid_line() {
    let (invalid, _) = count([0xff, 0xfe, b'\n']).await;
    assert_eq!(invalid.len(), 1);
}

#[tokio::test]
async fn a_slow_input_is_not_waited_for() {
    let (mut input, output) = tokio::io::duplex(1_024);
    let mut reader = LineReader::new(output, || NOW, drop);
    let text = json(&visit(1)) + "\n" + &json(&visit(2)) + "\n";
    let (start, rest) = text.split_at(text.len() - 20);
    input.write_all(start.as_bytes()).await.unwrap();
    assert_eq!(reader.next_batch().await.unwrap(), [visit(1)]);
    input.write_all(rest.as_bytes()).await.unwrap();
    assert_eq!(reader.next_batch().await.unwrap(), [visit(2)]);
    drop(input);
    assert!(reader.next_batch().await.unwrap().is_empty());
}
