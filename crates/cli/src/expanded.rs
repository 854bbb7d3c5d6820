//! `--expand`: a folder as a cluster is held to it, with all Kustomizations and releases that come out of it.

use std::path::Path;

use render::TreeFiles;
use repository::{Cluster, Fetch};
use source::LocalFolder;

use crate::failure::Failure;
use crate::output;

/// Everything that a folder leads to. What could not be looked into is told on standard error; what cannot be rendered is
/// an error.
pub(crate) fn read(path: &Path, fetch: Fetch) -> Result<Cluster, Failure> {
    let folder = LocalFolder::discover(path).map_err(|error| Failure::task(error.to_string()))?;
    let snapshot = folder.dirty().map_err(|error| Failure::task(error.to_string()))?;
    let files = TreeFiles::new(&snapshot.tree);
    let clusters = repository::clusters(&files, folder.sub_path());
    let [cluster] = clusters.as_slice() else {
        let failure = Failure::usage(format!("{} has several clusters", path.display()));
        return Err(failure.hint(format!("name the folder of one: {}", clusters.join(", "))));
    };
    let read = Cluster::read(&files, cluster, fetch);
    for note in &read.notes {
        output::note(format!("note: {note}"));
    }
    if read.findings.is_empty() {
        return Ok(read);
    }
    let findings: Vec<String> = read.findings.iter().map(ToString::to_string).collect();
    Err(Failure::task(findings.join("\n")))
}
