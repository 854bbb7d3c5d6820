//! What can go wrong between an artifact's address and its files.

use crate::{ArchiveError, TreeError, charts::ChartError};

/// An artifact could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OciError {
    /// The registry does not tell which version there is.
    #[error("failed to determine artifact digest: {0}")]
    Looking(#[source] Box<ChartError>),
    /// The registry does not give the content.
    #[error("failed to pull artifact from '{url}': {cause}")]
    Pulling {
        /// The address.
        url: String,
        /// Why.
        #[source]
        cause: Box<ChartError>,
    },
    /// The address carries a version.
    #[error("the address '{url}' names a tag or a digest. Write it into `spec.ref` instead")]
    AddressHasVersion {
        /// The address.
        url: String,
    },
    /// Neither a range nor a regular expression.
    #[error("failed to determine artifact digest: {field} {text:?} cannot be used: {cause}")]
    ReferenceInvalid {
        /// `spec.ref.semver` and the like.
        field: &'static str,
        /// As written.
        text: String,
        /// What is wrong.
        cause: String,
    },
    /// No tag lies in the range.
    #[error("failed to determine artifact digest: no tag of {url} is a version in {range:?}; {there_are}")]
    NoVersion {
        /// The address.
        url: String,
        /// The range.
        range: String,
        /// Which there are, the newest first.
        there_are: String,
    },
    /// No layer is of the wanted media type, or there is none at all.
    #[error("failed to find {what} in artifact {url}; it has {there_are}. Correct `spec.layerSelector.mediaType`")]
    NoLayer {
        /// The address.
        url: String,
        /// `layer with media type 'x'`.
        what: String,
        /// The media types that there are.
        there_are: String,
    },
    /// The layer is no archive that can be unpacked.
    #[error("failed to extract layer contents from artifact {url}: {cause}")]
    Archive {
        /// The address.
        url: String,
        /// What is wrong with it.
        #[source]
        cause: ArchiveError,
    },
    /// A file of the tree.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Nobody who should have signed it has.
    #[error("failed to verify the signature using provider 'cosign': {cause}")]
    Unverified {
        /// Why.
        cause: String,
    },
}

impl OciError {
    /// The registry does not tell which version there is.
    pub(super) fn looking(cause: ChartError) -> Self {
        Self::Looking(Box::new(cause))
    }

    /// The condition's reason, in Flux's words.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::AddressHasVersion { .. } => "URLInvalid",
            Self::Looking(cause) | Self::Pulling { cause, .. } => match cause.reason() {
                // What is wrong with a Secret, and what a registry says to a wrong password, are one to Flux.
                "URLInvalid" => "URLInvalid",
                "StorageOperationFailed" => "StorageOperationFailed",
                _ => "OCIArtifactPullFailed",
            },
            Self::ReferenceInvalid { .. } | Self::NoVersion { .. } => "OCIArtifactPullFailed",
            Self::NoLayer { .. } | Self::Archive { .. } | Self::Tree(_) => "OCIArtifactLayerOperationFailed",
            Self::Unverified { .. } => "VerificationError",
        }
    }

    /// Whether trying again without a change of the request is pointless (Flux: `Stalled`).
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Looking(cause) | Self::Pulling { cause, .. } => cause.is_terminal(),
            Self::AddressHasVersion { .. } | Self::ReferenceInvalid { .. } => true,
            _ => false,
        }
    }
}
