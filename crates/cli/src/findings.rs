//! What is wrong with a repository: rendered, looked at, and shown to an API server that exists for this only.

mod refusal;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use goyaml::Value;
use kustomize::Files;
use repository::{Cluster, Fetch, Finding};

use crate::failure::Failure;

/// All that was found, each finding once.
#[derive(Default)]
pub(crate) struct Report {
    /// What was found, and in which clusters.
    findings: BTreeMap<Finding, BTreeSet<String>>,
    /// What was not looked at.
    notes: BTreeSet<String>,
    clusters: usize,
    kustomizations: usize,
    releases: usize,
    objects: usize,
}

/// Looks at the clusters of a repository.
pub(crate) async fn gather(files: &dyn Files, path: &str, fetch: &Fetch) -> Result<Report, Failure> {
    let mut report = Report::default();
    for path in repository::clusters(files, path) {
        // Remote bases may have to be waited for.
        let cluster = tokio::task::block_in_place(|| Cluster::read(files, &path, fetch.clone()));
        let (findings, notes) = cluster.check();
        let refused = server::refusals(&cluster).await?;
        report.notes.extend(cluster.notes.iter().cloned().chain(notes).chain(refused.notes));
        report.clusters += 1;
        let releases = cluster.units.iter().filter(|unit| unit.key.kind == "HelmRelease").count();
        report.releases += releases;
        report.kustomizations += cluster.units.len() - releases;
        report.objects += cluster.units.iter().map(|unit| unit.objects.len()).sum::<usize>();
        for finding in cluster.findings.iter().cloned().chain(findings).chain(refused.findings) {
            report.findings.entry(finding).or_default().insert(cluster.path.clone());
        }
    }
    Ok(report)
}

impl Report {
    /// Whether anything is wrong.
    pub(crate) fn has_findings(&self) -> bool {
        !self.findings.is_empty()
    }

    /// The findings for people; clusters are named where a finding is not in all of them.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for (finding, clusters) in &self.findings {
            text.push_str(&finding.to_string());
            if clusters.len() < self.clusters {
                let names: Vec<&str> = clusters.iter().map(String::as_str).collect();
                let _ = write!(text, "\n  in {}", names.join(", "));
            }
            text.push('\n');
        }
        text
    }

    /// The findings for scripts.
    pub(crate) fn to_value(&self) -> Value {
        let value = |(finding, clusters): (&Finding, &BTreeSet<String>)| {
            let clusters: Value = clusters.iter().map(|path| Value::from(path.as_str())).collect();
            let hint = finding.hint.as_deref().map(|hint| ("hint", Value::from(hint)));
            let fields = [
                ("file", Value::from(finding.file.as_str())),
                ("line", i64::from(finding.line).into()),
                ("rule", finding.rule.as_str().into()),
                ("message", finding.message.as_str().into()),
                ("clusters", clusters),
            ];
            fields.into_iter().chain(hint).collect::<Value>()
        };
        let notes: Value = self.notes().map(Value::from).collect();
        let findings: Value = self.findings.iter().map(value).collect();
        Value::from_iter([("findings", findings), ("notes", notes)])
    }

    /// What was not looked at.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }

    /// What was looked at, in a sentence.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{} in {}, {}, {} and {}",
            counted(self.findings.len(), "finding"),
            counted(self.clusters, "cluster"),
            counted(self.kustomizations, "Kustomization"),
            counted(self.releases, "rendered HelmRelease"),
            counted(self.objects, "object")
        )
    }
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
