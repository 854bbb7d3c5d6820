//! What waits for what: `dependsOn` of Kustomizations and of `HelmReleases`.

use std::collections::{BTreeMap, BTreeSet};

use goyaml::Value;
use object::{Object, ObjectKey};

use crate::fields::items;
use crate::{Cluster, Finding, HELM_GROUP, KUSTOMIZE_GROUP, Rule, Unit, follow};

/// One entry of a `dependsOn`.
struct Arrow<'a> {
    unit: &'a Unit,
    object: &'a Object,
    entry: &'a Value,
    to: ObjectKey,
}

/// Finds dependencies that are not there, and circles.
pub(crate) fn check(cluster: &Cluster) -> Vec<Finding> {
    let mut arrows: BTreeMap<ObjectKey, Vec<Arrow<'_>>> = BTreeMap::new();
    for unit in &cluster.units {
        for object in unit.objects.iter().filter(|object| can_wait(object)) {
            arrows.insert(object.key(), of(unit, object));
        }
    }
    arrows.entry(follow::kustomization(crate::ROOT, crate::ROOT)).or_default();
    let mut found = missing(&arrows, cluster);
    found.extend(circles(&arrows));
    found
}

fn can_wait(object: &Object) -> bool {
    let gvk = object.gvk();
    matches!((gvk.group.as_str(), gvk.kind.as_str()), (KUSTOMIZE_GROUP, "Kustomization") | (HELM_GROUP, "HelmRelease"))
}

fn of<'a>(unit: &'a Unit, object: &'a Object) -> Vec<Arrow<'a>> {
    let key = object.key();
    let arrow = |entry: &'a Value| {
        let name = entry.str_at(&["name"])?.to_owned();
        let namespace = entry.str_at(&["namespace"]).unwrap_or(&key.namespace).to_owned();
        Some(Arrow { unit, object, entry, to: ObjectKey { namespace, name, ..key.clone() } })
    };
    items(&object.value, &["spec", "dependsOn"]).filter_map(arrow).collect()
}

fn missing(arrows: &BTreeMap<ObjectKey, Vec<Arrow<'_>>>, cluster: &Cluster) -> Vec<Finding> {
    let is_declared = |key: &ObjectKey| {
        let declared = cluster.declared.iter().flatten();
        declared.into_iter().any(|(kind, name)| *kind == key.kind && *name == key.name)
    };
    let mut found = Vec::new();
    for arrow in arrows.values().flatten() {
        if arrows.contains_key(&arrow.to) || is_declared(&arrow.to) {
            continue;
        }
        let message = format!(
            "{} waits for {}, which is not in this repository: it would never start",
            arrow.object.key(),
            arrow.to
        );
        let near = arrows.keys().find(|key| key.kind == arrow.to.kind && key.name == arrow.to.name);
        let hint = match near {
            Some(near) => format!("There is {near}: name its namespace too."),
            None => "Correct the name, or take the entry out of dependsOn.".to_owned(),
        };
        let finding = arrow.unit.at(arrow.object, named(arrow.entry), Rule::Dependency, message);
        found.push(finding.hint(hint));
    }
    found
}

/// The name in an entry, which is what to change.
fn named(entry: &Value) -> &Value {
    entry.get("name").unwrap_or(entry)
}

/// One finding for each circle, at the entry that leads on from the first of it.
fn circles(arrows: &BTreeMap<ObjectKey, Vec<Arrow<'_>>>) -> Vec<Finding> {
    let (mut done, mut found) = (BTreeSet::new(), Vec::new());
    for start in arrows.keys() {
        let Some(circle) = circle(arrows, start, &mut done) else { continue };
        let names: Vec<String> = circle.iter().map(|arrow| arrow.object.key().to_string()).collect();
        let Some(first) = circle.first() else { continue };
        let message =
            format!("{} → {}: they wait for each other, so none of them ever starts", names.join(" → "), names[0]);
        let finding = first.unit.at(first.object, named(first.entry), Rule::Dependency, message);
        found.push(finding.hint("Take one of these entries out of dependsOn."));
    }
    found
}

/// A circle that is reached from a start, if nobody found it before. `done` are those that lead to no further one.
fn circle<'a, 'b>(
    arrows: &'b BTreeMap<ObjectKey, Vec<Arrow<'a>>>,
    start: &'b ObjectKey,
    done: &mut BTreeSet<&'b ObjectKey>,
) -> Option<Vec<&'b Arrow<'a>>> {
    // The way down to where we are: at each step the object and how many of its entries were gone along.
    let mut way: Vec<(&ObjectKey, usize)> = if done.contains(start) { Vec::new() } else { vec![(start, 0)] };
    let mut circle = None;
    while let Some((key, next)) = way.last_mut() {
        let Some(arrow) = arrows.get(*key).and_then(|all| all.get(*next)) else {
            done.insert(key);
            way.pop();
            continue;
        };
        *next += 1;
        if let Some(at) = way.iter().position(|(key, _)| **key == arrow.to) {
            let through = way[at..].iter().filter_map(|(key, next)| arrows.get(*key)?.get(next.checked_sub(1)?));
            circle = circle.or_else(|| Some(through.collect()));
        } else if let Some((to, _)) = arrows.get_key_value(&arrow.to).filter(|(to, _)| !done.contains(to)) {
            way.push((to, 0));
        }
    }
    circle
}
