//! Flux's own controllers on the same cluster: two that hold one cluster undo each other's work.
//!
//! Flow: each of Flux's controllers holds a Lease while it works and renews it every few seconds. [`Rivals`] is told of
//! these Leases as they are seen, and says which of them are held.
//!
//! Guarantees: a Lease that was given up, or whose holder has not renewed it for its length, counts no more. Caveat: the
//! first sight of a Lease is judged by the holder's clock against ours, later ones by our own alone; a Lease that looks
//! expired by a wrong clock counts from its next renewal on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease as KubeLease;
use kube::api::{Api, ListParams};

use crate::Name;
use crate::index::Moment;

/// The Leases by which Flux's controllers choose their leaders.
pub(crate) const LEASES: [&str; 4] = [
    "source-controller-leader-election",
    "kustomize-controller-leader-election",
    "helm-controller-leader-election",
    "notification-controller-leader-election",
];
/// The length of Flux's Leases, for one that does not say it.
const USUAL_LENGTH: Duration = Duration::from_secs(35);

/// What a Lease says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Who holds it; `None` if it was given up.
    pub(crate) holder: Option<Arc<str>>,
    /// When it was last renewed, by the holder's clock.
    pub(crate) renewed: Option<Timestamp>,
    /// How long it holds without being renewed.
    pub(crate) length: Duration,
}

/// All Leases that were seen.
#[derive(Debug, Default)]
pub(crate) struct Rivals {
    leases: BTreeMap<Name, Seen>,
}

#[derive(Debug)]
struct Seen {
    lease: Lease,
    /// Until when it holds, in time since the engine's start.
    until: Duration,
}

impl Lease {
    pub(crate) fn read(lease: &KubeLease) -> Self {
        let spec = lease.spec.clone().unwrap_or_default();
        let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        Self {
            holder: spec.holder_identity.filter(|holder| !holder.is_empty()).map(Into::into),
            renewed: spec.renew_time.map(|time| time.0),
            length: seconds.map_or(USUAL_LENGTH, Duration::from_secs),
        }
    }

    /// How long it holds from now on, judged by what it says itself.
    fn left(&self, now: Timestamp) -> Duration {
        let age = self.renewed.map(|renewed| now.duration_since(renewed));
        // Renewed in the future: their clock is ahead of ours.
        let age = age.map_or(Duration::ZERO, |age| Duration::try_from(age).unwrap_or_default());
        self.length.saturating_sub(age)
    }
}

impl Rivals {
    /// A Lease was seen, new or changed.
    pub(crate) fn saw(&mut self, name: Name, lease: Lease, moment: Moment) {
        let until = match self.leases.get(&name) {
            Some(known) if known.lease == lease => known.until,
            Some(_) => moment.elapsed + lease.length,
            None => moment.elapsed + lease.left(moment.now),
        };
        self.leases.insert(name, Seen { lease, until });
    }

    /// A Lease is gone.
    pub(crate) fn gone(&mut self, name: &Name) {
        self.leases.remove(name);
    }

    fn held(&self, elapsed: Duration) -> impl Iterator<Item = (&Name, &Seen)> {
        self.leases.iter().filter(move |(_, seen)| seen.lease.holder.is_some() && seen.until > elapsed)
    }

    /// When the next held Lease runs out.
    pub(crate) fn next_end(&self, elapsed: Duration) -> Option<Duration> {
        self.held(elapsed).map(|(_, seen)| seen.until).min()
    }

    /// The first Lease that is held, with what that means and what to do; `None` if none is.
    pub(crate) fn in_words(&self, elapsed: Duration) -> Option<(Name, String)> {
        let (name, seen) = self.held(elapsed).next()?;
        let controllers: Vec<&str> = self
            .held(elapsed)
            .filter(|(other, _)| other.namespace == name.namespace)
            .map(|(other, _)| other.name.trim_end_matches("-leader-election"))
            .collect();
        let holder = seen.lease.holder.as_deref().unwrap_or("");
        let mut text = format!("Flux is running on this cluster: {holder} holds Lease {name}. ");
        let advice = write!(
            text,
            "Two controllers would undo each other's work, so nothing is written until Flux has stopped: kubectl -n {} scale deployment {} --replicas=0",
            name.namespace,
            controllers.join(" "),
        );
        advice.expect("because a String takes everything");
        Some((name.clone(), text))
    }
}

