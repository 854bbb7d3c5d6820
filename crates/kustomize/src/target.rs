//! Selecting objects outside of a build, by the rules of patch targets.

use goyaml::Value;
use regex::Regex;

use crate::scalar;
use crate::selector::{self, Requirement, Selector};

/// A target as it is written; an empty part accepts everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct TargetText<'a> {
    /// API group, as a regular expression for the whole of it, as `version`, `kind`, `namespace` and `name` are.
    pub group: &'a str,
    /// API version.
    pub version: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Labels, such as `app=web,tier in (a, b)`.
    pub label_selector: &'a str,
    /// Annotations, in the same form.
    pub annotation_selector: &'a str,
}

/// Which objects a rule is for.
#[derive(Clone, Debug, Default)]
pub struct TargetSelector(Selector);

impl TargetSelector {
    /// Reads a target. An error has one line for each part that cannot be read, beginning with the part's name.
    pub fn parse(text: &TargetText<'_>) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let mut pattern = |part: &str, text: &str| -> Option<Regex> {
            selector::anchored(text).unwrap_or_else(|why| {
                wrong.push(format!("{part}: {why}"));
                None
            })
        };
        let (group, version) = (pattern("group", text.group), pattern("version", text.version));
        let (kind, name) = (pattern("kind", text.kind), pattern("name", text.name));
        let namespace = pattern("namespace", text.namespace);
        let mut requirements = |part: &str, text: &str| -> Vec<Requirement> {
            selector::requirements(text).unwrap_or_else(|why| {
                wrong.push(format!("{part}: {why}"));
                Vec::new()
            })
        };
        let labels = requirements("labelSelector", text.label_selector);
        let annotations = requirements("annotationSelector", text.annotation_selector);
        let found = Self(Selector { group, version, kind, name, namespace, labels, annotations });
        if wrong.is_empty() { Ok(found) } else { Err(wrong) }
    }

    /// Whether an object is meant, by what it is called now.
    pub fn selects(&self, object: &Value) -> bool {
        let wanted = &self.0;
        let text = |path: &[&str]| object.str_at(path).unwrap_or("");
        let api_version = text(&["apiVersion"]);
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let parts = [
            (&wanted.group, group),
            (&wanted.version, version),
            (&wanted.kind, text(&["kind"])),
            (&wanted.namespace, text(&["metadata", "namespace"])),
            (&wanted.name, text(&["metadata", "name"])),
        ];
        parts.iter().all(|(pattern, text)| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text)))
            && selector::accepts(&wanted.labels, (object, "labels"), &scalar::text)
            && selector::accepts(&wanted.annotations, (object, "annotations"), &scalar::text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_count() {
        let object = br#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web-1","namespace":"a","labels":{"app":"web"}}}"#;
        let object = goyaml::json::parse(object).expect("JSON");
        let selects = |text: TargetText<'_>| TargetSelector::parse(&text).expect("a target").selects(&object);
        assert!(selects(TargetText::default()));
        assert!(selects(TargetText {
            group: "apps",
            version: "v1",
            kind: "Deploy.*",
            name: "web-.",
            namespace: "a|b",
            ..TargetText::default()
        }));
        assert!(selects(TargetText { label_selector: "app in (web, api)", ..TargetText::default() }));
        assert!(!selects(TargetText { name: "web", ..TargetText::default() }), "the whole name has to match");
        assert!(!selects(TargetText { label_selector: "!app", ..TargetText::default() }));
        assert!(!selects(TargetText { annotation_selector: "app", ..TargetText::default() }));
    }

    #[test]
    fn all_errors_are_told_at_once() {
        let text = TargetText { kind: "(", label_selector: "a b c", ..TargetText::default() };
        let wrong = TargetSelector::parse(&text).expect_err("is wrong");
        assert!(
            wrong.len() == 2 && wrong[0].starts_with("kind: ") && wrong[1].starts_with("labelSelector: "),
            "{wrong:?}"
        );
    }
}
