use super::*;
use crate::{connection, sql};

fn start(db: Connection, health: &Arc<StoreHealth>) -> WriterHandle {
    WriterHandle::start(db, Arc::clone(health), Arc::default()).unwrap()
}

#[tokio::test]
async fn a_commit_into_a_deleted_file_is_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("horizon.db");
    let (db, files) = connection::open_writer(&path).unwrap();
    let writer = start(db, &Arc::new(StoreHealth::new(files)));
    let result = writer.write(move |db| {
        std::fs::remove_file(&path).unwrap();
        db.prepare(sql::ADD_TOPIC)?.execute(["blog:hello"])
    });
    let error = result.await.unwrap_err();
    assert!(error.to_string().contains("was deleted"), "{error}");
}

#[tokio::test]
async fn a_write_that_panics_fails_alone_and_the_thread_continues() {
    let folder = tempfile::tempdir().unwrap();
    let (db, files) = connection::open_writer(&folder.path().join("horizon.db")).unwrap();
    let writer = start(db, &Arc::new(StoreHealth::new(files)));
    let add = |db: Db<'_>, name: &str| db.prepare(sql::ADD_TOPIC)?.execute([name]);
    let broken = writer.write::<usize>(move |db| {
        add(db, "blog:broken")?;
        panic!("a bug")
    });
    let (broken, added) = tokio::join!(broken, writer.write(move |db| add(db, "blog:hello")));
    let error = broken.unwrap_err();
    assert!(
        !error.is_retryable() && error.to_string().ends_with("panicked: a bug"),
        "{error}"
    );
    assert_eq!(added.unwrap(), 1);
    let is_stored = writer.write(|db| db.prepare(sql::TOPIC)?.exists(["blog:broken"]));
    assert!(!is_stored.await.unwrap());
    assert!(writer.close()());
}

#[tokio::test]
async fn a_lost_file_is_detected_without_a_write() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (folder.path().join("horizon.db"), folder.path().join("away"));
    let (db, files) = connection::open_writer(&path).unwrap();
    let health = Arc::new(StoreHealth::new(files));
    let writer = start(db, &health);
    std::fs::rename(&path, &away).unwrap();
    timeout(Duration::from_secs(30), async {
        // Nothing else checks the files.
        while !health.is_lost() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    std::fs::rename(&away, &path).unwrap();
    let result = writer.write(|db| db.prepare(sql::ADD_TOPIC)?.execute(["blog:hello"]));
    assert!(result.await.unwrap_err().to_string().contains("until a restart"));
}

/// A job that panics outside of what is caught for each job.
struct PanicsInReply;

impl WriteJob for PanicsInReply {
    fn run(&mut self, _: Db<'_>) -> bool {
        true
    }

    fn outcome(&self) -> Option<Option<&rusqlite::Error>> {
        None
    }

    fn reply(self: Box<Self>, _: Result<(), Arc<rusqlite::Error>>) {
        panic!("a bug of the loop")
    }

    fn fail(self: Box<Self>, _: Error) {}
}

#[tokio::test]
async fn a_panic_of_the_thread_is_reported_and_all_later_writes_fail() {
    let folder = tempfile::tempdir().unwrap();
    let (db, files) = connection::open_writer(&folder.path().join("horizon.db")).unwrap();
    let panics = Arc::new(PanicReporter::default());
    let writer = WriterHandle::start(db, Arc::new(StoreHealth::new(files)), Arc::clone(&panics)).unwrap();
    let (sender, mut reports) = mpsc::unbounded_channel();
    let report = move |task: &str, message: &str| sender.send(format!("{task}: {message}")).unwrap();
    panics.set_callback(Box::new(report.clone()));
    let queue = writer.queue.lock().clone().unwrap();
    queue.send(Box::new(PanicsInReply)).await.ok().unwrap();
    let expected = Some("horizon-sqlite: a bug of the loop");
    assert_eq!(reports.recv().await.as_deref(), expected);
    let error = writer.probe(connection::write_application_id).await.unwrap_err();
    assert!(
        !error.is_retryable() && error.to_string().contains("restart the process"),
        "{error}"
    );
    // A callback that is set after the panic is called, too.
    panics.set_callback(Box::new(report));
    assert_eq!(reports.recv().await.as_deref(), expected);
}
