//! If a transaction cannot begin, PostgreSQL runs the next statements outside of a transaction. None of them may write.

use std::time::Duration;

use horizon_core::{Day, SaltStore, reports::Reports as _};

use super::*;

/// Selects all rows with the transactions that wrote them.
const ROWS: &str = "SELECT relname, query_to_xml(
        format('SELECT xmin::text AS writer, t.* FROM eventhorizon.%I AS t ORDER BY ctid', relname), true, true, '')
    FROM pg_class WHERE relnamespace = 'eventhorizon'::regnamespace AND relkind = 'r' ORDER BY relname";

/// A transaction that writes.
#[derive(Clone, Copy, Debug)]
enum WriteCall {
    Apply,
    CheckWritable,
    Expire,
    ExpireSessions,
    LoginKey,
    ReplaceLoginKey,
    Salt,
}

const CALLS: [WriteCall; 7] = [
    WriteCall::Apply,
    WriteCall::CheckWritable,
    WriteCall::Expire,
    WriteCall::ExpireSessions,
    WriteCall::LoginKey,
    WriteCall::ReplaceLoginKey,
    WriteCall::Salt,
];

impl WriteCall {
    async fn run(self, store: &PostgresStore) -> Result<()> {
        match self {
            Self::Apply => store.apply(&[visit(2), visit(3)]).await.map(drop),
            Self::CheckWritable => store.check_writable().await,
            Self::Expire => store.expire(NOW.plus(Duration::from_secs(400 * 86_400))).await,
            Self::ExpireSessions => store.expire_sessions(Day::from_number(i64::MAX), false).await.map(drop),
            Self::LoginKey => store.login_key([1; 32]).await.map(drop),
            Self::ReplaceLoginKey => store.replace_login_key([2; 32]).await,
            Self::Salt => store.salt(Day::from_number(20_000), [3; 32]).await.map(drop),
        }
    }
}

#[tokio::test]
async fn nothing_is_written_if_the_transaction_cannot_begin() {
    for options in ["", "?statement_cache=off"] {
        let database = TestDatabase::create().await.unwrap();
        // Lets statements that are not prepared find the tables even outside of a transaction.
        let path = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = eventhorizon', \
                    current_database()); END $$";
        database.execute(path).await.unwrap();
        let proxy = CuttingProxy::start(database.url()).await;
        let store = store(&format!("{}{options}", proxy.url()));
        store.apply(&[visit(1)]).await.unwrap();
        // Closes its day.
        store.expire(NOW.plus(Duration::from_secs(4 * 86_400))).await.unwrap();
        for call in CALLS {
            // Opens the connection that writes.
            store.check_writable().await.unwrap();
            let before = database.execute(ROWS).await.unwrap();
            proxy.refuse_writes(true);
            let error = call.run(&store).await.unwrap_err();
            proxy.refuse_writes(false);
            assert!(format!("{error:?}").contains("syntax error"), "{call:?}: {error:?}");
            assert_eq!(database.execute(ROWS).await.unwrap(), before, "{call:?} {options}");
        }
        for call in CALLS {
            let before = database.execute(ROWS).await.unwrap();
            call.run(&store).await.unwrap();
            assert_ne!(database.execute(ROWS).await.unwrap(), before, "{call:?} writes");
        }
    }
}
