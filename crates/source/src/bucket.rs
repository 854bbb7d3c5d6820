//! Buckets of object stores that speak S3: listed, held against ignore rules, and fetched where their list has changed.
//!
//! The revision is Flux's: the SHA-256 of the sorted list of keys and entity tags, so that an equal list costs one request
//! for each thousand objects and none for their content.

mod error;
mod fetch;
mod list;
mod server;

use std::time::Duration;

pub use error::BucketError;
pub use fetch::fetch;

use crate::{
    request::{ClientCertificate, DEFAULT_TIMEOUT, Proxy},
    tree::FileTree,
};

/// Which bucket, where, and with whose rights.
#[derive(Clone)]
pub struct BucketRequest {
    /// Name of the bucket.
    pub bucket: String,
    /// Host of the object store, with its port if one is needed.
    pub endpoint: String,
    /// Region; told by the host, or `us-east-1`, when absent.
    pub region: Option<String>,
    /// Only keys that begin so.
    pub prefix: String,
    /// Whether it is spoken to without TLS.
    pub insecure: bool,
    /// Access key and secret key; nobody's without.
    pub keys: Option<(String, String)>,
    /// PEM of certificate authorities trusted beside the system's.
    pub ca: Option<Vec<u8>>,
    /// A client certificate for mutual TLS.
    pub client_certificate: Option<ClientCertificate>,
    /// A proxy; without one that of the environment.
    pub proxy: Option<Proxy>,
    /// For the whole fetch.
    pub timeout: Duration,
    /// Gitignore lines that come after those of the bucket's own `.sourceignore`.
    pub ignore: Option<String>,
    /// The revision that the caller has.
    pub known: Option<String>,
}

impl std::fmt::Debug for BucketRequest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "BucketRequest({}/{})", self.endpoint, self.bucket)
    }
}

impl BucketRequest {
    /// A request with Flux's defaults, with nobody's rights.
    pub fn new(endpoint: impl Into<String>, bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            endpoint: endpoint.into(),
            region: None,
            prefix: String::new(),
            insecure: false,
            keys: None,
            ca: None,
            client_certificate: None,
            proxy: None,
            timeout: DEFAULT_TIMEOUT,
            ignore: None,
            known: None,
        }
    }
}

/// What a fetch comes to.
#[derive(Clone, Debug)]
pub enum BucketOutcome {
    /// The caller has it.
    Unchanged,
    /// The files.
    Fetched(BucketFiles),
}

/// The files of a bucket.
#[derive(Clone, Debug)]
pub struct BucketFiles {
    /// `sha256:…` of the list of keys and entity tags.
    pub revision: String,
    /// `sha256:…` of the files: equal files, equal digest.
    pub digest: String,
    /// The files, named by their whole keys.
    pub tree: FileTree,
}
