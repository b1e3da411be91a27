/// The query plan of each statement of the reports. Add a line for each new statement.
pub(super) const PLANS: &[(&str, &[&str])] = &[
    ("SITE", &["SEARCH site USING INTEGER PRIMARY KEY (rowid=?)"]),
    ("SET_SITE", &[]),
    (
        "SET_FIRST_SESSION_DAY",
        &["SEARCH site USING INTEGER PRIMARY KEY (rowid=?)"],
    ),
    (
        "VISITOR_STATE",
        &["SEARCH visitor_states USING INDEX visitor_states_visitor (visitor=? AND topic=?)"],
    ),
    ("ADD_VISITOR_STATE", &[]),
    (
        "SET_VISITOR_STATE",
        &["SEARCH visitor_states USING INTEGER PRIMARY KEY (rowid=?)"],
    ),
    (
        "REMOVE_VISITOR_STATE",
        &["SEARCH visitor_states USING INTEGER PRIMARY KEY (rowid=?)"],
    ),
    (
        "EXPIRE_VISITOR_STATES",
        &[
            "SEARCH visitor_states USING INTEGER PRIMARY KEY (rowid=?)",
            "LIST SUBQUERY",
            "SEARCH visitor_states USING COVERING INDEX visitor_states_last_day (last_day<?)",
        ],
    ),
    (
        "STATES_WITH_SESSIONS_BEFORE",
        &["SEARCH visitor_states USING INDEX visitor_states_first_day (first_day<?)"],
    ),
    (
        "DAY_NUMBER",
        &["SEARCH day_numbers USING PRIMARY KEY (day=? AND kind=?)"],
    ),
    ("SET_DAY_NUMBER", &[]),
    (
        "HAS_VALUE",
        &["SEARCH dimension_days USING PRIMARY KEY (day=? AND dimension=? AND value=?)"],
    ),
    (
        "COMMENT_IS_DATED",
        &["SEARCH comments USING INDEX sqlite_autoindex_comments_1 (id=?)"],
    ),
    ("ADD_TO_HOUR", &[]),
    ("ADD_TO_DAY", &[]),
    (
        "READING_TIMES_OF_HOUR",
        &["SEARCH topic_hours USING PRIMARY KEY (topic=? AND hour=?)"],
    ),
    (
        "READING_TIMES_OF_DAY",
        &["SEARCH topic_days USING PRIMARY KEY (topic=? AND day=?)"],
    ),
    ("ADD_TO_DIMENSION", &[]),
    ("ADD_TO_EVENT_HOUR", &[]),
    ("ADD_UNDATED", &["SEARCH topics USING INTEGER PRIMARY KEY (rowid=?)"]),
    ("SET_SESSION", &[]),
    (
        "REMOVE_SESSION",
        &["SEARCH sessions USING PRIMARY KEY (day=? AND number=?)"],
    ),
    (
        "LOOSE_SESSIONS",
        &["SEARCH sessions USING INDEX sessions_visitor (day=?)"],
    ),
    (
        "NEXT_LOOSE_DAY",
        &["SEARCH sessions USING COVERING INDEX sessions_visitor (day>? AND day<?)"],
    ),
    (
        "NEXT_PACKED_DAY",
        &["SEARCH packed_sessions USING COVERING INDEX packed_sessions_day (day>? AND day<?)"],
    ),
    (
        "PACKED_PARTS",
        &["SEARCH packed_sessions USING INDEX packed_sessions_day (day=?)"],
    ),
    (
        "PACKED_PART_WITH_ROOM",
        &["SEARCH packed_sessions USING INDEX packed_sessions_day (day=?)"],
    ),
    ("ADD_PACKED_PART", &[]),
    (
        "REMOVE_PACKED_PART",
        &["SEARCH packed_sessions USING INTEGER PRIMARY KEY (rowid=?)"],
    ),
    (
        "EXPIRE_LOOSE_SESSIONS",
        &[
            "SEARCH sessions USING PRIMARY KEY (day=? AND number=?)",
            "LIST SUBQUERY",
            "SEARCH sessions USING COVERING INDEX sessions_visitor (day<?)",
        ],
    ),
    (
        "EXPIRE_PACKED_SESSIONS",
        &[
            "SEARCH packed_sessions USING INTEGER PRIMARY KEY (rowid=?)",
            "LIST SUBQUERY",
            "SEARCH packed_sessions USING COVERING INDEX packed_sessions_day (day<?)",
        ],
    ),
    (
        "COUNT_PACKED_SESSIONS",
        &["SEARCH packed_sessions USING INDEX packed_sessions_day (day<?)"],
    ),
    (
        "COUNT_LOOSE_SESSIONS",
        &["SEARCH sessions USING COVERING INDEX sessions_visitor (day<?)"],
    ),
    (
        "SITE_TOPIC",
        &["SEARCH topics USING COVERING INDEX sqlite_autoindex_topics_1 (name=?)"],
    ),
    (
        "TOPICS",
        &["SEARCH topics USING COVERING INDEX sqlite_autoindex_topics_1 (name>?)"],
    ),
    (
        "PAGE_TOPIC",
        &["SEARCH topics USING COVERING INDEX sqlite_autoindex_topics_1 (name=?)"],
    ),
    (
        "PAGE_TOPICS",
        &["SEARCH topics USING COVERING INDEX sqlite_autoindex_topics_1 (name>? AND name<?)"],
    ),
    (
        "HOURS",
        &["SEARCH topic_hours USING PRIMARY KEY (topic=? AND hour>? AND hour<?)"],
    ),
    (
        "DAYS",
        &["SEARCH topic_days USING PRIMARY KEY (topic=? AND day>? AND day<?)"],
    ),
    (
        "SUM_OF_HOURS",
        &["SEARCH topic_hours USING PRIMARY KEY (topic=? AND hour>? AND hour<?)"],
    ),
    (
        "SUM_OF_DAYS",
        &["SEARCH topic_days USING PRIMARY KEY (topic=? AND day>? AND day<?)"],
    ),
    (
        "NEXT_DIMENSION_DAY",
        &["SEARCH dimension_days USING PRIMARY KEY (day>? AND day<?)"],
    ),
    (
        "DIMENSION_OF_DAY",
        &["SEARCH dimension_days USING PRIMARY KEY (day=? AND dimension=?)"],
    ),
    (
        "EVENT_HOURS",
        &["SEARCH event_hours USING PRIMARY KEY (topic=? AND hour>? AND hour<?)"],
    ),
    ("UNDATED", &["SEARCH topics USING INTEGER PRIMARY KEY (rowid=?)"]),
    ("UNDATED_EVENTS", &["SEARCH custom_events USING PRIMARY KEY (topic=?)"]),
];
