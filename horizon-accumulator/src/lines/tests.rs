use super::*;
use horizon_core::{EventKind, Stamp};
use horizon_memory::MemoryStats;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn hit(number: u8) -> Event {
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

async fn bad_lines(input: &str) -> (Vec<BadLine>, u64) {
    let mut bad = Vec::new();
    let mut feed = LineConsumer::new(input.as_bytes(), || NOW, |line| bad.push(line));
    count(&mut feed, &MemoryStats::new())
        .await
        .expect("a memory store takes all");
    let visits = feed.totals().map(|update| update.stats.visits).sum();
    (bad, visits)
}

#[tokio::test]
async fn each_event_is_counted_once_with_or_without_a_last_line_end() {
    let (one, two) = (json(&hit(1)), json(&hit(2)));
    assert_eq!(bad_lines(&format!("{one}\n\n{two}\r\n{one}")).await, (vec![], 2));
    assert_eq!(bad_lines("").await, (vec![], 0));
}

#[tokio::test]
async fn a_bad_line_is_reported_by_number_and_reason_and_the_others_are_counted() {
    let mut old = hit(3);
    old.at = Timestamp::from_millis(0);
    let long = "x".repeat(LINE_BYTES + 1);
    let (one, two) = (json(&hit(1)), json(&hit(2)));
    let input = format!("{one}\nno json\n{{}}\n{}\n{long}\n{two}\n{{\"id\":", json(&old));
    let (bad, visits) = bad_lines(&input).await;
    assert_eq!(visits, 2);
    let told: Vec<_> = bad.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
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
async fn bytes_that_are_no_text_are_a_bad_line() {
    let mut bad = Vec::new();
    let mut feed = LineConsumer::new([0xff, 0xfe, b'\n'].as_slice(), || NOW, |line| bad.push(line));
    count(&mut feed, &MemoryStats::new()).await.unwrap();
    assert_eq!(bad.len(), 1);
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again() {
    let input: String = (1..=4).map(|number| json(&hit(number)) + "\n").collect();
    let mut feed = LineConsumer::new(input.as_bytes(), || NOW, drop);
    let first = feed.next_batch(limit(3)).await.unwrap();
    assert_eq!(first.events, [hit(1), hit(2), hit(3)]);
    let again = feed.next_batch(limit(2)).await.unwrap();
    assert_eq!(again.events, [hit(1), hit(2)]);
    feed.acknowledge(again.ack).await.unwrap();
    feed.acknowledge(again.ack).await.unwrap();
    assert_eq!(feed.next_batch(limit(9)).await.unwrap().events, [hit(3), hit(4)]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_input_is_not_waited_for_and_a_wait_may_be_given_up() {
    use tokio::io::AsyncWriteExt;
    let (mut input, output) = tokio::io::duplex(64);
    let mut feed = LineConsumer::new(output, || NOW, drop);
    let text = json(&hit(1)) + "\n" + &json(&hit(2)) + "\n";
    let (start, rest) = text.split_at(text.len() - 20);
    let given_up = tokio::join!(
        input.write_all(start.as_bytes()),
        tokio::time::timeout(std::time::Duration::from_secs(1), async {
            let batch = feed.next_batch(limit(9)).await.unwrap();
            assert_eq!(batch.events, [hit(1)]);
            feed.acknowledge(batch.ack).await.unwrap();
            feed.next_batch(limit(9)).await
        })
    );
    assert!(given_up.1.is_err());
    input.write_all(rest.as_bytes()).await.unwrap();
    assert_eq!(feed.next_batch(limit(9)).await.unwrap().events, [hit(2)]);
}

#[tokio::test(start_paused = true)]
async fn an_input_that_ended_brings_nothing_more() {
    let mut feed = LineConsumer::new([].as_slice(), || NOW, drop);
    let waited = tokio::time::timeout(std::time::Duration::from_secs(1), feed.next_batch(limit(1))).await;
    assert!(waited.is_err());
}
