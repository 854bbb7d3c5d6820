//! A tree made of several: with its submodules, with folders of other sources, without what the spec does not name.
//!
//! The order is Flux's: what is checked out, then what is included, and the ignore rules over all of it.

use std::time::{Duration, Instant};

use super::{Store, digest};
use crate::{
    address::Address,
    error::{SourceError, TreeError},
    request::{Auth, GitRequest, Include, Reference},
    snapshot::Snapshot,
    submodule::{self, Entry},
    tree::{FileTree, GraftError, GraftPlace, Node, filter, sparse},
};

/// Submodules of one repository, those of submodules counted in.
const MAX_SUBMODULES: usize = 100;
/// Submodules inside of each other; go-git's number.
const MAX_NESTING: usize = 10;
/// The file that says where submodules are.
const GITMODULES: &str = ".gitmodules";

/// What is left of the limits.
struct Budget<'a> {
    /// What the spec asks for: whose credentials they are, and to which host they may go.
    root: &'a GitRequest,
    end: Instant,
    submodules: usize,
}

impl Store {
    /// Fetches the commit and makes one tree of all that the request wants in it.
    pub(super) fn assemble(&self, request: &GitRequest) -> Result<Snapshot, SourceError> {
        let end = Instant::now() + request.timeout;
        let snapshot = self.fetch_one(request, true)?;
        let label = format!("{} at {}", request.url_shown(), snapshot.revision);
        let mut tree = snapshot.tree.clone();
        if !request.sparse.is_empty() {
            tree = only(&tree, &request.sparse)?;
        }
        if request.submodules {
            let mut budget = Budget { root: request, end, submodules: 0 };
            let entries = entries(&snapshot.tree, &label)?;
            tree = self.fill(&mut budget, (tree, &entries), &request.url, 0)?;
        }
        for include in &request.include {
            tree = included(&tree, include)?;
        }
        let tree = tree.rooted(filter(&tree, request.ignore.as_deref())?);
        Ok(Snapshot { digest: digest(&tree), tree, ..snapshot })
    }

    /// Puts the submodules of a tree, which was fetched from `base`, where the tree names them.
    fn fill(
        &self,
        budget: &mut Budget<'_>,
        (mut tree, entries): (FileTree, &[Entry]),
        base: &str,
        nesting: usize,
    ) -> Result<FileTree, SourceError> {
        for found in tree.submodules() {
            // As in Git, one that `.gitmodules` does not name is an empty folder.
            let Some(entry) = entries.iter().find(|entry| entry.path == found.path) else { continue };
            let refused = |cause: String| SourceError::Submodule {
                path: found.path.clone(),
                cause: Box::new(SourceError::SubmoduleRefused { cause }),
            };
            budget.submodules += 1;
            if budget.submodules > MAX_SUBMODULES || nesting >= MAX_NESTING {
                return Err(refused(format!(
                    "there are more than {MAX_SUBMODULES} submodules, or more than {MAX_NESTING} inside of each other"
                )));
            }
            let url = submodule::resolve(base, &entry.url).map_err(refused)?;
            let failed = |cause| SourceError::Submodule { path: found.path.clone(), cause: Box::new(cause) };
            let request = child(budget, &url, &found.commit).map_err(failed)?;
            let below = self.fetch_one(&request, true).map_err(failed)?.tree;
            let its = self::entries(&below, &url).map_err(failed)?;
            let below = self.fill(budget, (below, &its), &url, nesting + 1).map_err(failed)?;
            let put = tree.with(&found.path, &below, "", GraftPlace::Submodule);
            tree = put.map_err(|cause| failed(SourceError::SubmoduleRefused { cause: cause.to_string() }))?;
        }
        Ok(tree)
    }
}

/// The request for a submodule: one commit, with the credentials of the repository only where it lies on the same host.
fn child(budget: &Budget<'_>, url: &str, commit: &str) -> Result<GitRequest, SourceError> {
    let root = budget.root;
    let left = budget.end.saturating_duration_since(Instant::now());
    if left == Duration::ZERO {
        let (url, seconds) = (root.url_shown(), root.timeout.as_secs());
        return Err(SourceError::Timeout { url, seconds, doing: "fetching submodules" });
    }
    let at_home = Address::parse(url)?.origin() == Address::parse(&root.url)?.origin();
    Ok(GitRequest {
        reference: Reference { commit: Some(commit.to_owned()), ..Reference::default() },
        auth: if at_home { root.auth.clone() } else { Auth::None },
        ca: root.ca.clone(),
        client_certificate: root.client_certificate.clone().filter(|_| at_home),
        proxy: root.proxy.clone(),
        timeout: left,
        ..GitRequest::new(url)
    })
}

/// What the `.gitmodules` of a tree says. A link of that name is none, as in Git.
fn entries(tree: &FileTree, label: &str) -> Result<Vec<Entry>, SourceError> {
    let Some(Node::File { .. }) = tree.root().entries.get(GITMODULES) else { return Ok(Vec::new()) };
    let wrong = |cause: String| SourceError::SubmoduleRefused { cause: format!("{GITMODULES} of {label}: {cause}") };
    submodule::parse(&tree.read(GITMODULES)?).map_err(wrong)
}

/// The tree with the named folders only.
fn only(tree: &FileTree, wanted: &[String]) -> Result<FileTree, SourceError> {
    let submodules = tree.submodules();
    let mut starts = Vec::with_capacity(wanted.len());
    for path in wanted {
        let start = path.strip_prefix("./").unwrap_or(path);
        let plain = start.trim_end_matches('/');
        if tree.kind(plain).is_none() && !submodules.iter().any(|submodule| submodule.path == plain) {
            return Err(SourceError::SparseMissing { path: path.clone() });
        }
        starts.push(start.to_owned());
    }
    let root =
        sparse(tree.root(), "", &starts).ok_or_else(|| SourceError::SparseMissing { path: wanted.join(", ") })?;
    Ok(tree.rooted(root))
}

fn included(tree: &FileTree, include: &Include) -> Result<FileTree, SourceError> {
    let Include { name, from, to, .. } = include;
    tree.with(to, &include.tree, from, GraftPlace::Free).map_err(|error| match error {
        GraftError::Illegal(_) => SourceError::Include {
            reason: "IllegalPath",
            cause: format!("path calculation for include '{name}' failed: {error}"),
        },
        GraftError::Tree(TreeError::NotFound { .. }) => SourceError::Include {
            reason: "CopyFailure",
            cause: format!("failed to copy '{name}' include from {from} to {to}: '{name}' has no path {from:?}. Correct `spec.include.fromPath`"),
        },
        error => SourceError::Include {
            reason: "CopyFailure",
            cause: format!("failed to copy '{name}' include from {from} to {to}: {error}"),
        },
    })
}
