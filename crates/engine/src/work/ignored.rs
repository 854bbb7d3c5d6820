//! `spec.ignore`: which fields of which objects are left to others.

use std::collections::HashMap;

use api::{IgnoreRule, KustomizationSpec};
use apply::Pointer;
use kustomize::{TargetSelector, TargetText};
use object::{Object, ObjectKey};

/// The fields of each object that are left to others; an error names everything that is wrong with the rules.
pub(super) fn of(spec: &KustomizationSpec, objects: &[Object]) -> Result<HashMap<ObjectKey, Vec<Pointer>>, String> {
    let (mut rules, mut wrong) = (Vec::new(), Vec::new());
    for (place, rule) in spec.ignore.iter().enumerate() {
        match read(rule) {
            Ok(rule) => rules.push(rule),
            Err(why) => wrong.extend(why.into_iter().map(|why| format!("spec.ignore[{place}].{why}"))),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    let mut ignored: HashMap<ObjectKey, Vec<Pointer>> = HashMap::new();
    for (target, pointers) in &rules {
        for object in objects.iter().filter(|object| target.selects(&object.value)) {
            ignored.entry(object.key()).or_default().extend(pointers.iter().cloned());
        }
    }
    Ok(ignored)
}

fn read(rule: &IgnoreRule) -> Result<(TargetSelector, Vec<Pointer>), Vec<String>> {
    let pointers = rule.paths.iter().map(|path| Pointer::parse(path).map_err(|why| format!("paths: {why}")));
    let (pointers, wrong): (Vec<_>, Vec<_>) = pointers.partition(Result::is_ok);
    let mut wrong: Vec<String> = wrong.into_iter().filter_map(Result::err).collect();
    let target = rule.target.as_ref().map_or_else(|| Ok(TargetSelector::default()), target);
    let target = target.unwrap_or_else(|why| {
        wrong.extend(why.into_iter().map(|why| format!("target.{why}")));
        TargetSelector::default()
    });
    if wrong.is_empty() { Ok((target, pointers.into_iter().flatten().collect())) } else { Err(wrong) }
}

fn target(written: &api::PatchSelector) -> Result<TargetSelector, Vec<String>> {
    TargetSelector::parse(&TargetText {
        group: written.group.as_deref().unwrap_or(""),
        version: written.version.as_deref().unwrap_or(""),
        kind: written.kind.as_deref().unwrap_or(""),
        namespace: written.namespace.as_deref().unwrap_or(""),
        name: written.name.as_deref().unwrap_or(""),
        label_selector: written.label_selector.as_deref().unwrap_or(""),
        annotation_selector: written.annotation_selector.as_deref().unwrap_or(""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_told() {
        let rules = serde_json::json!([
            {"paths": ["/spec/replicas"], "target": {"kind": "Deployment"}},
            {"paths": ["spec", "/ok"], "target": {"name": "("}},
        ]);
        let spec = KustomizationSpec { ignore: serde_json::from_value(rules).expect("rules"), ..Default::default() };
        let why = of(&spec, &[]).expect_err("is wrong");
        assert!(why.contains("spec.ignore[1].paths: 'spec' is not a JSON pointer"), "{why}");
        assert!(why.contains("spec.ignore[1].target.name: '(' is not a regular expression"), "{why}");
    }
}
