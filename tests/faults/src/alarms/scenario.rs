use std::path::{Path, PathBuf};

use fastrand::Rng;
use futures::future::join_all;
use horizon_test_support::Posts;
use tempfile::TempDir;

use super::{
    article_readers::ArticleReaders,
    like_clients::LikeClients,
    problem_reports::{self, ProblemReports, ReportedProblem},
};
use crate::{
    cluster::SECRET,
    mutant::{FaultMutant, MutatedPart},
    node_process::{NodeProcess, Role},
    report::ClassOutcome,
    scale::Scale,
};

/// A running alarm class: its files, and the results so far.
pub(crate) struct AlarmScenario {
    /// Likes per step.
    pub(crate) likes: u64,
    /// The mutant, if any.
    pub(crate) mutant: Option<FaultMutant>,
    pub(crate) rng: Rng,
    folder: TempDir,
    posts: Posts,
    nodes: usize,
    acknowledged: u64,
    counted: u64,
    faults: u64,
    reported: Vec<String>,
    notes: Vec<String>,
    findings: Vec<String>,
}

impl AlarmScenario {
    pub(crate) fn new(mutant: Option<FaultMutant>, scale: &Scale, rng: Rng) -> anyhow::Result<Self> {
        Ok(Self {
            likes: scale.likes,
            mutant,
            rng,
            folder: TempDir::new()?,
            posts: Posts::two()?,
            nodes: 0,
            acknowledged: 0,
            counted: 0,
            faults: 0,
            reported: Vec::new(),
            notes: Vec::new(),
            findings: Vec::new(),
        })
    }

