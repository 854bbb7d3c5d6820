//! The digest of `Chart.lock`.

use std::fmt::Write;

use goyaml::Value;
use goyaml::json::to_go_string;
use sha2::{Digest, Sha256};

use crate::metadata::Dependency;

/// What `Chart.lock` carries as `digest` for these dependencies, as declared and as resolved. It shows whether
/// `Chart.yaml` was changed since the lock was made.
pub fn lock_digest(declared: &[Dependency], resolved: &[Dependency]) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("[{},{}]", list(declared), list(resolved)));
    let mut digest = String::from("sha256:");
    for byte in hash.finalize() {
        // Writing into a String does not fail.
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

fn list(dependencies: &[Dependency]) -> String {
    format!("[{}]", dependencies.iter().map(object).collect::<Vec<_>>().join(","))
}

/// Fields in the order of Helm's type; what lies below them in the order of Go's maps.
fn object(dependency: &Dependency) -> String {
    let fields = dependency.to_value();
    let entries = fields.as_map().into_iter().flat_map(goyaml::Map::iter);
    let entries: Vec<String> =
        entries.map(|(key, value)| format!("{}:{}", to_go_string(&Value::from(key)), to_go_string(value))).collect();
    format!("{{{}}}", entries.join(","))
}
