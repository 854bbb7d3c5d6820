//! The variables of `postBuild`, as far as the repository tells them.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use goyaml::{Kind, Value};
use object::{Object, ObjectKey};
use render::{KustomizationRequest, envsubst};

use crate::fields::items;
use crate::{Finding, Rule};

/// What a variable is set to whose value only the cluster knows.
const UNKNOWN: &str = "unknown";

/// `ConfigMaps` and `Secrets` that variables are read from.
#[derive(Default)]
pub(crate) struct Sources(BTreeMap<(String, String, String), Option<BTreeMap<String, String>>>);

/// A source of variables that the repository does not hold, or not readably.
struct Missing {
    kind: String,
    name: String,
    line: u32,
    is_encrypted: bool,
}

/// The variables of one Kustomization.
pub(crate) struct Variables {
    known: BTreeMap<String, String>,
    missing: Vec<Missing>,
    namespace: String,
}

impl Sources {
    /// Keeps an object that may be asked for.
    pub(crate) fn add(&mut self, object: &Object) {
        let gvk = object.gvk();
        if gvk.group.is_empty() && matches!(gvk.kind.as_str(), "ConfigMap" | "Secret") {
            let key = (gvk.kind, object.namespace().to_owned(), object.name().to_owned());
            self.0.insert(key, texts(&object.value));
        }
    }

    /// What a spec asks for; inline values win.
    pub(crate) fn variables(&self, spec: &Value, namespace: &str) -> Variables {
        let mut variables = Variables { known: BTreeMap::new(), missing: Vec::new(), namespace: namespace.to_owned() };
        for reference in items(spec, &["postBuild", "substituteFrom"]) {
            let text = |field: &str| reference.str_at(&[field]).unwrap_or_default().to_owned();
            let (kind, name) = (text("kind"), text("name"));
            match self.0.get(&(kind.clone(), namespace.to_owned(), name.clone())) {
                Some(Some(texts)) => variables.known.extend(texts.clone()),
                None if reference.get("optional").and_then(Value::as_bool) == Some(true) => {}
                found => {
                    let missing = Missing { kind, name, line: reference.pos().line, is_encrypted: found.is_some() };
                    variables.missing.push(missing);
                }
            }
        }
        let inline = spec.at(&["postBuild", "substitute"]).and_then(Value::as_map);
        for (name, value) in inline.into_iter().flat_map(goyaml::Map::iter) {
            variables.known.insert(name.to_owned(), object::diff::scalar_text(value));
        }
        variables
    }
}

impl Variables {
    /// Whether all of their sources were found.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// The `ConfigMaps` that are missing. A Secret may be made by hand.
    pub(crate) fn findings(&self, key: &ObjectKey, place: &str) -> Vec<Finding> {
        let maps = self.missing.iter().filter(|missing| missing.kind != "Secret");
        maps.map(|missing| Finding {
            file: place.to_owned(),
            line: missing.line,
            rule: Rule::MissingReference,
            message: format!(
                "{key}: substituteFrom names the {} {}/{}, which is not in this repository",
                missing.kind, self.namespace, missing.name
            ),
            hint: Some("Add it where the Kustomizations of the cluster come from, or say optional: true.".to_owned()),
        })
        .collect()
    }

    /// The Secrets whose values only the cluster knows.
    pub(crate) fn notes(&self, key: &ObjectKey) -> Vec<String> {
        let secrets = self.missing.iter().filter(|missing| missing.kind == "Secret");
        secrets
            .map(|missing| {
                let why = if missing.is_encrypted { "is encrypted" } else { "is not in this repository" };
                format!("{key}: the values of the Secret {}/{} are not known: it {why}", self.namespace, missing.name)
            })
            .collect()
    }

    /// All that a render needs: where only the cluster knows some values, every other variable that occurs is set too.
    pub(crate) fn complete(self, request: &KustomizationRequest<'_>) -> BTreeMap<String, String> {
        let mut known = self.known;
        if self.missing.is_empty() {
            return known;
        }
        let mut spec = request.spec.clone();
        spec.remove_at(&["postBuild"]);
        let plain = KustomizationRequest {
            tree: request.tree,
            path: request.path,
            spec: &spec,
            place: request.place,
            variables: BTreeMap::new(),
            strict: false,
            remote: request.remote.clone(),
            decryption: None,
        };
        let rendered = render::trace(&plain).unwrap_or_default();
        let mut names = BTreeSet::new();
        rendered.objects.iter().for_each(|object| gather(&object.value, &mut names));
        for name in names {
            known.entry(name).or_insert_with(|| UNKNOWN.to_owned());
        }
        known
    }
}

/// The names of all variables in a value.
fn gather(value: &Value, names: &mut BTreeSet<String>) {
    match value.kind() {
        Kind::String(text) => names.extend(envsubst::names(text)),
        Kind::List(items) => items.iter().for_each(|item| gather(item, names)),
        Kind::Map(map) => {
            for (key, child) in map.iter() {
                names.extend(envsubst::names(key));
                gather(child, names);
            }
        }
        _ => {}
    }
}

/// The texts of a ConfigMap or Secret; `None` if they are encrypted.
fn texts(value: &Value) -> Option<BTreeMap<String, String>> {
    if value.at(&["sops", "mac"]).is_some() {
        return None;
    }
    let is_secret = value.str_at(&["kind"]) == Some("Secret");
    let data = value.get("data").and_then(Value::as_map).into_iter().flat_map(goyaml::Map::iter);
    let text = |(key, value): (&str, &Value)| {
        let text = object::diff::scalar_text(value);
        (key.to_owned(), if is_secret { decoded(&text) } else { text })
    };
    Some(data.map(text).collect())
}

/// The text behind the value of a Secret.
pub(crate) fn decoded(text: &str) -> String {
    let joined: String = text.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(joined).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
