//! Records the fields of Kubernetes' protobuf messages as a table, for decoding request bodies.
//!
//! The facts come from two places in the module cache of the oracle: `generated.proto` has each message's field
//! numbers and types; the Go sources beside it have what protobuf cannot say, which is how the same field stands in
//! JSON. Comments are not recorded.
//!
//! The table is `{"groupVersions": {"apps/v1": "k8s.io.api.apps.v1"}, "messages": {NAME: [[number, json, type, flags]]}}`.
//! `type` is a protobuf scalar or the full name of a message; for a map (whose keys are strings) the type of its values.

mod gotags;
mod parse;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::failure::{At, Failure, output, say};
use crate::schema;

/// The field is a list.
const REPEATED: u32 = 1;
/// The field is a map with string keys.
const MAP: u32 = 2;
/// The fields of this message stand directly in the JSON object around it.
const INLINE: u32 = 4;
/// The whole message is, in JSON, just the list in this field.
const LIST: u32 = 8;
/// A pointer in Go: a zero value that is present means zero, not absent.
const POINTER: u32 = 16;
/// Left out of JSON when it is zero and no pointer.
const OMIT_EMPTY: u32 = 32;

/// The modules of the oracle whose messages appear in request bodies.
const MODULES: [&str; 4] =
    ["k8s.io/api", "k8s.io/apimachinery", "k8s.io/apiextensions-apiserver", "k8s.io/kube-aggregator"];

/// Writes `crates/controlplane/data/proto-1.36.json.gz`.
pub(crate) fn record(root: &Path) -> Result<(), Failure> {
    let oracle = root.join("tools/oracle/kubernetes");
    let mut messages = BTreeMap::new();
    let mut group_versions = BTreeMap::new();
    for module in MODULES {
        let mut list = Command::new("go");
        list.args(["list", "-m", "-f", "{{.Dir}}", module]).current_dir(&oracle);
        let folder = PathBuf::from(output(&mut list)?.trim());
        for file in generated(&folder)? {
            read_package(&file, &mut messages, &mut group_versions)?;
        }
    }
    let count = messages.len();
    let table = json!({ "groupVersions": group_versions, "messages": messages });
    let path = root.join(schema::DATA).join("proto-1.36.json.gz");
    let size = schema::write(&path, &table)?;
    say(&format!("{count} messages, {size} bytes: {}", path.display()));
    Ok(())
}

/// Every `generated.proto` below a folder, in the order of their paths.
fn generated(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).at(&folder)? {
            let path = entry.at(&folder)?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| name == "generated.proto") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read_package(
    file: &Path,
    messages: &mut BTreeMap<String, Value>,
    group_versions: &mut BTreeMap<String, String>,
) -> Result<(), Failure> {
    let text = fs::read_to_string(file).at(file)?;
    let package = parse::package(&text).map_err(|why| Failure::Form(format!("{}: {why}", file.display())))?;
    let folder = file.parent().unwrap_or(file);
    let go = gotags::read(folder)?;
    if let (Some(group), Some(version)) = (&go.group, folder.file_name()) {
        let version = version.to_string_lossy();
        let name = if group.is_empty() { version.into_owned() } else { format!("{group}/{version}") };
        group_versions.insert(name, package.name.clone());
    }
    for message in package.messages {
        let fields = message.fields.iter().map(|field| row(&message.name, field, &go));
        messages.insert(format!("{}.{}", package.name, message.name), fields.collect());
    }
    Ok(())
}

fn row(message: &str, field: &parse::Field, go: &gotags::Package) -> Value {
    let tag = go.tags.get(&(message.to_owned(), field.number));
    let mut flags = 0;
    let mut set = |flag: u32, on: bool| flags |= if on { flag } else { 0 };
    set(REPEATED, field.repeated);
    set(MAP, field.map);
    set(LIST, go.lists.contains(message));
    set(INLINE, tag.is_some_and(|tag| tag.inline));
    set(POINTER, tag.is_some_and(|tag| tag.pointer));
    set(OMIT_EMPTY, tag.is_some_and(|tag| tag.omit_empty));
    let name = tag.and_then(|tag| tag.json.as_deref()).unwrap_or(&field.name);
    json!([field.number, name, field.kind, flags])
}
