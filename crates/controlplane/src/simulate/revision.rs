//! `ControllerRevisions`: the templates of `StatefulSets` and `DaemonSets`, by number.

use goyaml::Value;

use super::Step;
use super::action::Action;
use super::kind::Kind;
use super::template;
use super::world::{World, at, number, text};
use crate::system;

pub(super) const LABEL: &str = "controller-revision-hash";
const HASH_LABEL: &str = "controller.kubernetes.io/hash";
const DEFAULT_LIMIT: i64 = 10;

/// The name of the revision of the present template, which is made if it is missing, and its hash.
pub(super) fn current(world: &World<'_>, kind: Kind, owner: &Value, step: &mut Step) -> (String, String) {
    let template = at(owner, "spec.template").cloned().unwrap_or_default();
    let hash = template::hash(&template, number(owner, "status.collisionCount"));
    let name = format!("{}-{hash}", text(owner, "metadata.name"));
    let mut known = world.controlled(Kind::Revision, owner);
    known.sort_by_key(|revision| number(revision, "revision"));
    let newest = known.last().map_or(0, |revision| number(revision, "revision"));
    match known.iter().find(|revision| text(revision, "metadata.name") == name) {
        Some(found) if number(found, "revision") < newest => {
            step.push(Action::edit(Kind::Revision, found, move |revision| {
                revision.set_at(&["revision"], newest + 1);
            }));
        }
        Some(_) => {}
        None => step.push(Action::Create(Kind::Revision, make(kind, owner, &template, (&name, &hash), newest + 1))),
    }
    let limit = at(owner, "spec.revisionHistoryLimit").and_then(Value::as_i64).unwrap_or(DEFAULT_LIMIT);
    let surplus = known.len().saturating_sub(usize::try_from(limit).unwrap_or(0) + 1);
    let used = [text(owner, "status.currentRevision"), text(owner, "status.updateRevision"), &name];
    let idle = |revision: &&Value| !used.contains(&text(revision, "metadata.name"));
    step.actions
        .extend(known.iter().take(surplus).filter(idle).map(|revision| Action::delete(Kind::Revision, revision)));
    (name, hash)
}

fn make(kind: Kind, owner: &Value, template: &Value, (name, hash): (&str, &str), number: i64) -> Value {
    let mut revision = system::object("apps/v1", "ControllerRevision", text(owner, "metadata.namespace"), name);
    if let Some(labels) = at(template, "metadata.labels") {
        revision.set_at(&["metadata", "labels"], labels.clone());
    }
    revision.set_at(&["metadata", "labels", if kind == Kind::DaemonSet { LABEL } else { HASH_LABEL }], hash);
    revision.set_at(&["metadata", "ownerReferences"], template::owned_by(kind, owner));
    revision.set_at(&["data", "spec", "template"], template.clone());
    revision.set_at(&["data", "spec", "template", "$patch"], "replace");
    revision.set_at(&["revision"], number);
    revision
}
