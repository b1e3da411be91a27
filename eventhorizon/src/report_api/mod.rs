//! The query and the answer of `POST /api/v2/query`, which follow the Stats API v2 of Plausible. The page
//! `docs/reports-api.md` in the repository says where they differ.

mod answer;
mod body;
mod date_range;
mod filters;
mod named_dimension;
mod request;
mod time_labels;
mod values;
mod warnings;

use horizon_core::reports::{DayRange, Metric, Refusal, ReportError};

use crate::{Horizon, Problem, ProblemKind};

use answer::QueryAnswer;
pub(crate) use body::QueryBody;
use request::QueryRequest;

/// The maximum number of characters of a wrong name that an error message repeats.
const MAX_REPEATED_CHARS: usize = 64;

impl Horizon {
    /// Returns the answer to a query of the API.
    pub(crate) async fn answer_query(&self, body: QueryBody) -> Result<QueryAnswer, Problem> {
        let (today, zone) = (self.today(), self.time_zone());
        let range = match date_range::parse(&body.date_range, today, zone)? {
            Some(range) => range,
            None => {
                let first = self.first_report_day().await.map_err(to_problem)?;
                DayRange::new(first.unwrap_or(today), today)
            }
        };
        let request = QueryRequest::new(body, range)?;
        let labels = request.time_labels(zone)?;
        let table = self.report(request.query()).await.map_err(to_problem)?;
        Ok(QueryAnswer::new(request, &table, labels, zone))
    }
}

/// Returns the problem of a part of the query. `path` is its place in the JSON, such as `filters[0][1]`, and `reason`
/// the rest of a sentence that starts with it.
fn invalid(path: impl Into<String>, reason: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::InvalidQuery).field(path.into(), reason.into())
}

/// Returns the problem of a name that is not among the known ones.
fn unknown_name(path: impl Into<String>, name: &str, known: &[&str]) -> Problem {
    let name: String = name.chars().take(MAX_REPEATED_CHARS).collect();
    invalid(
        path,
        format!("is `{name}`, which is unknown. Use one of: {}.", known.join(", ")),
    )
}

fn to_problem(error: ReportError) -> Problem {
    let part = match &error {
        ReportError::RowsExpired { .. } | ReportError::Refused(Refusal::EmptyRange) => "date_range",
        ReportError::Refused(refusal) => refused_part(refusal),
        _ => return error.into(),
    };
    invalid(part, format!("cannot be answered: {error}."))
}

/// Returns the part of the query because of which it is refused.
fn refused_part(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NamedTwice(name) if name.parse::<Metric>().is_err() => "dimensions",
        Refusal::UnknownOrder(_) => "order_by",
        Refusal::TimeFilter(_) | Refusal::Filter { .. } | Refusal::Filtering { .. } => "filters",
        Refusal::TooMany { what, .. } if *what != "dimensions" => "filters",
        Refusal::TooMany { .. } | Refusal::TwoTimes(..) | Refusal::TwoDimensions(..) | Refusal::Dimension(_) => {
            "dimensions"
        }
        _ => "metrics",
    }
}
