//! Git repositories.

mod credentials;
mod request;

use std::path::PathBuf;
use std::sync::Arc;

use api::GitRepositorySpec;
use source::{LocalFolder, Snapshot};

use super::{World, blocking, failure, secrets};
use crate::index::{FetchFailure, FetchOrder, Fetched, Verified};

/// Fetches the commit that is meant.
pub(super) async fn fetch(
    world: &World,
    order: &FetchOrder,
    spec: &GitRepositorySpec,
) -> Result<Fetched, FetchFailure> {
    const REASON: &str = "GitOperationFailed";
    let fetched = if let Some(folder) = work_tree(world, order) {
        if let Some(refusal) = not_of_files(spec) {
            return Err(refusal);
        }
        blocking(REASON, move || LocalFolder::discover(folder)?.dirty()).await?
    } else {
        let (request, store) = (request::request(world, order, spec).await?, world.store.clone());
        blocking(REASON, move || store.fetch(&request)).await?
    };
    match fetched {
        Ok(snapshot) => Ok(Fetched { included: revisions(order), ..read(snapshot) }),
        Err(error) => {
            Err(FetchFailure { reason: error.reason(), message: error.to_string(), terminal: error.is_terminal() })
        }
    }
}

/// The working copy to be read in place of its commits, for the one source that `up` was given.
fn work_tree(world: &World, order: &FetchOrder) -> Option<PathBuf> {
    if !order.allow_file {
        return None;
    }
    world.options.local.as_ref()?.work_tree.clone()
}

/// Why a working copy cannot stand in for what the spec asks for.
fn not_of_files(spec: &GitRepositorySpec) -> Option<FetchFailure> {
    const REMEDY: &str = "Commit the files and leave out --dirty, or take the field out of the spec";
    if spec.verify.is_some() {
        let message = format!("files of a working copy carry no signature, but spec.verify asks for one. {REMEDY}");
        return Some(failure("VerificationError", message));
    }
    let asked = [
        ("include", !spec.include.is_empty()),
        ("recurseSubmodules", spec.recurse_submodules),
        ("sparseCheckout", !spec.sparse_checkout.is_empty()),
    ];
    let (field, _) = asked.into_iter().find(|(_, asked)| *asked)?;
    Some(failure("UnsupportedFeature", format!("a working copy is read as it is, without spec.{field}. {REMEDY}")))
}

/// Revision and digest of each source that is included.
fn revisions(order: &FetchOrder) -> Vec<(Arc<str>, Arc<str>)> {
    let has = order.inputs.iter().filter_map(|(_, has)| has.as_ref());
    has.map(|has| (has.revision.clone(), has.digest.clone())).collect()
}

fn read(snapshot: Snapshot) -> Fetched {
    Fetched {
        commit: Some(snapshot.commit.into()),
        tree: Some(snapshot.tree),
        verified: snapshot.verified.map_or(Verified::Unasked, Verified::Signed),
        ..Fetched::new(&snapshot.revision, &snapshot.digest)
    }
}
