//! The result of a fetch: one commit's files, immutable.

use crate::tree::FileTree;

/// One commit of one source.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Flux's form: `main@sha1:<40 hex>`, `refs/pull/1/head@sha1:…`, or `sha1:…` for a bare commit.
    pub revision: String,
    /// `sha256:…` over the tree that is left after the ignore rules: equal files, equal digest.
    pub digest: String,
    /// Who and when.
    pub commit: Commit,
    /// What was signed by which key, in words, where signatures were asked for.
    pub verified: Option<String>,
    /// The files.
    pub tree: FileTree,
}

/// What is told about a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// 40 hexadecimal digits.
    pub id: String,
    /// Author's name.
    pub author: String,
    /// Author's e-mail address.
    pub email: String,
    /// First line of the message.
    pub subject: String,
    /// Committer time.
    pub time: jiff::Timestamp,
}
