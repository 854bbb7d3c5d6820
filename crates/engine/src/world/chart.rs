//! Which chart an archive or a folder is.

use helm::{Chart, HelmCompat};
use render::TreeFiles;
use source::{EntryKind, FileTree};

use crate::index::ChartName;

/// Which Helm Flux 2.9 has.
const COMPAT: HelmCompat = HelmCompat::V4_2;

/// The chart in an archive; the error says why it is none.
pub(crate) fn of_archive(archive: &[u8]) -> Result<ChartName, String> {
    Ok(named(&render::chart_of_archive(archive, COMPAT)?))
}

/// The chart in a folder of a source; the error says why it is none.
pub(crate) fn of_folder(tree: &FileTree, folder: &str) -> Result<ChartName, String> {
    Ok(named(&render::chart_of_folder(&TreeFiles::new(tree), folder, COMPAT)?))
}

/// The chart in the only folder of a source, as archives of charts have it.
pub(crate) fn of_only_folder(tree: &FileTree) -> Option<ChartName> {
    let folders: Vec<String> =
        tree.list("").into_iter().filter(|name| tree.kind(name) == Some(EntryKind::Dir)).collect();
    let is_chart = |folder: &&str| tree.kind(&format!("{folder}/Chart.yaml")) == Some(EntryKind::File);
    let top = tree.kind("Chart.yaml").map(|_| "");
    let folder = top.or_else(|| folders.first().map(String::as_str).filter(|_| folders.len() == 1).filter(is_chart))?;
    of_folder(tree, folder).ok()
}

fn named(chart: &Chart) -> ChartName {
    ChartName { name: chart.name().to_owned(), version: chart.metadata.version.clone() }
}
