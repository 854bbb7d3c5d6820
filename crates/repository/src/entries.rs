//! The folders that clusters are held to.

use kustomize::{EntryKind, Files};

/// Where repositories in Flux's layout have a folder for each cluster.
const CLUSTERS: &str = "clusters";

/// Folders below `clusters/` that are looked into for one with manifests.
const MAX_DEPTH: usize = 4;

/// The folders of a repository's clusters, sorted: each folder below `clusters/` of the given folder that has manifests of
/// its own, or else the folder itself.
pub fn clusters(files: &dyn Files, path: &str) -> Vec<String> {
    let below = if path.is_empty() { CLUSTERS.to_owned() } else { format!("{path}/{CLUSTERS}") };
    let mut found = Vec::new();
    for name in files.list(&below) {
        descend(files, &format!("{below}/{name}"), 0, &mut found);
    }
    if found.is_empty() {
        found.push(path.to_owned());
    }
    found
}

fn descend(files: &dyn Files, folder: &str, depth: usize, found: &mut Vec<String>) {
    if depth > MAX_DEPTH || files.kind(folder) != Some(EntryKind::Dir) {
        return;
    }
    let names = files.list(folder);
    let is_cluster = |name: &String| name == crate::ROOT || is_yaml(name) || name == "Kustomization";
    if names.iter().any(is_cluster) {
        found.push(folder.to_owned());
        return;
    }
    for name in names {
        descend(files, &format!("{folder}/{name}"), depth + 1, found);
    }
}

/// Whether a file is taken for a manifest.
pub(crate) fn is_yaml(name: &str) -> bool {
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml")
}

#[cfg(test)]
mod tests {
    use kustomize::MemoryFiles;

    use super::*;

    fn found(names: &[&str], path: &str) -> Vec<String> {
        let files: MemoryFiles = names.iter().map(|name| (*name, "")).collect();
        clusters(&files, path)
    }

    #[test]
    fn each_folder_with_manifests_is_a_cluster() {
        let names =
            ["clusters/prod/apps.yaml", "clusters/eu/dev/flux-system/a.yaml", "clusters/README.md", "apps/a.yaml"];
        assert_eq!(found(&names, ""), ["clusters/eu/dev", "clusters/prod"]);
        assert_eq!(found(&names, "apps"), ["apps"]);
        assert_eq!(found(&["lab/clusters/a/x.yml"], "lab"), ["lab/clusters/a"]);
    }
}
