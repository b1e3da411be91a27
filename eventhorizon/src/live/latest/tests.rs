use futures::{FutureExt, StreamExt};

use super::*;

#[tokio::test]
async fn a_receiver_gets_the_current_value_then_the_newest_and_then_the_end() {
    let (sender, mut receiver) = latest_channel(1);
    assert_eq!(receiver.next().await.as_deref(), Some(&1));
    assert_eq!(receiver.next().now_or_never(), None);
    sender.send(2);
    sender.send(3);
    drop(sender);
    assert_eq!(receiver.next().await.as_deref(), Some(&3));
    assert_eq!(receiver.next().await, None);
}

#[tokio::test]
async fn each_value_and_the_end_wake_a_receiver_that_moved_to_another_task() {
    let (sender, mut receiver) = latest_channel(0);
    receiver.next().await;
    assert_eq!(receiver.next().now_or_never(), None, "it waits in this task first");
    let (report, mut received) = tokio::sync::mpsc::unbounded_channel();
    let receiving = tokio::spawn(async move {
        while let Some(value) = receiver.next().await {
            report.send(*value).unwrap();
        }
    });
    for value in 1..=100 {
        sender.send(value);
        assert_eq!(received.recv().await, Some(value));
    }
    drop(sender);
    receiving.await.unwrap();
}

#[tokio::test]
async fn a_dropped_receiver_leaves_the_list_of_waiters() {
    let (sender, receiver) = latest_channel(0);
    for _ in 0..3 {
        let mut others: Vec<_> = (0..10).map(|_| receiver.clone()).collect();
        for other in &mut others {
            assert!(other.next().now_or_never().is_some() && other.next().now_or_never().is_none());
        }
        assert_eq!(sender.0.waiters.lock().len(), 10);
    }
    assert!(sender.0.waiters.lock().is_empty());
}
