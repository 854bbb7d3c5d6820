//! Objects that are declared twice.

use std::collections::HashMap;

use object::{Object, ObjectKey};

use crate::{Cluster, Finding, Rule, Unit};

/// Finds objects that several Kustomizations of a cluster hold, or one holds twice.
pub(crate) fn check(cluster: &Cluster) -> Vec<Finding> {
    let mut seen: HashMap<ObjectKey, (&Unit, &Object)> = HashMap::new();
    let mut found = Vec::new();
    for unit in &cluster.units {
        for object in &unit.objects {
            let Some((other, first)) = seen.insert(object.key(), (unit, object)) else { continue };
            let message = format!(
                "{} is declared twice: here, by {}, and in {}, by {}",
                object.key(),
                unit.key,
                other.place_shown(first),
                other.key
            );
            let hint = "Remove one of them: they would undo each other's work.";
            found.push(unit.at(object, &object.value, Rule::DeclaredTwice, message).hint(hint));
        }
    }
    found
}
