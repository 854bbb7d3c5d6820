//! What may be deleted: an inventory against the new set, with a guard against slips.
//!
//! Deleting is decided here and nowhere else, without a cluster. A render that is empty, or loses more than half of
//! a big inventory, deletes nothing until somebody approves exactly this loss by its digest.

use std::collections::HashSet;
use std::fmt;

use object::{Entry, Inventory, ObjectKey, inventory, order};

use crate::record::Digest;

/// The annotation by which somebody approves a held prune; its value is [`Held::digest`].
pub const APPROVE_ANNOTATION: &str = "setpoint.dev/approve-prune";
/// Inventories from this size on are guarded against losing more than half.
pub const GUARDED_SIZE: usize = 10;
/// Kinds whose deletion destroys data, by group: guarded one by one under [`Policy::Data`].
const DATA_KINDS: [(&str, &str); 4] = [
    ("", "Namespace"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
];
/// Digits of the digest that somebody has to copy.
const DIGEST_LENGTH: usize = 12;

/// How careful to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Delete what is gone: for a delivery that is itself being deleted.
    Everything,
    /// Hold an empty render and one that loses more than half.
    #[default]
    Loss,
    /// As `Loss`, and hold volumes, claims, definitions and namespaces always.
    Data,
}

/// What is asked of [`decide`].
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What the delivery owns.
    pub inventory: &'a Inventory,
    /// What it wants now.
    pub wanted: &'a [ObjectKey],
    /// How careful to be.
    pub policy: Policy,
    /// The value of the approval annotation.
    pub approval: Option<&'a str>,
}

/// The decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prune {
    /// To be deleted, in this order.
    pub delete: Vec<Entry>,
    /// Kept until somebody approves.
    pub held: Option<Held>,
}

/// Deletions that wait for an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What would be deleted, in this order.
    pub entries: Vec<Entry>,
    /// Why it is held.
    pub why: String,
    /// What the approval has to say.
    pub digest: String,
}

/// Decides what of an inventory is deleted now.
pub fn decide(question: &Question<'_>) -> Prune {
    let wanted: HashSet<&ObjectKey> = question.wanted.iter().collect();
    let mut gone: Vec<Entry> =
        question.inventory.entries().iter().filter(|entry| !wanted.contains(&entry.key)).cloned().collect();
    gone.sort_by(|left, right| order::compare_for_delete(&left.key, &right.key));
    let (held, why) = match question.policy {
        Policy::Everything => (Vec::new(), String::new()),
        _ => match slip(question, gone.len()) {
            Some(why) => (std::mem::take(&mut gone), why),
            None if question.policy == Policy::Data => take_data(&mut gone),
            None => (Vec::new(), String::new()),
        },
    };
    if held.is_empty() {
        return Prune { delete: gone, held: None };
    }
    let digest = digest(&held);
    if question.approval.map(str::trim) == Some(digest.as_str()) {
        gone.extend(held);
        gone.sort_by(|left, right| order::compare_for_delete(&left.key, &right.key));
        return Prune { delete: gone, held: None };
    }
    Prune { delete: gone, held: Some(Held { entries: held, why, digest }) }
}

/// Why so many deletions look like a slip.
fn slip(question: &Question<'_>, gone: usize) -> Option<String> {
    let all = question.inventory.len();
    if gone == 0 {
        return None;
    }
    if question.wanted.is_empty() {
        return Some(format!("nothing was rendered, all {all} objects would be deleted"));
    }
    (all >= GUARDED_SIZE && gone * 2 > all).then(|| format!("{gone} of {all} objects would be deleted, more than half"))
}

fn take_data(gone: &mut Vec<Entry>) -> (Vec<Entry>, String) {
    let is_data = |entry: &Entry| DATA_KINDS.contains(&(entry.key.group.as_str(), entry.key.kind.as_str()));
    let (held, free): (Vec<_>, Vec<_>) = gone.drain(..).partition(is_data);
    *gone = free;
    let why = format!("{} objects that hold data or other objects would be deleted", held.len());
    (held, why)
}

