//! Where a delivery stands on its way.

use std::fmt;
use std::sync::Arc;

use crate::{Name, SourceName};

/// Where a delivery stands on its way. Every phase that waits has a wake-up event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waits for something to happen.
    Waiting(On),
    /// Waits for its turn, then reads variables.
    Fetching,
    /// Its files are being rendered.
    Rendering,
    /// The objects are being held against the live ones.
    Planning,
    /// This stage of the objects is being written; stages count from 1.
    Applying(u32),
    /// All is written; waits for health until the deadline.
    Settling,
    /// As wanted; held by watch.
    Settled,
    /// Did not work; tried again at the retry interval, or when an input changes.
    Failed(Arc<str>),
    /// Switched off by `spec.suspend`.
    Suspended,
    /// Being deleted.
    Deleting,
}

/// What a delivery waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// The source does not exist.
    Source(SourceName),
    /// The source has no artifact yet.
    Artifact(SourceName),
    /// Another Kustomization is not ready, and why.
    Dependency(Name, Arc<str>),
    /// The Kustomization whose settings hold for all is not rendered yet.
    Settings,
    /// Flux's own controllers run on the cluster; in words.
    Rivals(Arc<str>),
    /// A field is not supported: waits for a new spec.
    Spec(Arc<str>),
}

impl Phase {
    /// One word for tables: `Waiting`, `Settled`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting(_) => "Waiting",
            Self::Fetching => "Fetching",
            Self::Rendering => "Rendering",
            Self::Planning => "Planning",
            Self::Applying(_) => "Applying",
            Self::Settling => "Settling",
            Self::Settled => "Settled",
            Self::Failed(_) => "Failed",
            Self::Suspended => "Suspended",
            Self::Deleting => "Deleting",
        }
    }

    /// Whether work for the delivery is under way.
    pub fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::Fetching | Self::Rendering | Self::Planning | Self::Applying(_) | Self::Settling | Self::Deleting
        )
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting(on) => write!(out, "waiting for {on}"),
            Self::Fetching => out.write_str("queued"),
            Self::Rendering => out.write_str("rendering"),
            Self::Planning => out.write_str("comparing with the cluster"),
            Self::Applying(stage) => write!(out, "applying stage {stage}"),
            Self::Settling => out.write_str("waiting for health"),
            Self::Settled => out.write_str("as wanted"),
            Self::Failed(reason) => write!(out, "failed: {reason}"),
            Self::Suspended => out.write_str("suspended"),
            Self::Deleting => out.write_str("being deleted"),
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(name) => write!(out, "source {name} to exist"),
            Self::Artifact(name) => write!(out, "the first fetch of {name}"),
            Self::Dependency(name, _) => write!(out, "dependency Kustomization/{name}"),
            Self::Settings => out.write_str("Kustomization/flux-system/flux-system, whose settings hold for all"),
            Self::Rivals(_) => out.write_str("Flux's own controllers to stop"),
            Self::Spec(fields) => write!(out, "a spec without {fields}"),
        }
    }
}
