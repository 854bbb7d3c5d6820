//! What Flux adds to a directory before it is built: a kustomization where there is none, and the fields of the
//! Kustomization.

use goyaml::{Map, Value};
use kustomize::{EntryKind, Files};

use crate::Diagnostic;

/// Names a kustomization file may have.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Folders below a directory that are searched for manifests.
const MAX_DEPTH: usize = 64;

/// Manifests that one directory without a kustomization may have.
const MAX_FILES: usize = 20_000;

/// The kustomization that is laid over the one in `dir`, or stands in for it.
pub(crate) fn overlay(files: &dyn Files, dir: &str, spec: &Value) -> Result<Value, Vec<Diagnostic>> {
    let mut overlay = Map::new();
    if !has_kustomization(files, dir) {
        let resources = scan(files, dir)?;
        overlay.insert("resources", resources.into_iter().map(Value::from).collect::<Value>());
    }
    for (from, to) in [("targetNamespace", "namespace"), ("namePrefix", "namePrefix"), ("nameSuffix", "nameSuffix")] {
        if let Some(value) = spec.get(from).filter(|value| !value.is_null()) {
            overlay.insert(to, value.clone());
        }
    }
    if let Some(patches) = spec.get("patches").and_then(Value::as_list) {
        overlay.insert("patches", patches.iter().map(|patch| keep(patch, &["patch", "target"])).collect::<Value>());
    }
    older_patches(spec, &mut overlay);
    if let Some(images) = spec.get("images").and_then(Value::as_list) {
        let fields = ["name", "newName", "newTag", "digest"];
        overlay.insert("images", images.iter().map(|image| keep(image, &fields)).collect::<Value>());
    }
    overlay.insert("components", components(files, dir, spec)?);
    if let Some(options) =
        spec.get("buildMetadata").filter(|value| value.as_list().is_some_and(|list| !list.is_empty()))
    {
        overlay.insert("buildMetadata", options.clone());
    }
    Ok(overlay.into())
}

/// The patches of Kustomizations before v1: objects where a kustomization has texts.
fn older_patches(spec: &Value, overlay: &mut Map) {
    let text = |value: &Value| Value::from(goyaml::json::to_string(value)).with_pos(value.pos());
    if let Some(patches) = spec.get("patchesStrategicMerge").and_then(Value::as_list) {
        overlay.insert("patchesStrategicMerge", patches.iter().map(text).collect::<Value>());
    }
    if let Some(patches) = spec.get("patchesJson6902").and_then(Value::as_list) {
        let patch = |entry: &Value| {
            let operations = entry.get("patch").map(|patch| ("patch".to_owned(), text(patch)));
            let target = entry.get("target").map(|target| ("target".to_owned(), target.clone()));
            Value::from(operations.into_iter().chain(target).collect::<Map>()).with_pos(entry.pos())
        };
        overlay.insert("patchesJson6902", patches.iter().map(patch).collect::<Value>());
    }
}

fn keep(entry: &Value, fields: &[&str]) -> Value {
    let kept: Map = fields.iter().filter_map(|field| Some((*field, entry.get(field)?.clone()))).collect();
    Value::from(kept).with_pos(entry.pos())
}

fn components(files: &dyn Files, dir: &str, spec: &Value) -> Result<Value, Vec<Diagnostic>> {
    let ignore_missing = spec.get("ignoreMissingComponents").and_then(Value::as_bool).unwrap_or_default();
    let (mut kept, mut errors) = (Vec::new(), Vec::new());
    for component in spec.get("components").and_then(Value::as_list).unwrap_or_default() {
        let path = component.as_str().unwrap_or_default();
        if path.starts_with('/') || path.contains("://") || path.starts_with("git@") || path.starts_with("github.com/")
        {
            errors.push(Diagnostic {
                message: format!("component path '{path}' must be local and relative"),
                line: component.pos().line,
                ..Diagnostic::default()
            });
        } else if !ignore_missing || normalise(dir, path).is_some_and(|path| files.kind(&path).is_some()) {
            kept.push(Value::from(path));
        }
    }
    if errors.is_empty() { Ok(kept.into()) } else { Err(errors) }
}

/// Joins a relative path to a directory; `None` if it leads out of the tree.
pub(crate) fn normalise(dir: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn has_kustomization(files: &dyn Files, dir: &str) -> bool {
    kustomization_file(files, dir).is_some()
}

/// The kustomization of a directory.
pub(crate) fn kustomization_file(files: &dyn Files, dir: &str) -> Option<String> {
    KUSTOMIZATIONS.iter().map(|name| join(dir, name)).find(|path| files.kind(path) == Some(EntryKind::File))
}

fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

/// All manifests below a directory, and directories with a kustomization of their own, in the order of their paths.
fn scan(files: &dyn Files, dir: &str) -> Result<Vec<String>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    walk(files, dir, "", &mut found, 0).map_err(|error| vec![error])?;
    Ok(found)
}

fn walk(files: &dyn Files, root: &str, below: &str, found: &mut Vec<String>, depth: usize) -> Result<(), Diagnostic> {
    let dir = if below.is_empty() { root.to_owned() } else { join(root, below) };
    if depth > MAX_DEPTH || found.len() > MAX_FILES {
        let message =
            format!("more than {MAX_DEPTH} levels or {MAX_FILES} manifests below a directory without a kustomization");
        return Err(Diagnostic { file: dir, message, ..Diagnostic::default() });
    }
    for name in files.list(&dir) {
        let path = if below.is_empty() { name.clone() } else { join(below, &name) };
        match files.kind(&join(root, &path)) {
            Some(EntryKind::Dir) if has_kustomization(files, &join(root, &path)) => found.push(path),
            Some(EntryKind::Dir) => walk(files, root, &path, found, depth + 1)?,
            Some(EntryKind::File) if is_manifest(&name) => found.push(path),
            _ => {}
        }
    }
    Ok(())
}

fn is_manifest(name: &str) -> bool {
    matches!(name.rsplit_once('.'), Some((_, "yaml" | "yml")))
}
