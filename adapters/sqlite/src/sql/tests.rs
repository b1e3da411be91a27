use rusqlite::config::DbConfig;
use rusqlite::types::Value;

use super::*;
use crate::schema;

/// The query plan of each statement. Add a line for each new statement.
const PLANS: &[(&str, &[&str])] = &[
    ("BEGIN", &[]),
    ("COMMIT", &[]),
    ("ROLLBACK", &[]),
    ("SAVEPOINT", &[]),
    ("ROLLBACK_TO", &[]),
    ("RELEASE", &[]),
    ("OPTIMIZE", &[]),
    (
        "COMMENT",
        &["SEARCH comments USING INDEX sqlite_autoindex_comments_1 (id=?)"],
    ),
    (
        "COMMENT_SEQ",
        &["SEARCH comments USING COVERING INDEX sqlite_autoindex_comments_1 (id=?)"],
    ),
    (
        "COMMENT_SEQ_ON_PAGE",
        &["SEARCH comments USING INDEX sqlite_autoindex_comments_1 (id=?)"],
    ),
    (
        "THREADS",
        &["SEARCH comments USING INDEX comments_threads (slug=? AND seq<?)"],
    ),
    (
        "THREAD",
        &["SEARCH comments USING INDEX sqlite_autoindex_comments_1 (id=?)"],
    ),
    (
        "REPLIES",
        &["SEARCH comments USING INDEX comments_replies (parent=? AND visibility=? AND seq>?)"],
    ),
    (
        "NEWEST",
        &["SEARCH comments USING INDEX comments_newest (slug=? AND visibility=?)"],
    ),
    ("RECENT", &["SEARCH comments USING INTEGER PRIMARY KEY (rowid<?)"]),
    (
        "RECENT_BY_VISIBILITY",
        &["SEARCH comments USING INDEX comments_desk (visibility=? AND seq<?)"],
    ),
    (
        "COUNT_REPLIES",
        &["SEARCH comments USING COVERING INDEX comments_replies (parent=?)"],
    ),
    (
        "ADD_COMMENT",
        &[
            "SEARCH comments USING COVERING INDEX comments_replies (parent=?)",
            "-- TRIGGER comments_add",
            "SEARCH comments USING INDEX sqlite_autoindex_comments_1 (id=?)",
        ],
    ),
    (
        "SET_VISIBILITY",
        &[
            "SEARCH comments USING INDEX sqlite_autoindex_comments_1 (id=?)",
            "-- TRIGGER comments_moderate",
            "SEARCH comments USING INDEX sqlite_autoindex_comments_1 (id=?)",
            "SEARCH reply USING COVERING INDEX comments_replies (parent=? AND visibility=?)",
        ],
    ),
    ("VERDICT", &["SEARCH verdicts USING PRIMARY KEY (comment=?)"]),
    ("SET_VERDICT", &[]),
    ("INSERT_EVENT_ID", &[]),
    ("LAST_LIKE", &["SEARCH likes USING PRIMARY KEY (topic=? AND reader=?)"]),
    ("SET_LIKE", &[]),
    (
        "IS_LIKED_BY",
        &[
            "SEARCH likes USING PRIMARY KEY (topic=? AND reader=?)",
            "SCALAR SUBQUERY",
            "SEARCH topics USING COVERING INDEX sqlite_autoindex_topics_1 (name=?)",
        ],
    ),
    (
        "TOPIC",
        &["SEARCH topics USING COVERING INDEX sqlite_autoindex_topics_1 (name=?)"],
    ),
    ("ADD_TOPIC", &[]),
    (
        "TOTALS",
        &["SEARCH topics USING INDEX sqlite_autoindex_topics_1 (name=?)"],
    ),
    ("SET_TOTALS", &["SEARCH topics USING INTEGER PRIMARY KEY (rowid=?)"]),
    (
        "CUSTOM_EVENTS",
        &[
            "SEARCH custom_events USING PRIMARY KEY (topic=?)",
            "SCALAR SUBQUERY",
            "SEARCH topics USING COVERING INDEX sqlite_autoindex_topics_1 (name=?)",
        ],
    ),
    ("SET_CUSTOM_EVENT", &[]),
    (
        "EXPIRE_COUNTED",
        &[
            "SEARCH counted_events USING PRIMARY KEY (id=?)",
            "LIST SUBQUERY",
            "SEARCH counted_events USING COVERING INDEX counted_at (at<?)",
        ],
    ),
    (
        "EXPIRE_UNLIKES",
        &[
            "SEARCH likes USING PRIMARY KEY (topic=? AND reader=?)",
            "LIST SUBQUERY",
            "SEARCH likes USING COVERING INDEX likes_taken_back (at<?)",
        ],
    ),
    ("SALT", &["SEARCH salts USING INTEGER PRIMARY KEY (rowid=?)"]),
    ("ADD_SALT", &[]),
    ("EXPIRE_SALTS", &["SEARCH salts USING INTEGER PRIMARY KEY (rowid<?)"]),
];

mod reports;

/// Steps whose cost grows with the table: full scans and sorts.
const GROWS: [&str; 2] = ["SCAN", "TEMP B-TREE"];

/// The maximum number of sets of values per statement.
const VALUE_SETS: u32 = 700;

/// The number of comments in a skewed database.
const COMMENTS: u32 = 3_000;

