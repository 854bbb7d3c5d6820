//! What can go wrong between a bucket's name and its files.

use crate::ArchiveError;

/// A bucket could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BucketError {
    /// The endpoint is none.
    #[error(
        "the endpoint {endpoint:?} cannot be used: {cause}. Write the host alone into `spec.endpoint`, with its port if one is needed, such as minio.example.org:9000"
    )]
    EndpointInvalid {
        /// As written.
        endpoint: String,
        /// What is wrong.
        cause: String,
    },
    /// A setting of a Secret that cannot be used.
    #[error("{what} for {endpoint} cannot be used: {cause}. Correct it in the secret")]
    SettingInvalid {
        /// `ca.crt`, `the proxy address`.
        what: &'static str,
        /// The host.
        endpoint: String,
        /// What is wrong.
        cause: String,
    },
    /// No such bucket.
    #[error(
        "bucket '{bucket}' not found at {endpoint}. Check `spec.bucketName`, and `spec.region` where the store has several"
    )]
    NoSuchBucket {
        /// The bucket.
        bucket: String,
        /// The host.
        endpoint: String,
    },
    /// The store refuses.
    #[error("{endpoint} refused access to bucket '{bucket}': {cause}. {remedy}")]
    Refused {
        /// The host.
        endpoint: String,
        /// The bucket.
        bucket: String,
        /// What the store said.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
    /// No answer, or not a whole one.
    #[error(
        "{endpoint} cannot be reached: {cause}. It is tried again; check the address, certificates, firewall and proxy"
    )]
    Unreachable {
        /// The host.
        endpoint: String,
        /// Why.
        cause: String,
    },
    /// Too slow.
    #[error(
        "bucket '{bucket}' took longer than {seconds} s. It is tried again; for a large bucket raise `spec.timeout` or narrow `spec.prefix`"
    )]
    Timeout {
        /// The bucket.
        bucket: String,
        /// The limit.
        seconds: u64,
    },
    /// The store does not answer as S3 does.
    #[error("{endpoint} did not answer as an S3 store does while {doing}: {cause}")]
    Protocol {
        /// The host.
        endpoint: String,
        /// What was under way.
        doing: &'static str,
        /// What was wrong.
        cause: String,
    },
    /// A key that is no path of a file.
    #[error(
        "the bucket has an object named {key:?}, which leads out of it or is no path. Somebody may have made it to do harm; nothing of the bucket is used. Delete it, or leave it out by `spec.ignore` or `spec.prefix`"
    )]
    KeyClimbs {
        /// The key.
        key: String,
    },
    /// Too much.
    #[error(
        "bucket '{bucket}' has more than {limit} {what}, the most that is fetched. Narrow it by `spec.prefix` or `spec.ignore`"
    )]
    TooLarge {
        /// The bucket.
        bucket: String,
        /// `objects`, `bytes`.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The files together are no tree.
    #[error("the objects of bucket '{bucket}' make no folder: {cause}")]
    Files {
        /// The bucket.
        bucket: String,
        /// Why.
        #[source]
        cause: ArchiveError,
    },
}

impl BucketError {
    /// The condition's reason, in Flux's words.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::EndpointInvalid { .. } => "URLInvalid",
            Self::SettingInvalid { .. } => "AuthenticationFailed",
            _ => "BucketOperationFailed",
        }
    }

    /// Whether trying again without a change of the request is pointless (Flux: `Stalled`).
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::EndpointInvalid { .. })
    }
}