    /// Returns the folder of the class. The report of a failed class shows the files that end in `.log`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a web node with additional environment variables.
    pub(crate) async fn web(&mut self, variables: &[(&'static str, String)]) -> anyhow::Result<NodeProcess> {
        let log = self.next_log(Role::Web);
        self.web_with_log(variables, log).await
    }

    /// Like the method above, with another log.
    pub(crate) async fn web_with_log(
        &mut self,
        variables: &[(&'static str, String)],
        log: PathBuf,
    ) -> anyhow::Result<NodeProcess> {
        let posts = self.posts.path().to_string_lossy().into_owned();
        let mut all = vec![
            ("HORIZON_SECRET", SECRET.into()),
            ("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32".into()),
            ("HORIZON_POSTS", posts),
        ];
        all.extend_from_slice(variables);
        self.node(Role::Web, all, log).await
    }

    /// Starts an accumulator with these environment variables.
    pub(crate) async fn accumulator(&mut self, variables: &[(&'static str, String)]) -> anyhow::Result<NodeProcess> {
        let log = self.next_log(Role::Accumulator);
        self.accumulator_with_log(variables, log).await
    }

    /// Like the method above, with another log.
    pub(crate) async fn accumulator_with_log(
        &mut self,
        variables: &[(&'static str, String)],
        log: PathBuf,
    ) -> anyhow::Result<NodeProcess> {
        self.node(Role::Accumulator, variables.to_vec(), log).await
    }

    async fn node(
        &mut self,
        role: Role,
        variables: Vec<(&'static str, String)>,
        log: PathBuf,
    ) -> anyhow::Result<NodeProcess> {
        let part = match role {
            Role::Web => MutatedPart::Webs,
            Role::Accumulator => MutatedPart::Accumulators,
        };
        let replaced = self.mutant.filter(|mutant| mutant.replaces(part));
        let number = self.nodes;
        self.nodes += 1;
        let mut node = NodeProcess::start_with_log(role, number, replaced, variables, log).await?;
        if let Some(mutant) = self.mutant.filter(|mutant| mutant.replaces(MutatedPart::Proxy)) {
            node.start_proxy(mutant).await?;
        }
        Ok(node)
    }

    fn next_log(&self, role: Role) -> PathBuf {
        self.folder.path().join(format!("{}-{}.log", role.word(), self.nodes))
    }

    /// Returns clients that like at these web nodes.
    pub(crate) fn clients(&mut self, webs: &[&NodeProcess]) -> LikeClients {
        let webs = webs.iter().map(|web| web.address()).collect();
        let clients = LikeClients::new(webs, self.rng.fork());
        match self.mutant {
            Some(FaultMutant::NewIdOnRetry) => clients.with_new_ids(),
            _ => clients,
        }
    }

    /// PageTotals a fault.
    pub(crate) fn count_fault(&mut self) {
        self.faults += 1;
    }

    /// Adds a finding: a failed check.
    pub(crate) fn add_finding(&mut self, finding: impl Into<String>) {
        self.findings.push(finding.into());
    }

    /// Adds a note for the report.
    pub(crate) fn add_note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Adds the difference between acknowledged and counted likes: a note if it was reported, else a finding.
    pub(crate) fn add_loss(&mut self, difference: Option<String>, is_reported: bool) {
        match difference {
            Some(difference) if is_reported => self.add_note(difference),
            Some(difference) => self.add_finding(format!("{difference}, and no process reports it")),
            None => {}
        }
    }

    /// Stops the readers of articles and adds what they missed.
    pub(crate) async fn finish_reading(&mut self, articles: ArticleReaders) {
        let missed = articles.finish().await;
        self.findings.extend(missed);
    }

    /// Adds to the acknowledged and counted likes of the class.
    pub(crate) fn add_counts(&mut self, acknowledged: u64, counted: u64) {
        self.acknowledged += acknowledged;
        self.counted += counted;
    }

    /// Waits until all of these nodes report the problem in the log, the metrics and `/readyz`. What is missing is a
    /// finding. Returns whether nothing is missing.
    pub(crate) async fn check_all_report(&mut self, nodes: &[&NodeProcess], problem: ReportedProblem) -> bool {
        let reports = nodes
            .iter()
            .map(|node| problem_reports::wait_for_reports(node, problem));
        let reports = join_all(reports).await;
        let all = nodes.iter().zip(reports);
        all.fold(true, |complete, (node, report)| {
            self.add_report(node, problem, &report) && complete
        })
    }

    /// Waits until one of these nodes reports the problem. If none does, what each lacks is a finding.
    pub(crate) async fn check_one_reports(&mut self, nodes: &[&NodeProcess], problem: ReportedProblem) -> bool {
        let reports = nodes
            .iter()
            .map(|node| problem_reports::wait_for_reports(node, problem));
        let reports = join_all(reports).await;
        let is_complete = |report: &ProblemReports| report.missing(problem).is_empty();
        let is_reported = reports.iter().any(is_complete);
        for (node, report) in nodes.iter().zip(reports) {
            if is_complete(&report) || !is_reported {
                self.add_report(node, problem, &report);
            }
        }
        is_reported
    }

    fn add_report(&mut self, node: &NodeProcess, problem: ReportedProblem, report: &ProblemReports) -> bool {
        let (missing, name) = (report.missing(problem), node.name());
        if let Some(line) = report.line(problem) {
            self.reported.push(format!("{name}: {line}"));
        }
        if missing.is_empty() {
            return true;
        }
        self.add_finding(format!("{name} does not report it: {}", missing.join(", ")));
        false
    }

    /// Waits until `/readyz` of this node returns the problem.
    pub(crate) async fn check_unready(&mut self, node: &NodeProcess, problem: ReportedProblem) {
        let name = node.name();
        match problem_reports::unready(node, problem).await {
            Ok(line) => self.reported.push(format!("{name}: {line}")),
            Err(answer) => self.add_finding(format!("/readyz of {name} does not return the problem: {answer}")),
        }
    }

    /// Waits until `/readyz` of this node returns 200.
    pub(crate) async fn check_ready(&mut self, node: &NodeProcess, when: &str) {
        if let Err(answer) = problem_reports::ready(node).await {
            self.add_finding(format!("{when}, /readyz of {} returns {answer}", node.name()));
        }
    }

    /// Moves the results into the outcome.
    pub(crate) fn finish(mut self, outcome: &mut ClassOutcome) {
        outcome.acknowledged = self.acknowledged;
        outcome.counted = Some(self.counted);
        outcome.faults = self.faults;
        outcome.reported.append(&mut self.reported);
        outcome.notes.append(&mut self.notes);
        outcome.findings.append(&mut self.findings);
        outcome.read_log_files(self.folder.path());
    }
}