/// The approval of exactly these deletions.
fn digest(entries: &[Entry]) -> String {
    let mut ids: Vec<String> = entries.iter().map(|entry| inventory::encode(&entry.key)).collect();
    ids.sort();
    let mut digest = Digest::of_bytes(ids.join("\n").as_bytes()).to_string();
    digest.truncate(DIGEST_LENGTH);
    digest
}

/// Says why, what and how to go on.
impl fmt::Display for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Objects named before the rest is counted.
        const SHOWN: usize = 5;
        write!(out, "Nothing was deleted: {} (", self.why)?;
        for (place, entry) in self.entries.iter().take(SHOWN).enumerate() {
            write!(out, "{}{}", if place == 0 { "" } else { ", " }, entry.key)?;
        }
        if self.entries.len() > SHOWN {
            write!(out, " and {} more", self.entries.len() - SHOWN)?;
        }
        write!(out, "). If this is meant, set the annotation {APPROVE_ANNOTATION}: \"{}\"", self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> ObjectKey {
        inventory::decode(id).expect("an id")
    }

    fn owned(ids: &[String]) -> Inventory {
        Inventory::new(ids.iter().map(|id| Entry { key: key(id), version: "v1".into() }))
    }

    fn maps(count: usize) -> Vec<String> {
        (0..count).map(|place| format!("web_m{place}__ConfigMap")).collect()
    }

    /// Deleted and held objects when `wanted` of `have` objects stay.
    fn check(have: &[String], wanted: usize, policy: Policy, expect: (usize, usize)) -> Prune {
        let wanted: Vec<_> = have.iter().take(wanted).map(|id| key(id)).collect();
        let inventory = owned(have);
        let prune = decide(&Question { inventory: &inventory, wanted: &wanted, policy, approval: None });
        let held = prune.held.as_ref().map_or(0, |held| held.entries.len());
        assert_eq!((prune.delete.len(), held), expect, "{have:?}");
        prune
    }

    #[test]
    fn losses_are_held() {
        check(&maps(9), 1, Policy::Loss, (8, 0));
        check(&maps(10), 5, Policy::Loss, (5, 0));
        check(&maps(10), 4, Policy::Loss, (0, 6));
        check(&maps(10), 0, Policy::Loss, (0, 10));
        check(&maps(1), 0, Policy::Loss, (0, 1));
        check(&maps(0), 0, Policy::Loss, (0, 0));
        check(&maps(20), 0, Policy::Everything, (20, 0));
    }

    #[test]
    fn data_is_held_one_by_one() {
        let have = ["web_m__ConfigMap", "web_d__PersistentVolumeClaim", "_web__Namespace", "web_x__Secret"];
        let have: Vec<String> = have.map(str::to_owned).into();
        check(&have, 1, Policy::Data, (1, 2));
        check(&have, 1, Policy::Loss, (3, 0));
    }

    #[test]
    fn an_approval_counts_for_one_loss_only() {
        let have = maps(12);
        let held = check(&have, 2, Policy::Loss, (0, 10)).held.expect("held");
        let inventory = owned(&have);
        let approved = |wanted: usize| {
            let wanted: Vec<_> = have.iter().take(wanted).map(|id| key(id)).collect();
            let question =
                Question { inventory: &inventory, wanted: &wanted, policy: Policy::Loss, approval: Some(&held.digest) };
            decide(&question).delete.len()
        };
        assert_eq!(approved(2), 10);
        assert_eq!(approved(1), 0);
        assert!(held.to_string().contains(&format!("setpoint.dev/approve-prune: \"{}\"", held.digest)));
    }

    #[test]
    fn deletion_goes_backwards() {
        let have = ["_web__Namespace", "web_a_apps_Deployment", "web_a__Service"].map(str::to_owned);
        let prune = check(&have, 0, Policy::Everything, (3, 0));
        let kinds: Vec<_> = prune.delete.iter().map(|entry| entry.key.kind.as_str()).collect();
        assert_eq!(kinds, ["Deployment", "Service", "Namespace"]);
    }
}
