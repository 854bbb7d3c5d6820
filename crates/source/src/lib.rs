//! Sources: Git repositories and folders read into immutable snapshots, and charts fetched from repositories and registries.
//!
//! [`Store::fetch`] talks Git's own protocol (smart HTTP and SSH, no program is started), keeps one
//! shared bare clone per URL, and hands out a [`Snapshot`] whose [`FileTree`] reads straight from the
//! object database. Nothing is ever checked out. [`LocalFolder`] does the same for a working copy.
//! [`charts`] fetches the archives of Helm charts, [`oci`] other artifacts of registries, [`bucket`] files of object stores.

mod address;
mod archive;
pub mod bucket;
pub mod charts;
mod error;
mod folder;
mod github_app;
mod local;
pub mod oci;
mod request;
mod snapshot;
mod store;
mod submodule;
mod transport;
mod tree;
mod verify;

pub use archive::{ArchiveError, Files, MAX_UNPACKED, unpack};
pub use error::{SourceError, TreeError};
pub use github_app::{GitHubApp, Installation};
pub use local::{Checkout, LocalFolder};
pub use request::{Auth, ClientCertificate, DEFAULT_TIMEOUT, GitRequest, Include, Proxy, Reference};
pub use snapshot::{Commit, Snapshot};
pub use store::Store;
pub use tree::{EntryKind, FileTree, MAX_FILE, MAX_FILES, Submodule};
pub use verify::{Verification, VerifyMode};
