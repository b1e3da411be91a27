use super::*;
use crate::connection;

fn start(db: Connection, condition: &Arc<Condition>) -> Writer {
    Writer::start(db, Arc::clone(condition), Arc::default()).unwrap()
}

#[tokio::test]
async fn what_is_committed_into_a_file_that_is_deleted_meanwhile_is_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("horizon.db");
    let (db, files) = connection::writer(&path).unwrap();
    let writer = start(db, &Arc::new(Condition::new(files)));
    let refusal = writer.write(move |db| {
        std::fs::remove_file(&path).unwrap();
        db.prepare(sql::ADD_TOPIC)?.execute(["blog:hello"])
    });
    let refusal = refusal.await.unwrap_err();
    assert!(refusal.to_string().contains("was deleted"), "{refusal}");
}

#[tokio::test]
async fn work_that_panics_fails_alone_and_the_thread_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (db, files) = connection::writer(&folder.path().join("horizon.db")).unwrap();
    let writer = start(db, &Arc::new(Condition::new(files)));
    let name = |db: Db<'_>, name: &str| db.prepare(sql::ADD_TOPIC)?.execute([name]);
    let broken = writer.write::<usize>(move |db| {
        name(db, "blog:broken")?;
        panic!("a bug")
    });
    let (broken, named) = tokio::join!(broken, writer.write(move |db| name(db, "blog:hello")));
    let error = broken.unwrap_err();
    assert!(
        !error.is_retryable() && error.to_string().ends_with("panicked: a bug"),
        "{error}"
    );
    assert_eq!(named.unwrap(), 1);
    let is_kept = writer.write(|db| db.prepare(sql::TOPIC)?.exists(["blog:broken"]));
    assert!(!is_kept.await.unwrap());
    assert!(writer.close()());
}

#[tokio::test]
async fn a_file_that_is_away_is_noticed_without_a_write() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (folder.path().join("horizon.db"), folder.path().join("away"));
    let (db, files) = connection::writer(&path).unwrap();
    let condition = Arc::new(Condition::new(files));
    let writer = start(db, &condition);
    std::fs::rename(&path, &away).unwrap();
    timeout(Duration::from_secs(30), async {
        // Only the writer's own look can notice it.
        while !condition.is_moved() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    std::fs::rename(&away, &path).unwrap();
    let refusal = writer.write(|db| db.prepare(sql::ADD_TOPIC)?.execute(["blog:hello"]));
    assert!(refusal.await.unwrap_err().to_string().contains("until a restart"));
}

/// A job whose answer panics, outside of what is caught for each job.
struct Bug;

impl Job for Bug {
    fn run(&mut self, _: Db<'_>) -> bool {
        true
    }

    fn outcome(&self) -> Option<Option<&rusqlite::Error>> {
        None
    }

    fn answer(self: Box<Self>, _: Result<(), Arc<rusqlite::Error>>) {
        panic!("a bug of the loop")
    }

    fn refuse(self: Box<Self>, _: Error) {}
}

#[tokio::test]
async fn a_panic_of_the_thread_is_reported_and_all_later_writes_fail_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let (db, files) = connection::writer(&folder.path().join("horizon.db")).unwrap();
    let panics = Arc::new(Panics::default());
    let writer = Writer::start(db, Arc::new(Condition::new(files)), Arc::clone(&panics)).unwrap();
    let (told, mut reports) = mpsc::unbounded_channel();
    let report = move |task: &str, message: &str| told.send(format!("{task}: {message}")).unwrap();
    panics.report_to(Box::new(report.clone()));
    let jobs = writer.jobs.lock().unwrap().clone().unwrap();
    jobs.send(Box::new(Bug)).await.ok().unwrap();
    let expected = Some("horizon-sqlite: a bug of the loop");
    assert_eq!(reports.recv().await.as_deref(), expected);
    let gone = writer.probe(connection::mark).await.unwrap_err();
    assert!(
        !gone.is_retryable() && gone.to_string().contains("restart the process"),
        "{gone}"
    );
    // One that asks too late is told all the same.
    panics.report_to(Box::new(report));
    assert_eq!(reports.recv().await.as_deref(), expected);
}
