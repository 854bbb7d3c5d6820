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
    of_folder(tree, &only_folder(tree)?).ok()
}

/// The only folder of a source, or its root, if that is a chart's.
pub(crate) fn only_folder(tree: &FileTree) -> Option<String> {
    if tree.kind("Chart.yaml").is_some() {
        return Some(String::new());
    }
    let mut folders = tree.list("").into_iter().filter(|name| tree.kind(name) == Some(EntryKind::Dir));
    let folder = folders.next().filter(|_| folders.next().is_none())?;
    (tree.kind(&format!("{folder}/Chart.yaml")) == Some(EntryKind::File)).then_some(folder)
}

fn named(chart: &Chart) -> ChartName {
    ChartName { name: chart.name().to_owned(), version: chart.metadata.version.clone() }
}
