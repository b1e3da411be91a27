use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The maximum number of rows of an answer, and the default.
pub(super) const MAX_ROWS: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// The body of a query. Names are not checked yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryBody {
    /// The domain of the site. A process serves one site, so it is ignored.
    pub(super) site_id: Option<String>,
    pub(super) metrics: Vec<String>,
    pub(super) date_range: Value,
    #[serde(default)]
    pub(super) dimensions: Vec<String>,
    #[serde(default)]
    pub(super) filters: Vec<Value>,
    #[serde(default)]
    pub(super) order_by: Vec<(String, DirectionName)>,
    #[serde(default)]
    pub(super) include: IncludedParts,
    #[serde(default)]
    pub(super) pagination: RowSelection,
}

/// The direction of an order.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DirectionName {
    Asc,
    Desc,
}

/// What else the answer contains.
#[derive(Clone, Copy, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct IncludedParts {
    pub(super) time_labels: bool,
    pub(super) total_rows: bool,
    pub(super) imports: bool,
}

/// The rows of the answer.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RowSelection {
    pub(super) limit: NonZeroUsize,
    pub(super) offset: u32,
}

impl Default for RowSelection {
    fn default() -> Self {
        Self {
            limit: MAX_ROWS,
            offset: 0,
        }
    }
}
