//! Waiting until objects are as they should be: by watch, without polling where a kind is watched.
//!
//! [`evaluate`] judges without waiting, for callers that keep a state instead of a task; [`wait`] is the same in a
//! loop around a [`Subscription`](crate::Subscription).

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use expression::HealthRules;
use goyaml::Value;
use object::{Entry, Health, HealthStatus, ObjectKey, health};

use crate::Cluster;
use crate::observer::{Live, Observer};

/// Pause between two looks at objects that no watch covers.
const POLL_PAUSE: Duration = Duration::from_secs(2);
/// Pods of a workload that are looked at for the reason it does not come up.
const PODS_LIMIT: usize = 50;

/// How to wait.
#[derive(Clone, Debug)]
pub struct WaitOptions {
    /// When to give up.
    pub timeout: Duration,
    /// Give up when one object has failed.
    pub fail_fast: bool,
    /// Ask for the pods of workloads that are not ready when the wait ends, to say why.
    pub explain: bool,
    /// How health is judged.
    pub rules: HealthRules,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_mins(5), fail_fast: true, explain: false, rules: HealthRules::default() }
    }
}

/// How one object is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectHealth {
    /// Which object.
    pub key: ObjectKey,
    /// How it is doing.
    pub health: Health,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// All are current.
    Current,
    /// At least one has failed.
    Failed,
    /// Time is up, or nothing failed yet and somebody only asked.
    Waiting,
}

/// The end of a wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// How it ended.
    pub settled: Settled,
    /// Every object, in the order asked for.
    pub objects: Vec<ObjectHealth>,
}

/// Judges objects by what the observer has seen; an object it has not seen is on its way.
pub fn evaluate(observer: &Observer, keys: &[Entry], rules: &HealthRules) -> Waited {
    let seen = |entry: &Entry| {
        let live = observer.get_at(&entry.key, &entry.version).or_else(|| observer.get(&entry.key));
        live.map_or_else(|| Health::in_progress("is not there"), |live| rules.status(&live.value()))
    };
    let objects = keys.iter().map(|entry| ObjectHealth { key: entry.key.clone(), health: seen(entry) });
    Waited::of(objects.collect())
}

/// Waits until all objects are current, one has failed, or time is up.
pub async fn wait(cluster: &Cluster, observer: &Observer, keys: &[Entry], options: &WaitOptions) -> Waited {
    let (known, vanishing) = (vec![None; keys.len()], HashSet::new());
    let mut eyes = Waiter { cluster, observer, keys, rules: &options.rules, known, vanishing };
    let mut subscription = observer.subscribe(keys.iter().map(|entry| entry.key.clone()));
    let end = tokio::time::Instant::now() + options.timeout;
    let unwatched = keys.iter().any(|entry| !observer.covers(&entry.gvk()));
    let mut waited = loop {
        let waited = eyes.look().await;
        let over = match waited.settled {
            Settled::Current => true,
            Settled::Failed => options.fail_fast,
            Settled::Waiting => false,
        };
        if over {
            break waited;
        }
        let wake = if unwatched { end.min(tokio::time::Instant::now() + POLL_PAUSE) } else { end };
        let woken = tokio::time::timeout_at(wake, subscription.changed()).await;
        if woken.is_err() && tokio::time::Instant::now() >= end {
            break eyes.look().await;
        }
    };
    if options.explain && waited.settled != Settled::Current {
        for object in &mut waited.objects {
            eyes.explain(object).await;
        }
    }
    waited
}

struct Waiter<'a> {
    cluster: &'a Cluster,
    observer: &'a Observer,
    keys: &'a [Entry],
    rules: &'a HealthRules,
    /// What was judged of each object, so that only what has changed is judged again.
    known: Vec<Option<(Arc<Live>, Health)>>,
    /// Jobs that have been seen and go by themselves when finished.
    vanishing: HashSet<ObjectKey>,
}

impl Waiter<'_> {
    async fn look(&mut self) -> Waited {
        let mut objects = Vec::with_capacity(self.keys.len());
        for (place, entry) in self.keys.iter().enumerate() {
            let health = self.look_at(place, entry).await;
            objects.push(ObjectHealth { key: entry.key.clone(), health });
        }
        Waited::of(objects)
    }

    async fn look_at(&mut self, place: usize, entry: &Entry) -> Health {
        let live = self.observer.get_at(&entry.key, &entry.version);
        if let (Some(live), Some((known, health))) = (&live, &self.known[place])
            && Arc::ptr_eq(live, known)
        {
            return health.clone();
        }
        let value = match &live {
            Some(live) => Some(live.value()),
            None if self.observer.covers(&entry.gvk()) => None,
            None => match self.cluster.get(&entry.gvk(), &entry.key.namespace, &entry.key.name).await {
                Ok(value) => value,
                Err(error) => return Health { status: HealthStatus::Unknown, message: error.cause.to_string() },
            },
        };
        let health = match value {
            Some(value) => {
                if value.at(&["spec", "ttlSecondsAfterFinished"]).is_some() {
                    self.vanishing.insert(entry.key.clone());
                }
                self.rules.status(&value)
            }
            None if self.vanishing.contains(&entry.key) => Health::current("has finished and is gone"),
            None => Health::in_progress("is not there"),
        };
        self.known[place] = live.map(|live| (live, health.clone()));
        health
    }

    /// Adds what keeps the pods of a workload from running.
    async fn explain(&self, object: &mut ObjectHealth) {
        if object.health.is_current() || !matches!(object.key.group.as_str(), "apps" | "batch") {
            return;
        }
        let Some(live) = self.observer.get(&object.key) else { return };
        let value = live.value();
        let Some(labels) = value.at(&["spec", "selector", "matchLabels"]).and_then(Value::as_map) else { return };
        let selector: Vec<String> =
            labels.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?))).collect();
        let pod = object::Gvk::from_api_version("v1", "Pod");
        let pods = self.cluster.list(&pod, &object.key.namespace, &selector.join(",")).await.unwrap_or_default();
        let trouble = pods.iter().take(PODS_LIMIT).find_map(|pod| {
            Some((pod.str_at(&["metadata", "name"]).unwrap_or("").to_owned(), health::pod_trouble(pod)?))
        });
        if let Some((name, why)) = trouble {
            object.health.message = format!("{}; pod {name}: {why}", object.health.message);
        }
    }
}

impl Waited {
    fn of(objects: Vec<ObjectHealth>) -> Self {
        let has = |status| objects.iter().any(|object| object.health.status == status);
        let settled = if has(HealthStatus::Failed) {
            Settled::Failed
        } else if objects.iter().all(|object| object.health.is_current()) {
            Settled::Current
        } else {
            Settled::Waiting
        };
        Self { settled, objects }
    }

    /// The objects that are not current.
    pub fn unsettled(&self) -> impl Iterator<Item = &ObjectHealth> {
        self.objects.iter().filter(|object| !object.health.is_current())
    }
}

/// `Deployment/apps/web: InProgress: 0 of 1 pods are available`
impl fmt::Display for ObjectHealth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}: {}", self.key, self.health.status, self.health.message)
    }
}
