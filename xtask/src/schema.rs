//! Records what the real API server publishes about its API: OpenAPI v3 and discovery, as data of our own server.
//!
//! The layout of the file is `{"version": …, "openapi": {"/openapi/v3": …, "apis/apps/v1": …}, "discovery": {PATH: …}}`;
//! the aggregated discovery documents stand under `aggregated:/api` and `aggregated:/apis`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use flate2::{Compression, GzBuilder};
use serde_json::Value;

use crate::failure::{At, Failure, run, say};

/// Where the recordings live in the repository.
pub(crate) const DATA: &str = "crates/controlplane/data";

/// Writes `crates/controlplane/data/schema-1.36.json.gz` from a fresh real API server.
pub(crate) fn record(root: &Path) -> Result<(), Failure> {
    let raw = std::env::temp_dir().join(format!("setpoint-schema-{}.json", std::process::id()));
    let mut command = Command::new("cargo");
    command
        .current_dir(root)
        .args(["run", "--quiet", "-p", "setpoint-testkit", "--bin", "real-apiserver", "--", "record"])
        .arg(&raw);
    let recorded = run(&mut command).and_then(|()| fs::read(&raw).at(&raw));
    // Nothing is lost where a file of the temporary folder stays behind.
    let _ = fs::remove_file(&raw);
    let mut document: Value =
        serde_json::from_slice(&recorded?).map_err(|why| Failure::Form(format!("the recording is not JSON: {why}")))?;
    strip(&mut document["openapi"], Place::Keywords);
    document.sort_all_objects();
    let path = root.join(DATA).join("schema-1.36.json.gz");
    let size = write(&path, &document)?;
    say(&format!("{size} bytes: {}", path.display()));
    Ok(())
}

/// Writes a document as compact JSON with sorted keys, compressed the same on every machine. Returns its size in bytes.
pub(crate) fn write(path: &Path, document: &Value) -> Result<usize, Failure> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).at(folder)?;
    // No name and no time in the header: the same document gives the same file.
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    gzip.write_all(document.to_string().as_bytes()).at(path)?;
    let bytes = gzip.finish().at(path)?;
    fs::write(path, &bytes).at(path)?;
    Ok(bytes.len())
}

/// What the keys of an object are: keywords of OpenAPI, or names that somebody chose.
#[derive(Clone, Copy)]
enum Place {
    Keywords,
    Names,
}

/// Removes every `description` keyword; a property or schema that is called so stays.
fn strip(value: &mut Value, place: Place) {
    match value {
        Value::Object(map) => {
            if matches!(place, Place::Keywords) {
                map.retain(|key, inner| key != "description" || !inner.is_string());
            }
            for (key, inner) in map {
                strip(inner, below(place, key));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, Place::Keywords)),
        _ => {}
    }
}

fn below(place: Place, key: &str) -> Place {
    let named =
        matches!(key, "properties" | "schemas" | "patternProperties" | "definitions" | "parameters" | "responses");
    match place {
        Place::Keywords if named => Place::Names,
        _ => Place::Keywords,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Place, strip};

    #[test]
    fn a_property_called_description_stays() {
        let mut document = json!({
            "description": "gone",
            "properties": {"description": {"type": "string", "description": "gone"}},
            "parameters": [{"name": "a", "description": "gone"}],
            "default": {"description": {"kept": 1}},
        });
        strip(&mut document, Place::Keywords);
        let expect = json!({
            "properties": {"description": {"type": "string"}},
            "parameters": [{"name": "a"}],
            "default": {"description": {"kept": 1}},
        });
        assert_eq!(document, expect);
    }
}
