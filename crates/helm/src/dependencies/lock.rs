//! The digest of `Chart.lock`.

use std::fmt::Write;

use goyaml::{Map, Value};
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

/// Fields in the order of Helm's type, empty ones left out but for two.
fn object(dependency: &Dependency) -> String {
    let Dependency { name, version, repository, condition, tags, enabled, import_values, alias, .. } = dependency;
    let mut fields: Vec<(&str, Value)> = vec![("name", name.as_str().into())];
    let optional = |name, text: &String| (!text.is_empty()).then(|| (name, Value::from(text.as_str())));
    fields.extend(optional("version", version));
    fields.push(("repository", repository.as_str().into()));
    fields.extend(optional("condition", condition));
    if !tags.is_empty() {
        fields.push(("tags", tags.iter().map(|tag| Value::from(tag.as_str())).collect()));
    }
    if *enabled {
        fields.push(("enabled", true.into()));
    }
    if !import_values.is_empty() {
        fields.push(("import-values", import_values.clone().into()));
    }
    fields.extend(optional("alias", alias));
    let one = |(name, value): (&str, Value)| {
        let object = goyaml::json::to_go_string(&Map::from_iter([(name, value)]).into());
        object.trim_start_matches('{').strip_suffix('}').unwrap_or_default().to_owned()
    };
    format!("{{{}}}", fields.into_iter().map(one).collect::<Vec<_>>().join(","))
}
