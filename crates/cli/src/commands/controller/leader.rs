//! One of several works: whoever holds a Lease, as Kubernetes' own controllers do it.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};
use tokio::time::Instant;

/// Name of the Lease.
const LEASE: &str = "setpoint-leader-election";

/// How long a Lease holds, until when it must be renewed, and the pause between two tries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) duration: Duration,
    pub(super) renew_deadline: Duration,
    pub(super) retry_period: Duration,
}

/// A candidate.
pub(super) struct Election {
    api: Api<Lease>,
    own: String,
    terms: Terms,
    /// The Lease as it was last seen to change, and when, by our own clock: others' clocks may be wrong.
    seen: Option<(Option<LeaseSpec>, Instant)>,
}

impl Election {
    pub(super) fn new(client: kube::Client, namespace: &str, own: String, terms: Terms) -> Self {
        Self { api: Api::namespaced(client, namespace), own, terms, seen: None }
    }

    /// Waits until the Lease is ours. `told` is called with each new holder.
    pub(super) async fn win(&mut self, mut told: impl FnMut(&str)) {
        let mut last = String::new();
        loop {
            match self.try_to_hold().await {
                Ok(None) => return,
                Ok(Some(holder)) if holder != last => {
                    told(&holder);
                    last = holder;
                }
                Ok(Some(_)) => {}
                Err(error) => tracing::warn!(%error, lease = LEASE, "the Lease could not be taken and is tried again"),
            }
            tokio::time::sleep(self.terms.retry_period).await;
        }
    }

    /// Renews the Lease until that fails for too long; then somebody else may hold it.
    pub(super) async fn keep(&mut self) -> String {
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(self.terms.retry_period).await;
            let left = self.terms.renew_deadline.saturating_sub(renewed.elapsed());
            match tokio::time::timeout(left.max(Duration::from_millis(1)), self.try_to_hold()).await {
                Ok(Ok(None)) => renewed = Instant::now(),
                Ok(Ok(Some(holder))) => return format!("{holder} holds the Lease {LEASE} now"),
                Ok(Err(error)) => tracing::warn!(%error, lease = LEASE, "the Lease could not be renewed"),
                Err(_) => {}
            }
            if renewed.elapsed() >= self.terms.renew_deadline {
                return format!("the Lease {LEASE} could not be renewed for {:?}", self.terms.renew_deadline);
            }
        }
    }

    /// Gives the Lease back, so that another need not wait for its end.
    pub(super) async fn give_back(&self) {
        let Ok(Some(mut lease)) = self.api.get_opt(LEASE).await else { return };
        if holder(&lease) != Some(&self.own) {
            return;
        }
        if let Some(spec) = &mut lease.spec {
            spec.holder_identity = None;
            spec.lease_duration_seconds = Some(1);
        }
        let _ = self.api.replace(LEASE, &PostParams::default(), &lease).await;
    }

    /// Takes or renews the Lease. Gives the holder, if it is another.
    async fn try_to_hold(&mut self) -> Result<Option<String>, kube::Error> {
        let Some(lease) = self.api.get_opt(LEASE).await? else {
            let new = Lease { metadata: named(), spec: Some(self.spec(None)) };
            return conflict(self.api.create(&PostParams::default(), &new).await, "another candidate");
        };
        let changed = self.seen.as_ref().is_none_or(|(seen, _)| *seen != lease.spec);
        if changed {
            self.seen = Some((lease.spec.clone(), Instant::now()));
        }
        if let Some(other) = holder(&lease).filter(|holder| *holder != self.own)
            && self.holds(&lease)
        {
            return Ok(Some(other.to_owned()));
        }
        let taken = Lease { spec: Some(self.spec(lease.spec.as_ref())), ..lease };
        let written = self.api.replace(LEASE, &PostParams::default(), &taken).await;
        if let Ok(written) = &written {
            self.seen = Some((written.spec.clone(), Instant::now()));
        }
        conflict(written, "another candidate")
    }

    /// Whether another's Lease has not run out since it was last seen to be renewed.
    fn holds(&self, lease: &Lease) -> bool {
        let seconds = lease.spec.as_ref().and_then(|spec| spec.lease_duration_seconds).unwrap_or(0);
        let length = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        self.seen.as_ref().is_some_and(|(_, since)| since.elapsed() < length)
    }

    fn spec(&self, before: Option<&LeaseSpec>) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let kept = before.filter(|before| before.holder_identity.as_deref() == Some(&self.own));
        let transitions = before.and_then(|before| before.lease_transitions).unwrap_or(0);
        let acquired = kept.and_then(|kept| kept.acquire_time.clone());
        LeaseSpec {
            holder_identity: Some(self.own.clone()),
            lease_duration_seconds: i32::try_from(self.terms.duration.as_secs()).ok(),
            acquire_time: acquired.or_else(|| Some(now.clone())),
            renew_time: Some(now),
            lease_transitions: Some(if kept.is_some() || before.is_none() { transitions } else { transitions + 1 }),
            ..LeaseSpec::default()
        }
    }
}

fn named() -> ObjectMeta {
    ObjectMeta { name: Some(LEASE.into()), ..ObjectMeta::default() }
}

fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref().filter(|holder| !holder.is_empty())
}

/// Somebody else was faster: no error.
fn conflict(written: Result<Lease, kube::Error>, who: &str) -> Result<Option<String>, kube::Error> {
    match written {
        Ok(_) => Ok(None),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(Some(who.to_owned())),
        Err(error) => Err(error),
    }
}