/// Looks once whether Flux's controllers hold their Leases, and says so in words that name the remedy.
pub async fn running_flux(client: &kube::Client) -> Result<Option<String>, kube::Error> {
    let moment = Moment { now: Timestamp::now(), elapsed: Duration::ZERO };
    let mut rivals = Rivals::default();
    for name in LEASES {
        let found = Api::<KubeLease>::all(client.clone()).list(&only(name)).await?;
        for lease in &found.items {
            rivals.saw(Name::of(lease), Lease::read(lease), moment);
        }
    }
    Ok(rivals.in_words(moment.elapsed).map(|(_, text)| text))
}

fn only(name: &str) -> ListParams {
    ListParams::default().fields(&format!("metadata.name={name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(35);

    fn at(second: u64) -> Moment {
        Moment { now: Timestamp::UNIX_EPOCH + Duration::from_secs(1000 + second), elapsed: Duration::from_secs(second) }
    }

    fn lease(holder: &str, renewed: i64) -> Lease {
        Lease {
            holder: (!holder.is_empty()).then(|| holder.into()),
            renewed: Timestamp::from_second(1000 + renewed).ok(),
            length: LENGTH,
        }
    }

    fn name() -> Name {
        Name::new("flux-system", "kustomize-controller-leader-election")
    }

    fn is_held(rivals: &Rivals, second: u64) -> bool {
        rivals.in_words(Duration::from_secs(second)).is_some()
    }

    #[test]
    fn a_lease_holds_while_it_is_renewed() {
        let mut rivals = Rivals::default();
        rivals.saw(name(), lease("pod-1", -5), at(0));
        assert_eq!(rivals.next_end(Duration::ZERO), Some(Duration::from_secs(30)));
        assert!(is_held(&rivals, 29) && !is_held(&rivals, 30));
        rivals.saw(name(), lease("pod-1", 20), at(21));
        assert!(is_held(&rivals, 55) && !is_held(&rivals, 56));
        // Listed again, with nothing new.
        rivals.saw(name(), lease("pod-1", 20), at(50));
        assert!(!is_held(&rivals, 56));
        rivals.gone(&name());
        assert!(!is_held(&rivals, 22));
    }

    #[test]
    fn a_holder_that_has_gone_counts_no_more() {
        let mut rivals = Rivals::default();
        rivals.saw(name(), lease("pod-1", -3600), at(0));
        assert!(!is_held(&rivals, 0));
        rivals.saw(name(), lease("", 1), at(1));
        assert!(!is_held(&rivals, 1));
        // By a clock that is an hour behind ours, but renewed before our eyes.
        rivals.saw(name(), lease("pod-1", -3590), at(10));
        assert!(is_held(&rivals, 44) && !is_held(&rivals, 45));
    }

    #[test]
    fn the_words_name_who_where_and_what_to_do() {
        let mut rivals = Rivals::default();
        rivals.saw(name(), lease("pod-1", 0), at(0));
        rivals.saw(Name::new("flux-system", "source-controller-leader-election"), lease("pod-2", 0), at(0));
        let (first, text) = rivals.in_words(Duration::ZERO).unwrap();
        assert_eq!(first, name());
        assert!(text.contains("pod-1 holds Lease flux-system/kustomize-controller-leader-election"), "{text}");
        assert!(
            text.ends_with(
                "kubectl -n flux-system scale deployment kustomize-controller source-controller --replicas=0"
            ),
            "{text}"
        );
    }
}
