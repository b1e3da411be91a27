//! Reports: how many people came, from where, on what and for how long, in any hour, day and page.

mod apply;
mod capabilities;
mod changes;
mod check;
mod contributions;
mod counts;
mod day_cache;
mod day_text;
mod dimension;
mod discrepancy;
mod engine;
mod error;
mod facts_ledger;
mod format;
mod memory_reader;
mod metric;
mod periods;
mod plan;
mod port;
mod port_ext;
mod query;
mod reader;
mod reading_times;
mod recent_days;
mod report_facts;
mod report_ledger;
mod report_site;
mod session_columns;
mod session_row;
mod session_state;
mod spans;
mod table;
mod time_zone;
mod verify;
mod visitor_state;

pub use apply::apply_events_with_reports;
pub use capabilities::Capabilities;
pub use changes::{ReportChanges, TopicCounts};
pub use counts::Counts;
pub use day_text::ParseDayError;
pub use dimension::{Dimension, MAX_VALUES, OTHER_VALUE, UnknownDimension};
pub use discrepancy::Discrepancy;
pub use engine::{AnswerError, answer};
pub use error::{FirstDay, Refusal, ReportError};
pub use facts_ledger::{CountedEvents, MissingFacts};
pub use memory_reader::MemoryReportReader;
pub use metric::{Metric, UnknownMetric};
pub use port::{ReportStatus, Reports};
pub use port_ext::{PartialTable, ReportsExt};
pub use query::{
    DayRange, Direction, Filter, FilterOperator, MAX_DIMENSIONS, MAX_FILTER_VALUES, MAX_FILTERS, OrderBy, Query,
};
pub use reader::{
    BucketLength, DimensionBucket, DimensionBucketSelection, EventBucket, EventBucketSelection, Period, ReportReader,
    TopicBucket, TopicBucketSelection, TopicSelection,
};
pub use reading_times::{MAX_READING_SECONDS, ReadingTimes};
pub use recent_days::{ParsePeriodError, RecentDays};
pub use report_facts::{DayNumbers, ReportFacts};
pub use report_ledger::{NumberKind, ReportLedger, StoredLike};
pub use report_site::ReportSite;
pub use session_columns::{PackedSessions, SessionColumns, SessionColumnsError};
pub use session_row::{PageRow, SessionId, SessionRow};
pub use table::{Row, Table, Value};
pub use time_zone::{LocalTime, SiteTimeZone, TimeZoneError, hour_value};
pub use verify::{MAX_DISCREPANCIES, VerifiedTopic, verify};
pub use visitor_state::VisitorState;
