use std::task::Wake;

use futures::{FutureExt, StreamExt};

use super::*;

#[tokio::test]
async fn a_reader_has_the_value_that_is_there_then_the_newest_and_then_the_end() {
    let (writer, mut reader) = latest(1);
    assert_eq!(reader.next().await.as_deref(), Some(&1));
    assert_eq!(reader.next().now_or_never(), None);
    writer.write(2).await;
    writer.write(3).await;
    drop(writer);
    assert_eq!(reader.next().await.as_deref(), Some(&3));
    assert_eq!(reader.next().await, None);
}

#[tokio::test]
async fn who_waits_is_woken_by_each_value_also_in_another_task() {
    let (writer, mut reader) = latest(0);
    reader.next().await;
    assert_eq!(reader.next().now_or_never(), None, "it waits as this task first");
    let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let reading = tokio::spawn(async move {
        while let Some(value) = reader.next().await {
            said.send(*value).unwrap();
        }
    });
    for value in 1..=100 {
        writer.write(value).await;
        assert_eq!(heard.recv().await, Some(value));
    }
    drop(writer);
    reading.await.unwrap();
}

#[tokio::test]
async fn who_leaves_gives_their_place_back() {
    let (writer, reader) = latest(0);
    for _ in 0..3 {
        let mut others: Vec<_> = (0..10).map(|_| reader.clone()).collect();
        for other in &mut others {
            assert!(other.next().now_or_never().is_some() && other.next().now_or_never().is_none());
        }
        assert_eq!(writer.0.waiting().places.len(), 10);
    }
    assert!(writer.0.waiting().places.is_empty());
}

/// Whether a task was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Notes what it reads when it hears of it.
struct Ear {
    reader: Mutex<Reader<usize>>,
    heard: Mutex<Vec<usize>>,
    task: Waker,
}

impl Listener for Ear {
    fn hear(&self) {
        let next = self
            .reader
            .lock()
            .unwrap()
            .poll_next_unpin(&mut Context::from_waker(&self.task));
        if let Poll::Ready(Some(value)) = next {
            self.heard.lock().unwrap().push(*value);
        }
        assert!(self.heard.lock().unwrap().len() < 100, "it cannot take more");
    }
}

/// Listens for the task that this wakes.
fn ear(reader: &Reader<usize>, task: &Arc<Woken>) -> Arc<Ear> {
    let mut reader = reader.clone();
    let (place, task) = (reader.place(), Waker::from(Arc::clone(task)));
    let ear = Arc::new(Ear {
        reader: Mutex::new(reader),
        heard: Mutex::default(),
        task: task.clone(),
    });
    let listener: Weak<Ear> = Arc::downgrade(&ear);
    place.listen(task, listener);
    ear.hear();
    ear
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn each_of_many_who_listen_hears_each_value_before_the_next_and_no_task_is_woken() {
    let (writer, reader) = latest(0);
    let task = Arc::new(Woken::default());
    let mut ears: Vec<_> = (0..FOR_ONE * 3 + 7).map(|_| ear(&reader, &task)).collect();
    for (value, place) in ears.iter_mut().enumerate().skip(1).take(5) {
        writer.write(value).await;
        // Who leaves is missed by nobody, and who comes has their place and what is there.
        *place = ear(&reader, &task);
    }
    for (number, ear) in ears.iter().enumerate() {
        let first = if number > 5 { 0 } else { number };
        assert!(ear.heard.lock().unwrap().iter().copied().eq(first..=5), "{number}");
    }
    assert_eq!(writer.0.waiting().places.len(), ears.len());
    assert!(!task.0.load(Ordering::Relaxed));
}

#[tokio::test]
async fn whoever_panics_harms_none_of_the_others() {
    let (writer, reader) = latest(0);
    let task = Arc::new(Woken::default());
    let [before, panics, after] = std::array::from_fn(|_| ear(&reader, &task));
    panics.heard.lock().unwrap().resize(99, 0);
    writer.write(1).await;
    writer.write(2).await;
    for ear in [before, after] {
        assert_eq!(*ear.heard.lock().unwrap(), [0, 1, 2]);
    }
}

#[tokio::test]
async fn a_task_is_woken_when_nobody_listens_for_it_or_another_one_waits_and_at_the_end() {
    let (writer, reader) = latest(0);
    let is_woken = |task: &Woken| task.0.swap(false, Ordering::Relaxed);
    let [task, other]: [Arc<Woken>; 2] = Default::default();
    let ear = ear(&reader, &task);
    writer.write(1).await;
    assert!(!is_woken(&task));
    // Something between the task and the reader waits in its own name.
    let poll = |as_whom: &Arc<Woken>| {
        let waker = Waker::from(Arc::clone(as_whom));
        let next = ear
            .reader
            .lock()
            .unwrap()
            .poll_next_unpin(&mut Context::from_waker(&waker));
        next.map(|value| value.as_deref().copied())
    };
    assert_eq!(poll(&other), Poll::Pending);
    writer.write(2).await;
    assert!(is_woken(&other) && !is_woken(&task));
    assert_eq!((poll(&task), poll(&task)), (Poll::Ready(Some(2)), Poll::Pending));
    writer.write(3).await;
    assert!(!is_woken(&other) && !is_woken(&task));
    assert_eq!(*ear.heard.lock().unwrap(), [0, 1, 3]);
    drop(writer);
    assert!(is_woken(&task));
    assert_eq!(poll(&task), Poll::Ready(None));
}

#[tokio::test]
async fn a_task_is_woken_again_when_its_listener_is_gone() {
    let (writer, mut reader) = latest(0);
    let task = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&task));
    let gone: Weak<Ear> = Weak::new();
    reader.place().listen(waker.clone(), gone);
    let first = reader.poll_next_unpin(&mut Context::from_waker(&waker));
    assert_eq!(first, Poll::Ready(Some(Arc::new(0))));
    writer.write(1).await;
    assert!(task.0.load(Ordering::Relaxed));
}
