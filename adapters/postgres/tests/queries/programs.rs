//! The programs work with the rights in the documentation.

use horizon_core::reports::{Dimension, Metric, Reports as _};
use horizon_core::{CommentStore as _, SaltStore as _, Slug, StatsStore as _};
use horizon_test_support::PostgresServer;

use crate::answers::Answers;
use crate::blog;
use crate::examples::BATCH;
use crate::rights::{TODAY, database_with_roles, store_of};

#[tokio::test]
async fn the_programs_need_no_other_rights() -> anyhow::Result<()> {
    let server = PostgresServer::start(&[]).await?;
    let database = database_with_roles(&server).await?;
    let store = store_of(&database, "horizon_app")?;
    store.set_time_zone(&blog::zone()).await?;
    let events = blog::events(TODAY);
    for batch in events.chunks(BATCH) {
        store.apply(batch).await?;
    }
    let end = blog::zone().day_start(TODAY.next());
    store.expire(end).await?;
    store.salt(TODAY.next(), [2; 32]).await?;
    store
        .newest_comments(&Slug::new("hello")?, std::num::NonZeroUsize::MIN)
        .await?;
    let answers = Answers::new(&store, TODAY);
    let rows = answers
        .rows(
            answers.last(30),
            &[Dimension::Source, Dimension::Device],
            &[Metric::Visits],
        )
        .await?;
    assert!(!rows.is_empty());
    assert_eq!(store.verify().await?.first(), None);
    assert!(store.expire_sessions(TODAY.previous(), false).await? > 0);
    Ok(())
}
