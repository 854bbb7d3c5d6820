//! Why a chart does not render.

use std::sync::Arc;

/// Why a chart does not render. The texts are Helm's; what Helm does not tell stands beside them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The release's name cannot be one.
    #[error("release name check failed: {0}")]
    Name(String),
    /// The dependencies cannot be worked out.
    #[error("chart dependencies processing failed: {0}")]
    Dependencies(String),
    /// The values cannot be brought together.
    #[error("{0}")]
    Values(String),
    /// The values are not what the schemas say.
    #[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{0}")]
    Schema(String),
    /// The chart is not for this version of Kubernetes.
    #[error("chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {found}")]
    KubeVersion {
        /// The range in `Chart.yaml`.
        wanted: String,
        /// The cluster's version.
        found: String,
    },
    /// Files that are not templates.
    #[error("{first}")]
    Parse {
        /// The one that Helm would tell.
        first: String,
        /// The others.
        others: Vec<String>,
    },
    /// A template that failed while it ran.
    #[error("{text}")]
    Template {
        /// The file.
        path: Arc<str>,
        /// Helm's text.
        text: String,
        /// What to do, where that is known.
        remedy: Option<String>,
    },
    /// Output that is not a manifest.
    #[error("YAML parse error on {path}: {message}")]
    Manifest {
        /// The template.
        path: Arc<str>,
        /// What is wrong with its output.
        message: String,
        /// All output, for `--debug`.
        output: String,
    },
    /// What stands behind the renderer failed.
    #[error("error while running post render on files: {0}")]
    PostRender(String),
}

impl RenderError {
    /// Whether Helm was already running templates: then it offers to show the broken output.
    pub fn is_late(&self) -> bool {
        !matches!(self, Self::Name(_) | Self::Dependencies(_) | Self::Values(_) | Self::Schema(_))
    }

    /// What Helm does not tell: errors after the first one, and what to do.
    pub fn advice(&self) -> Vec<String> {
        match self {
            Self::Parse { others, .. } => others.clone(),
            Self::Template { remedy, .. } => remedy.iter().cloned().collect(),
            _ => Vec::new(),
        }
    }
}
