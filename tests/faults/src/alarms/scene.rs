use std::path::{Path, PathBuf};

use futures::future::join_all;
use horizon_test_support::{Posts, Seed};
use tempfile::TempDir;

use super::{
    articles::Articles,
    likers::Likers,
    witness::{self, Problem, Testimony},
};
use crate::{
    defect::{Defect, Part},
    node::{Node, Role},
    report::Outcome,
    scale::Scale,
    stage::SECRET,
};

/// Where a class is played: the files of its processes, and what was seen of them.
pub(crate) struct Scene {
    /// How many likes are sent at each step.
    pub(crate) likes: u64,
    /// What is broken on purpose.
    pub(crate) defect: Option<Defect>,
    pub(crate) dice: Seed,
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

impl Scene {
    pub(crate) fn new(defect: Option<Defect>, scale: &Scale, dice: Seed) -> anyhow::Result<Self> {
        Ok(Self {
            likes: scale.likes,
            defect,
            dice,
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

    /// The folder for the files of the class. What ends in `.log` is shown when the class fails.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a web node with these variables beside those that every web node has.
    pub(crate) async fn web(&mut self, variables: &[(&'static str, String)]) -> anyhow::Result<Node> {
        let log = self.next_log(Role::Web);
        self.web_with_log(variables, log).await
    }

    /// The same with a log of its own.
    pub(crate) async fn web_with_log(
        &mut self,
        variables: &[(&'static str, String)],
        log: PathBuf,
    ) -> anyhow::Result<Node> {
        let posts = self.posts.path().to_string_lossy().into_owned();
        let mut all = vec![
            ("HORIZON_SECRET", SECRET.into()),
            ("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32".into()),
            ("HORIZON_POSTS", posts),
        ];
        all.extend_from_slice(variables);
        self.node(Role::Web, all, log).await
    }

    /// Starts an accumulator with these variables.
    pub(crate) async fn accumulator(&mut self, variables: &[(&'static str, String)]) -> anyhow::Result<Node> {
        let log = self.next_log(Role::Accumulator);
        self.accumulator_with_log(variables, log).await
    }

    /// The same with a log of its own.
    pub(crate) async fn accumulator_with_log(
        &mut self,
        variables: &[(&'static str, String)],
        log: PathBuf,
    ) -> anyhow::Result<Node> {
        self.node(Role::Accumulator, variables.to_vec(), log).await
    }

    async fn node(&mut self, role: Role, variables: Vec<(&'static str, String)>, log: PathBuf) -> anyhow::Result<Node> {
        let part = match role {
            Role::Web => Part::Webs,
            Role::Accumulator => Part::Accumulators,
        };
        let stand_in = self.defect.filter(|defect| defect.replaces(part));
        let number = self.nodes;
        self.nodes += 1;
        let mut node = Node::start_with_log(role, number, stand_in, variables, log).await?;
        if let Some(defect) = self.defect.filter(|defect| defect.replaces(Part::Front)) {
            node.put_behind(defect).await?;
        }
        Ok(node)
    }

    fn next_log(&self, role: Role) -> PathBuf {
        self.folder.path().join(format!("{}-{}.log", role.word(), self.nodes))
    }

    /// Readers who like at these web nodes.
    pub(crate) fn likers(&mut self, webs: &[&Node]) -> Likers {
        let webs = webs.iter().map(|web| web.address()).collect();
        Likers::new(webs, Seed::new(self.dice.next()))
    }

    /// Something happened that must not go unnoticed.
    pub(crate) fn struck(&mut self) {
        self.faults += 1;
    }

    /// Something is not as it has to be.
    pub(crate) fn find(&mut self, finding: impl Into<String>) {
        self.findings.push(finding.into());
    }

    /// Something else is worth knowing.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// What is counted differs from what was acknowledged: a finding unless somebody reported it.
    pub(crate) fn lost(&mut self, difference: Option<String>, is_reported: bool) {
        match difference {
            Some(difference) if is_reported => self.note(difference),
            Some(difference) => self.find(format!("{difference}, and nobody says so")),
            None => {}
        }
    }

    /// Keeps what the readers of the articles missed.
    pub(crate) async fn finish_reading(&mut self, articles: Articles) {
        let missed = articles.finish().await;
        self.findings.extend(missed);
    }

    /// Adds what was acknowledged and what is counted to the figures of the class.
    pub(crate) fn add_up(&mut self, acknowledged: u64, counted: u64) {
        self.acknowledged += acknowledged;
        self.counted += counted;
    }

    /// Waits until all of these nodes report the problem: in the log, in the metrics and at `/readyz`. What is missing
    /// is a finding. Returns whether everything is there.
    pub(crate) async fn all_must_report(&mut self, nodes: &[&Node], problem: Problem) -> bool {
        let testimonies = nodes.iter().map(|node| witness::of_problem(node, problem));
        let testimonies = join_all(testimonies).await;
        let all = nodes.iter().zip(testimonies);
        all.fold(true, |complete, (node, testimony)| {
            self.keep(node, problem, &testimony) && complete
        })
    }

    /// Waits until one of these nodes reports the problem. What each lacks is a finding if none does.
    pub(crate) async fn one_must_report(&mut self, nodes: &[&Node], problem: Problem) -> bool {
        let testimonies = nodes.iter().map(|node| witness::of_problem(node, problem));
        let testimonies = join_all(testimonies).await;
        let is_complete = |testimony: &Testimony| testimony.lacks(problem).is_empty();
        let is_reported = testimonies.iter().any(is_complete);
        for (node, testimony) in nodes.iter().zip(testimonies) {
            if is_complete(&testimony) || !is_reported {
                self.keep(node, problem, &testimony);
            }
        }
        is_reported
    }

    fn keep(&mut self, node: &Node, problem: Problem, testimony: &Testimony) -> bool {
        let (lacks, name) = (testimony.lacks(problem), node.name());
        if let Some(line) = testimony.line(problem) {
            self.reported.push(format!("{name}: {line}"));
        }
        if lacks.is_empty() {
            return true;
        }
        self.find(format!("{name} does not report it: {}", lacks.join(", ")));
        false
    }

    /// Waits until `/readyz` of this node says that there is the problem.
    pub(crate) async fn must_be_unready(&mut self, node: &Node, problem: Problem) {
        let name = node.name();
        match witness::unready(node, problem).await {
            Ok(line) => self.reported.push(format!("{name}: {line}")),
            Err(answer) => self.find(format!("/readyz of {name} does not say what is wrong: {answer}")),
        }
    }

    /// Keeps what the node answers to `/readyz` if that is not 200 in time.
    pub(crate) async fn must_be_ready(&mut self, node: &Node, when: &str) {
        if let Err(answer) = witness::ready(node).await {
            self.find(format!("{when}, /readyz of {} says {answer}", node.name()));
        }
    }

    /// Moves everything that was seen into the outcome.
    pub(crate) fn hand_over(mut self, outcome: &mut Outcome) {
        outcome.acknowledged = self.acknowledged;
        outcome.counted = Some(self.counted);
        outcome.faults = self.faults;
        outcome.reported.append(&mut self.reported);
        outcome.notes.append(&mut self.notes);
        outcome.findings.append(&mut self.findings);
        outcome.read_log_files(self.folder.path());
    }
}
