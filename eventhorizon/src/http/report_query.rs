use super::{Handler, HandlerResult, parse, response};

impl Handler<'_> {
    /// `/api/v2/query`
    pub(super) async fn report_query(&self) -> HandlerResult {
        self.check_full_report_access().await?;
        let query = parse::report_query(self.caller.headers(), &self.body)?;
        response::json(&self.horizon.answer_query(query).await?)
    }

    /// `/reports/{name}.csv`
    pub(super) async fn report_file(&self, name: &str) -> HandlerResult {
        self.check_full_report_access().await?;
        let file = self.horizon.report_file(name, self.query).await?;
        Ok(response::csv(&file.name, file.csv))
    }
}
