//! Healing the same object again and again means that somebody else wants it otherwise: say so, and slow down.
//!
//! Pure: time is handed in.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use object::ObjectKey;

/// Heals of one object inside [`WINDOW`] from which on it is contested.
pub const LIMIT: usize = 5;
/// How far back heals count.
pub const WINDOW: SignedDuration = SignedDuration::from_secs(120);
/// How often a contested object is healed.
pub const SLOW_RHYTHM: SignedDuration = SignedDuration::from_mins(5);
/// How long a contested object has to keep still to be trusted again.
pub const CALM: SignedDuration = SignedDuration::from_mins(15);

/// What to do about a drift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Heal it now.
    Heal,
    /// Something keeps changing it back.
    Contested {
        /// The field manager seen last.
        manager: Option<String>,
        /// When to heal next; now if this is not later than the time handed in.
        next: Timestamp,
    },
}

/// The heals of all objects of a cluster.
#[derive(Debug, Default)]
pub struct Contention {
    objects: HashMap<ObjectKey, History>,
}

#[derive(Debug, Default)]
struct History {
    heals: VecDeque<Timestamp>,
    contested: Option<Contest>,
}

#[derive(Debug)]
struct Contest {
    manager: Option<String>,
    healed: Timestamp,
    seen: Timestamp,
}

impl Contention {
    /// A drift was seen: decides, and counts the heal that follows a `Heal` (or a `Contested` that is due).
    pub fn drifted(&mut self, key: &ObjectKey, manager: Option<&str>, now: Timestamp) -> Verdict {
        let history = self.objects.entry(key.clone()).or_default();
        history.heals.retain(|heal| now.duration_since(*heal) < WINDOW);
        if history.contested.as_ref().is_some_and(|contest| now.duration_since(contest.seen) >= CALM) {
            history.contested = None;
        }
        match &mut history.contested {
            Some(contest) => {
                contest.seen = now;
                if manager.is_some() {
                    contest.manager = manager.map(str::to_owned);
                }
                contest.verdict(now)
            }
            None if history.heals.len() < LIMIT => {
                history.heals.push_back(now);
                Verdict::Heal
            }
            None => {
                let healed = history.heals.back().copied().unwrap_or(now);
                let contest = Contest { manager: manager.map(str::to_owned), healed, seen: now };
                history.contested.insert(contest).verdict(now)
            }
        }
    }

    /// Whether the object is contested now, and by whom.
    pub fn contested(&self, key: &ObjectKey, now: Timestamp) -> Option<Option<&str>> {
        let contest = self.objects.get(key)?.contested.as_ref()?;
        (now.duration_since(contest.seen) < CALM).then_some(contest.manager.as_deref())
    }

    /// Forgets what has kept still, so that memory stays bounded by what drifts.
    pub fn sweep(&mut self, now: Timestamp) {
        self.objects.retain(|_, history| {
            let recent = history.heals.back().is_some_and(|heal| now.duration_since(*heal) < WINDOW);
            let contested = history.contested.as_ref().is_some_and(|contest| now.duration_since(contest.seen) < CALM);
            recent || contested
        });
    }

    /// How many objects are remembered.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

impl Contest {
    fn verdict(&mut self, now: Timestamp) -> Verdict {
        let next = self.healed.checked_add(SLOW_RHYTHM).unwrap_or(Timestamp::MAX);
        if next <= now {
            self.healed = now;
        }
        Verdict::Contested { manager: self.manager.clone(), next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ObjectKey {
        object::inventory::decode("web_a_apps_Deployment").expect("an id")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    /// H for each heal, C for a contested wait, S for a contested heal.
    fn check(drifts: &[i64], expect: &str) {
        let mut contention = Contention::default();
        let seen: String = drifts
            .iter()
            .map(|second| match contention.drifted(&key(), Some("hpa"), at(*second)) {
                Verdict::Heal => 'H',
                Verdict::Contested { next, manager } => {
                    assert_eq!(manager.as_deref(), Some("hpa"));
                    if next <= at(*second) { 'S' } else { 'C' }
                }
            })
            .collect();
        assert_eq!(seen, expect, "{drifts:?}");
    }

    #[test]
    fn rare_drifts_are_healed() {
        check(&[0, 60, 120, 180, 240, 300, 360, 420], "HHHHHHHH");
    }

    #[test]
    fn a_fight_slows_down() {
        check(&[0, 1, 2, 3, 4, 5, 6, 100, 303, 304, 305, 604, 605], "HHHHHCCCCSCSC");
    }

    #[test]
    fn calm_ends_a_fight() {
        check(&[0, 1, 2, 3, 4, 5, 5 + 899, 5 + 899 + 900], "HHHHHCSH");
    }

    #[test]
    fn memory_is_given_back() {
        let mut contention = Contention::default();
        for second in 0..6 {
            contention.drifted(&key(), None, at(second));
        }
        assert_eq!(contention.contested(&key(), at(10)), Some(None));
        contention.sweep(at(10));
        assert_eq!(contention.len(), 1);
        contention.sweep(at(2000));
        assert!(contention.is_empty());
    }
}
