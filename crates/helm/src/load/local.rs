//! Charts out of a larger tree of files, with the neighbours that they refer to by `file://`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::archive::cleaned;
use super::assemble::has_extension;
use super::{LoadError, LoadOptions, from_files};
use crate::Chart;
use crate::metadata::Dependency;

/// Reads the chart in a folder of a tree. Dependencies with a `file://` address that `charts/` does not hold are taken
/// from the tree, as `helm dependency build` would put them there.
pub fn from_tree(
    tree: &BTreeMap<String, Arc<[u8]>>,
    folder: &str,
    options: &LoadOptions,
) -> Result<Chart, Vec<LoadError>> {
    Neighbours { tree, options, open: Vec::new() }.load(folder.trim_matches('/'))
}

struct Neighbours<'t> {
    tree: &'t BTreeMap<String, Arc<[u8]>>,
    options: &'t LoadOptions,
    /// The folders whose dependencies are being put in place.
    open: Vec<String>,
}

impl Neighbours<'_> {
    fn load(&mut self, folder: &str) -> Result<Chart, Vec<LoadError>> {
        let mut files: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
        self.collect(folder, "", &mut files)?;
        from_files(files, self.options)
    }

    /// Gathers the files of a folder under `at`, those of its neighbours below its `charts/`.
    fn collect(
        &mut self,
        folder: &str,
        at: &str,
        files: &mut BTreeMap<String, Arc<[u8]>>,
    ) -> Result<(), Vec<LoadError>> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let own: BTreeMap<String, Arc<[u8]>> = self
            .tree
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .map(|(path, data)| (path[prefix.len()..].to_owned(), Arc::clone(data)))
            .collect();
        if self.open.iter().any(|open| open == folder) {
            let mut way = self.open.clone();
            way.push(folder.to_owned());
            let message = format!("charts depend on each other in a circle: {}", way.join(" -> "));
            return Err(vec![error(&format!("{folder}/Chart.yaml"), 0, message, "take one of the dependencies out")]);
        }
        let declared = declared(&own);
        let present: Vec<String> =
            own.keys().filter_map(|path| path.strip_prefix("charts/")).map(str::to_owned).collect();
        files.extend(own.into_iter().map(|(path, data)| (format!("{at}{path}"), data)));
        self.open.push(folder.to_owned());
        for dependency in declared {
            let Some(path) = dependency.repository.strip_prefix("file://") else {
                continue;
            };
            if present.iter().any(|file| is_of(file, &dependency.name)) {
                continue;
            }
            let Some(target) = cleaned(&format!("{folder}/{path}")).filter(|_| !path.starts_with('/')) else {
                let message = format!("directory {path} not found");
                let remedy = "a `file://` address is a path relative to the chart, inside its repository";
                return Err(vec![error(&format!("{prefix}Chart.yaml"), dependency.pos.line, message, remedy)]);
            };
            if !self.tree.contains_key(&format!("{target}/Chart.yaml")) {
                let message = format!("directory {target} not found");
                return Err(vec![error(
                    &format!("{prefix}Chart.yaml"),
                    dependency.pos.line,
                    message,
                    "is the path right?",
                )]);
            }
            self.collect(&target, &format!("{at}charts/{}/", dependency.name), files)?;
        }
        self.open.pop();
        Ok(())
    }
}

fn error(file: &str, line: u32, message: String, remedy: &'static str) -> LoadError {
    LoadError { file: file.to_owned(), line, message, remedy: Some(remedy) }
}

/// The dependencies that a folder declares; a folder that cannot be read has none, which loading it will tell.
fn declared(files: &BTreeMap<String, Arc<[u8]>>) -> Vec<Dependency> {
    let read = |name: &str| {
        let root = crate::yaml::first_document(files.get(name)?, 0).ok()?;
        Some(crate::metadata::decode(&root).metadata.dependencies)
    };
    let mut all = read("Chart.yaml").unwrap_or_default();
    all.extend(read("requirements.yaml").unwrap_or_default());
    all
}

/// Whether a path in `charts/` belongs to a chart of this name: its folder or an archive of one of its versions.
fn is_of(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| {
        rest.starts_with('/')
            || rest.strip_prefix('-').is_some_and(|rest| has_extension(rest, "tgz") && !rest.contains('/'))
    })
}
