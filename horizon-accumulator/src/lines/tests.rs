use super::*;
use horizon_core::{EventKind, Stamp};
use horizon_memory::MemoryStats;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn visit(number: u8) -> Event {
    Event::new(
        Stamp::new(NOW, [number; 10]),
        Topic::Site,
        EventKind::Visit { visitor: None },
    )
}

fn json(event: &Event) -> String {
    serde_json::to_string(event).expect("an event is JSON")
}

fn limit(most: usize) -> NonZeroUsize {
    NonZeroUsize::new(most).expect("not zero")
}

async fn invalid_lines(input: &str) -> (Vec<InvalidLine>, u64) {
    let mut invalid = Vec::new();
    let mut consumer = LineConsumer::new(input.as_bytes(), || NOW, |line| invalid.push(line));
    count_lines(&mut consumer, &MemoryStats::new())
        .await
        .expect("a memory store takes all");
    let visits = consumer.totals().map(|update| update.stats.visits).sum();
    (invalid, visits)
}

#[tokio::test]
async fn each_event_is_counted_once_with_or_without_a_last_line_end() {
    let (one, two) = (json(&visit(1)), json(&visit(2)));
    assert_eq!(invalid_lines(&format!("{one}\n\n{two}\r\n{one}")).await, (vec![], 2));
    assert_eq!(invalid_lines("").await, (vec![], 0));
}

#[tokio::test]
async fn an_invalid_line_is_reported_by_number_and_reason_and_the_others_are_counted() {
    let mut old = visit(3);
    old.at = Timestamp::from_millis(0);
    let long = "x".repeat(MAX_LINE_BYTES + 1);
    let (one, two) = (json(&visit(1)), json(&visit(2)));
    let input = format!("{one}\nno json\n{{}}\n{}\n{long}\n{two}\n{{\"id\":", json(&old));
    let (invalid, visits) = invalid_lines(&input).await;
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
async fn bytes_that_are_not_text_are_an_invalid_line() {
    let mut invalid = Vec::new();
    let mut consumer = LineConsumer::new([0xff, 0xfe, b'\n'].as_slice(), || NOW, |line| invalid.push(line));
    count_lines(&mut consumer, &MemoryStats::new()).await.unwrap();
    assert_eq!(invalid.len(), 1);
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again() {
    let input: String = (1..=4).map(|number| json(&visit(number)) + "\n").collect();
    let mut consumer = LineConsumer::new(input.as_bytes(), || NOW, drop);
    let first = consumer.next_batch(limit(3)).await.unwrap();
    assert_eq!(first.events, [visit(1), visit(2), visit(3)]);
    let again = consumer.next_batch(limit(2)).await.unwrap();
    assert_eq!(again.events, [visit(1), visit(2)]);
    consumer.acknowledge(again.ack).await.unwrap();
    consumer.acknowledge(again.ack).await.unwrap();
    assert_eq!(
        consumer.next_batch(limit(9)).await.unwrap().events,
        [visit(3), visit(4)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_input_is_not_waited_for_and_a_read_can_be_cancelled() {
    use tokio::io::AsyncWriteExt;
    let (mut input, output) = tokio::io::duplex(64);
    let mut consumer = LineConsumer::new(output, || NOW, drop);
    let text = json(&visit(1)) + "\n" + &json(&visit(2)) + "\n";
    let (start, rest) = text.split_at(text.len() - 20);
    let cancelled = tokio::join!(
        input.write_all(start.as_bytes()),
        tokio::time::timeout(std::time::Duration::from_secs(1), async {
            let batch = consumer.next_batch(limit(9)).await.unwrap();
            assert_eq!(batch.events, [visit(1)]);
            consumer.acknowledge(batch.ack).await.unwrap();
            consumer.next_batch(limit(9)).await
        })
    );
    assert!(cancelled.1.is_err());
    input.write_all(rest.as_bytes()).await.unwrap();
    assert_eq!(consumer.next_batch(limit(9)).await.unwrap().events, [visit(2)]);
}

#[tokio::test(start_paused = true)]
async fn after_the_end_of_the_input_a_read_waits() {
    let mut consumer = LineConsumer::new([].as_slice(), || NOW, drop);
    let waited = tokio::time::timeout(std::time::Duration::from_secs(1), consumer.next_batch(limit(1))).await;
    assert!(waited.is_err());
}
