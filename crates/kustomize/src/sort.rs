//! The order of the output.

use std::cmp::Ordering;

use crate::id::{Gvk, Id};
use crate::item::Item;
use crate::read::Sort;

/// Kinds that come first by default, in this order.
const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that come last by default, in this order.
const LAST: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sorts as `sortOptions` says, or else as the caller wants it.
pub(crate) fn sort(items: &mut [Item], options: Option<&Sort>, legacy: bool) {
    match options {
        Some(Sort::Legacy(Some((first, last)))) => {
            by_kind(
                items,
                &first.iter().map(String::as_str).collect::<Vec<_>>(),
                &last.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        }
        Some(Sort::Legacy(None)) => by_kind(items, FIRST, LAST),
        None if legacy => by_kind(items, FIRST, LAST),
        Some(Sort::Fifo) | None => {}
    }
}

/// The place of a kind among others, as kustomize sorts them by default.
pub(crate) fn kind_order(gvk: &Gvk) -> (i64, String) {
    let at = |kinds: &[&str]| kinds.iter().position(|kind| *kind == gvk.kind).and_then(|at| i64::try_from(at).ok());
    let first = at(FIRST).map(|at| at - i64::try_from(FIRST.len()).unwrap_or(0));
    (first.or_else(|| at(LAST).map(|at| at + 1)).unwrap_or(0), kind_key(gvk))
}

fn by_kind(items: &mut [Item], first: &[&str], last: &[&str]) {
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    // Of a kind that is named twice the last place counts.
    let rank = |kind: &str| {
        let at = |kinds: &[&str]| kinds.iter().rposition(|known| *known == kind).map(count);
        at(last).map(|at| at + 1).or_else(|| at(first).map(|at| at - count(first.len())))
    };
    items.sort_by_cached_key(|item| SortKey::of(item, rank));
}

#[derive(PartialEq, Eq)]
struct SortKey {
    rank: i64,
    /// Namespaces of the core group sort backwards, so that they come before those of other groups.
    backwards: bool,
    kind: String,
    id: String,
}

impl SortKey {
    fn of(item: &Item, rank: impl Fn(&str) -> Option<i64>) -> Self {
        let id = item.id();
        Self {
            rank: rank(&id.gvk.kind).unwrap_or(0),
            backwards: id.gvk.kind == "Namespace",
            kind: kind_key(&id.gvk),
            id: id_key(&id),
        }
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let kinds = self.kind.cmp(&other.kind);
        let kinds = if self.backwards && other.backwards { kinds.reverse() } else { kinds };
        self.rank.cmp(&other.rank).then(kinds).then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn or<'a>(text: &'a str, none: &'a str) -> &'a str {
    if text.is_empty() { none } else { text }
}

fn kind_key(gvk: &Gvk) -> String {
    format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K"))
}

fn id_key(id: &Id) -> String {
    format!("{}|{}|{}", id.gvk, or(&id.namespace, "~X"), or(&id.name, "~N"))
}
