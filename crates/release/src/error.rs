//! Why an action did not come to its end.

use apply::ApplyError;
use helm::RenderError;
use helm::dependencies::MissingDependencies;
use helm::release::Release;
use helm::release::lifecycle::LifecycleError;
use helm::release::secret::{SecretError, TooLarge};

/// Why an action did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The release is in no state for it.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
    /// The chart cannot be installed by itself.
    #[error("library charts are not installable")]
    Library,
    /// Charts are missing.
    #[error(transparent)]
    Missing(#[from] MissingDependencies),
    /// The chart does not render.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The thread that renders.
    #[error("the renderer cannot work: {0}")]
    Renderer(String),
    /// Nothing was done: the record does not fit into a Secret.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// A record cannot be read.
    #[error(transparent)]
    Record(#[from] SecretError),
    /// The cluster did not answer as hoped.
    #[error(transparent)]
    Cluster(Box<ApplyError>),
    /// Several objects are in the way; all are told.
    #[error("{what}: {}", reasons.join("; "))]
    Refused {
        /// What cannot be done.
        what: String,
        /// Why, one for each object.
        reasons: Vec<String>,
    },
    /// A revision was recorded and failed.
    #[error("{message}")]
    Failed {
        /// The revision as it is recorded now.
        release: Box<Release>,
        /// What went wrong.
        message: String,
    },
}

impl From<ApplyError> for ActionError {
    fn from(error: ApplyError) -> Self {
        Self::Cluster(Box::new(error))
    }
}

impl ActionError {
    pub(crate) fn refused(what: impl Into<String>, reasons: Vec<String>) -> Self {
        Self::Refused { what: what.into(), reasons }
    }

    /// All that went wrong at several objects; nothing if nothing did.
    pub(crate) fn of_all(what: &str, errors: &[ApplyError]) -> Result<(), Self> {
        if errors.is_empty() {
            return Ok(());
        }
        Err(Self::refused(what, errors.iter().map(ToString::to_string).collect()))
    }
}
