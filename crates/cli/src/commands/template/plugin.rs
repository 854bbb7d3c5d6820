//! `--post-renderer`: the name of one of helm's plugins, found as helm finds it.

use std::fs;
use std::path::Path;

use goyaml::ParseOptions;

use crate::chart;
use crate::failure::Failure;

/// The kind of plugin that renders after helm.
const TYPE: &str = "postrenderer/v1";

/// Refuses a post-renderer: one that is not there in helm's words, one that is there because it would have to be run.
pub(super) fn refuse(name: &str) -> Failure {
    let folder = chart::plugins();
    if has(&folder, name) {
        return Failure::usage(format!("running the plugin {name:?} for --post-renderer is not supported yet"))
            .hint("pipe the output into the plugin's program");
    }
    let message = format!("plugin: {{Name:{name} Type:{TYPE}}} not found");
    Failure::usage(format!("invalid argument {name:?} for \"--post-renderer\" flag: {message}"))
        .hint(format!("helm's plugins are looked for in {}; it takes no program's path", folder.display()))
}

/// Whether one of the folders of plugins, with colons between them, has such a plugin.
fn has(folders: &Path, name: &str) -> bool {
    let folders = std::env::split_paths(folders).filter_map(|folder| fs::read_dir(folder).ok());
    folders.flatten().flatten().any(|plugin| is_named(&plugin.path().join("plugin.yaml"), name))
}

/// Whether a file describes the plugin; one that cannot be read does not, as for helm.
fn is_named(file: &Path, name: &str) -> bool {
    const MAX_BYTES: u64 = 1 << 20;
    let Ok(text) = chart::bounded(file, MAX_BYTES) else { return false };
    let document = goyaml::parse_first(&String::from_utf8_lossy(&text), &ParseOptions::default());
    let Ok(Some(document)) = document else { return false };
    let field = |key: &str| document.value.str_at(&[key]);
    field("name") == Some(name) && field("type") == Some(TYPE)
}