/// The page, the number of the parent and the visibility of the comment with a number.
type Shape = fn(u32) -> (String, Option<u32>, u32);

/// Databases in which one value of a column dominates.
const SKEWED: [(&str, Shape); 6] = [
    ("every comment on its own page", |n| (format!("page{n}"), None, 1)),
    ("one page of removed spam", |n| {
        ("busy".into(), None, if n > 10 { 2 } else { 1 })
    }),
    ("one page where all is shown", |_| ("busy".into(), None, 1)),
    ("replies to one comment", |n| ("busy".into(), (n > 1).then_some(1), 1)),
    ("pending replies to one comment", |n| {
        ("busy".into(), (n > 1).then_some(1), u32::from(n == 1))
    }),
    ("a reply to each of many", |n| {
        ("busy".into(), (n > 1_500).then(|| n - 1_500), n % 3)
    }),
];

#[test]
fn every_statement_has_a_plan_that_does_not_grow_with_the_tables() {
    let statements: Vec<&str> = statements().map(|(name, _)| *name).collect();
    let planned: Vec<&str> = plans().map(|(name, _)| *name).collect();
    assert_eq!(statements, planned);
    for (name, steps) in plans() {
        let grows = |step: &&&str| GROWS.iter().any(|word| step.contains(word));
        assert_eq!(steps.iter().find(grows), None, "{name}");
    }
    check_plans(&database(), "without statistics");
}

#[test]
fn statistics_change_no_plan() {
    let empty = database();
    empty.execute_batch("ANALYZE").unwrap();
    check_plans(&empty, "statistics of an empty database");
    for (name, shape) in SKEWED {
        for analyze in ["PRAGMA analysis_limit = 400; PRAGMA optimize = 0x10002", "ANALYZE"] {
            let db = database();
            fill(&db, shape);
            check_plans(&db, name);
            db.execute_batch(analyze).unwrap();
            db.execute_batch("ANALYZE sqlite_schema").unwrap();
            check_plans(&db, &format!("{name}, {analyze}"));
        }
    }
}

#[test]
fn a_missing_index_changes_a_plan() {
    let db = database();
    db.execute_batch("DROP INDEX comments_replies").unwrap();
    assert_eq!(plan(&db, COUNT_REPLIES, &[]), ["SCAN comments"]);
}

fn statements() -> impl Iterator<Item = &'static (&'static str, Sql)> {
    ALL.iter().chain(super::reports::ALL)
}

fn plans() -> impl Iterator<Item = &'static (&'static str, &'static [&'static str])> {
    PLANS.iter().chain(reports::PLANS)
}

fn check_plans(db: &Connection, what: &str) {
    for ((name, sql), (_, planned)) in statements().zip(plans()) {
        let parameters = db.prepare(sql.0).unwrap().parameter_count();
        assert_eq!(plan(db, *sql, &[]), *planned, "{name}, {what}");
        for values in value_sets(parameters) {
            assert_eq!(plan(db, *sql, &values), *planned, "{name} with {values:?}, {what}");
        }
    }
}

/// Values that SQLite may use while planning: all combinations if there are few.
fn value_sets(parameters: usize) -> Vec<Vec<Value>> {
    let values = [
        Value::Integer(0),
        Value::Integer(1),
        Value::Integer(i64::MAX),
        Value::Text("busy".into()),
        Value::Blob(1_u128.to_be_bytes().to_vec()),
    ];
    let count = values.len().pow(u32::try_from(parameters).unwrap().min(8));
    if count > VALUE_SETS as usize {
        return values.into_iter().map(|value| vec![value; parameters]).collect();
    }
    let digit = |set: usize, place: usize| set / values.len().pow(u32::try_from(place).unwrap()) % values.len();
    let values_of = |set| (0..parameters).map(|place| values[digit(set, place)].clone()).collect();
    (0..count).map(values_of).collect()
}

fn database() -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    schema::migrate(&mut db).unwrap().unwrap();
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRIGGER_EQP, true).unwrap();
    db
}

fn fill(db: &Connection, shape: Shape) {
    let id = |number: u32| u128::from(number).to_be_bytes();
    db.execute_batch("BEGIN").unwrap();
    for number in 1..=COMMENTS {
        let (slug, parent, visibility) = shape(number);
        let (id, parent) = (id(number), parent.map(id));
        let mut add = db.prepare_cached(ADD_COMMENT.0).unwrap();
        add.execute(rusqlite::params![
            id,
            slug,
            parent,
            id,
            "Ada",
            "Hello",
            0,
            visibility,
            None::<&str>
        ])
        .unwrap();
    }
    db.execute_batch("COMMIT").unwrap();
}

/// Returns the steps of SQLite's plan for a statement with these values.
fn plan(db: &Connection, sql: Sql, values: &[Value]) -> Vec<String> {
    let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {}", sql.0)).unwrap();
    for (number, value) in (1..=explain.parameter_count()).zip(values) {
        explain.raw_bind_parameter(number, value).unwrap();
    }
    let mut rows = explain.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let step: String = row.get("detail").unwrap();
        // Versions of SQLite number subqueries differently.
        let is_subquery = step.contains("SUBQUERY ");
        steps.push(if is_subquery {
            step.trim_end_matches(|c: char| c.is_ascii_digit())
                .trim_end()
                .to_owned()
        } else {
            step
        });
    }
    steps
}
