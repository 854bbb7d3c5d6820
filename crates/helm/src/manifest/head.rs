//! The few fields of a manifest that Helm reads.

mod lines;
mod plain;
mod scalar;

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::{Kind, ParseOptions, Value};

use crate::yaml::{field, json_kind};

/// What kind of object a document holds, and the annotations that are Helm's own.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) api_version: Arc<str>,
    pub(super) kind: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Head {
    /// Reads the document as `sigs.k8s.io/yaml` reads it into a struct of these fields.
    ///
    /// # Errors
    /// Its words.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        plain::read(text).map_or_else(|| Self::parse(text), Ok)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let options = ParseOptions::sigs();
        let document = goyaml::parse_first(text, &options).map_err(|errors| {
            let text = errors.first().map(goyaml::YamlError::go_text).unwrap_or_default();
            format!("error converting YAML to JSON: {text}")
        })?;
        let Some(document) = document else {
            return Ok(Self::default());
        };
        Self::of(&document.value).map_err(|message| format!("error unmarshaling JSON: while decoding JSON: {message}"))
    }

    fn of(value: &Value) -> Result<Self, String> {
        let mut head = Self::default();
        if value.is_null() {
            return Ok(head);
        }
        if value.as_map().is_none() {
            return Err(format!("json: cannot unmarshal {} into Go value of type util.SimpleHead", json_kind(value)));
        }
        head.api_version = text(value, "apiVersion", "SimpleHead.apiVersion")?;
        head.kind = text(value, "kind", "SimpleHead.kind")?;
        let Some(metadata) = field(value, "metadata").filter(|value| !value.is_null()) else {
            return Ok(head);
        };
        if metadata.as_map().is_none() {
            return Err(format!(
                "json: cannot unmarshal {} into Go struct field SimpleHead.metadata of type struct {{ Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }}",
                json_kind(metadata)
            ));
        }
        head.name = text(metadata, "name", ".metadata.name")?;
        let Some(annotations) = field(metadata, "annotations").filter(|value| !value.is_null()) else {
            return Ok(head);
        };
        let place = ".metadata.annotations";
        let Some(annotations) = annotations.as_map() else {
            let kind = json_kind(annotations);
            return Err(format!(
                "json: cannot unmarshal {kind} into Go struct field {place} of type map[string]string"
            ));
        };
        for (key, value) in annotations.iter() {
            let value = scalar(value, place)?;
            if Self::is_read(key) {
                head.annotations.insert(key.to_owned(), value);
            }
        }
        Ok(head)
    }

    /// Whether an annotation of this name is looked at.
    fn is_read(key: &str) -> bool {
        key.starts_with("helm.sh/")
    }
}

fn text(value: &Value, name: &str, place: &str) -> Result<Arc<str>, String> {
    field(value, name).map_or(Ok("".into()), |value| scalar(value, place).map(Into::into))
}

/// Numbers and truth values become text.
fn scalar(value: &Value, place: &str) -> Result<String, String> {
    Ok(match value.kind() {
        Kind::Null => String::new(),
        Kind::String(text) => text.to_string(),
        Kind::List(_) | Kind::Map(_) => {
            let kind = json_kind(value);
            return Err(format!("json: cannot unmarshal {kind} into Go struct field {place} of type string"));
        }
        _ => goyaml::json::to_go_string(value),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Head, plain};

    /// What the quick way reads, the YAML reader reads too.
    fn check(text: &str) -> bool {
        let quick = plain::read(text);
        if let Some(quick) = &quick {
            assert_eq!(Head::parse(text).as_ref(), Ok(quick), "{text}");
        }
        quick.is_some()
    }

    fn recorded(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the tests") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                recorded(&path, found);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                found.extend(crate::manifest::split(&text, crate::HelmCompat::V4_1).into_iter().map(str::to_owned));
            }
        }
    }

    #[test]
    fn what_is_written_plainly_is_read_without_a_tree() {
        let plainly = [
            "",
            "# only words",
            "a:\n  {}\nb:\n- \"c.d/e\": []\n  'f': g\n",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    helm.sh/hook: pre-install, test\n",
            "kind: List\nitems:\n- kind: A\n  list:\n  - a\n  - - b\n    - c: |\n        x\n      d: []\n- 'a: b'\nmetadata:\n",
            "kind: A\nmetadata:\n  name: \"b\" # c\nspec:\n  args: [\"a\", b, \"c\\n\"] # d\n  e: >-\n\n    f\n\n  g: {}\n",
            "kind: A\nroleRef: {kind: Role, name: b} # c\nports: [{name: a, port: 5672}, {b: {c: [\"d\", 1], e: {}}}]\n",
            "list:\n- {name: MODE, value: \"full\"}\n- [ a , b ]\n",
        ];
        for text in plainly {
            assert!(check(text), "{text}");
        }
        let not = [
            "kind: &a A",
            "kind: *a",
            "kind: !!str A",
            "kind: A\n  B",
            "kind: A\n b: c",
            "kind: 'A'x",
            "kind: yes",
            "- a",
            "kind: A\nkind: B",
            "Kind: A",
            "kind: [A",
            "kind: a: b",
            "kind: A\nx: .inf",
            "x: 1e999",
            "a: |2\n  b",
            "\ta: b",
            "metadata:\n- a",
            "metadata:\n  []",
            "metadata:\n  {name: a}",
            "metadata: {name: a}",
            "a: {b: c",
            "a: {b: *c}",
            "a: {b}",
            "metadata:\n  annotations:\n    []",
            "a:\n  {}\n  b: c",
            "a:\n  b",
            "metadata:\n  annotations:\n  - a",
            "metadata:\n  annotations:\n    a:\n      b: c",
            "a: |\n    \n  b",
            "a:\n  b: 1\n c: 2",
            "a: 1\n- b",
            "a: \u{7f}",
            "# a\n  b: 1\nc: 2",
            "yes: 1",
            "1: a",
            "<<: a",
            "? a",
            "%YAML 1.1",
            "...",
            "a: @b",
            "---\na: b",
        ];
        for text in not {
            assert!(!check(text), "{text}");
        }
    }

    #[test]
    fn the_quick_way_agrees_with_the_reader_on_changed_documents() {
        let mut documents = Vec::new();
        recorded(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"), &mut documents);
        // Templates and error texts are among them, which are not written plainly.
        assert!(documents.iter().filter(|text| check(text)).count() > 100);
        let pieces = [
            "",
            " ",
            "  ",
            "\n",
            "\t",
            ":",
            ": ",
            "- ",
            "#",
            " #",
            "'",
            "\"",
            "\\",
            "|",
            ">",
            "&a",
            "*a",
            "!",
            "[",
            "]",
            "{",
            "}",
            ",",
            "y",
            "-",
            "~",
            "e",
            "1",
            ".",
            "metadata:\n",
            "annotations:",
            "name: x",
            "kind:",
            "\n\n",
            "\n  ",
            "\u{e9}",
            "\r",
        ];
        let mut seed = 1_u64;
        let mut chance = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).expect("31 bits") % below.max(1)
        };
        for document in documents.iter().filter(|text| text.len() < 4_000 && text.is_ascii()) {
            for _ in 0..20 {
                let (at, cut) = (chance(document.len()), chance(4));
                let end = (at + cut).min(document.len());
                check(&format!("{}{}{}", &document[..at], pieces[chance(pieces.len())], &document[end..]));
            }
        }
    }
}
