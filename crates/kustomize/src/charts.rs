//! Helm charts that kustomizations name, which somebody else renders.
//!
//! The crate renders no chart itself. A caller that wants them inflated gives a [`Charts`]; without one they are refused as
//! kustomize does without `--enable-helm`. A chart is found below the `chartHome` of its kustomization, `charts` unless
//! `helmGlobals` says otherwise; one that is not there is asked for by the address of its repository.

use std::fmt;
use std::sync::Arc;

use crate::Files;

/// Renders charts, and fetches those that the tree does not hold.
pub trait Charts: fmt::Debug + Send + Sync {
    /// What `helm template` prints. The error says why it prints nothing.
    fn template(&self, chart: &ChartRequest<'_>) -> Result<Inflated, String>;

    /// The files of a chart of a repository or a registry, `Chart.yaml` at the top of the tree. The error says why there
    /// are none.
    fn pull(&self, address: &ChartAddress<'_>) -> Result<Arc<dyn Files>, String>;
}

/// A chart to be rendered.
pub struct ChartRequest<'a> {
    /// The tree that holds it.
    pub files: &'a dyn Files,
    /// Its folder in the tree.
    pub folder: &'a str,
    /// The release's name; empty for none.
    pub release: &'a str,
    /// A template that names the release; empty for none.
    pub name_template: &'a str,
    /// The release's namespace; empty for none.
    pub namespace: &'a str,
    /// Files of values, the later over the earlier.
    pub values: &'a [ChartValues],
    /// The version of Kubernetes that templates see; empty for the renderer's own.
    pub kube_version: &'a str,
    /// Group versions that templates see beside the usual ones.
    pub api_versions: &'a [String],
    /// The definitions of `crds/` too.
    pub include_crds: bool,
    /// No tests.
    pub skip_tests: bool,
    /// No hooks.
    pub skip_hooks: bool,
}

/// A file of values.
#[derive(Clone, Debug)]
pub struct ChartValues {
    /// What messages call it.
    pub name: String,
    /// Its bytes.
    pub data: Arc<[u8]>,
}

/// Where a chart is that the tree does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartAddress<'a> {
    /// An `https://` repository or an `oci://` registry.
    pub repository: &'a str,
    /// The chart's name there.
    pub name: &'a str,
    /// A version or a range; empty for the newest.
    pub version: &'a str,
    /// Whether the newest may be a prerelease.
    pub devel: bool,
}

/// What a chart renders to.
#[derive(Clone, Debug, Default)]
pub struct Inflated {
    /// The manifests, as `helm template` prints them.
    pub text: Vec<u8>,
    /// Where its documents come from, in the order of the text.
    pub documents: Vec<InflatedDocument>,
}

/// A document of a rendered chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InflatedDocument {
    /// The line of the text where it starts, from 1.
    pub line: u32,
    /// The file that made it, as a path in the tree.
    pub file: Arc<str>,
    /// The line of that file, from 1; 0 where it is not known.
    pub from: u32,
}

impl Inflated {
    /// The document that a line of the text is in.
    pub(crate) fn document(&self, line: u32) -> Option<&InflatedDocument> {
        let behind = self.documents.partition_point(|document| document.line <= line);
        self.documents.get(behind.checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_belong_to_the_document_before_them() {
        let document = |line, file: &str| InflatedDocument { line, file: file.into(), from: 1 };
        let inflated = Inflated { text: Vec::new(), documents: vec![document(2, "a"), document(7, "b")] };
        let file = |line| inflated.document(line).map(|document| &*document.file);
        assert_eq!([file(1), file(2), file(6), file(7), file(99)], [None, Some("a"), Some("a"), Some("b"), Some("b")]);
    }
}
