//! What Prometheus reads: Flux's `gotk_*` names, so that dashboards go on working, and ours beside them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use engine::{DeliveryState, Name, Phase, SourceState, State, StatusCondition};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The states that `gotk_reconcile_condition` has a line for each of.
const STATUSES: [&str; 3] = ["True", "False", "Unknown"];
const KUSTOMIZATION: &str = "Kustomization";

/// An object, as Flux labels it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Object {
    kind: &'static str,
    name: String,
    namespace: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Condition {
    kind: &'static str,
    name: String,
    namespace: String,
    r#type: &'static str,
    status: &'static str,
}

/// An object as the usual configuration of kube-state-metrics for Flux shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Resource {
    customresource_kind: &'static str,
    name: String,
    exported_namespace: String,
    ready: String,
    suspended: String,
    revision: String,
    source_name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InPhase {
    phase: &'static str,
}

/// All metrics of one engine.
pub(crate) struct Metrics {
    registry: Registry,
    durations: Family<Object, Histogram, fn() -> Histogram>,
    conditions: Family<Condition, Gauge>,
    suspended: Family<Object, Gauge>,
    resources: Family<Resource, Gauge>,
    deliveries: Family<InPhase, Gauge>,
    counters: [Counter; 6],
    /// Runs that were counted, by Kustomization: when the last one ended.
    seen: Mutex<BTreeMap<Name, jiff::Timestamp>>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(10e-9, 10.0, 10));
        let metrics = Self {
            registry: Registry::default(),
            durations: Family::new_with_constructor(histogram),
            conditions: Family::default(),
            suspended: Family::default(),
            resources: Family::default(),
            deliveries: Family::default(),
            counters: Default::default(),
            seen: Mutex::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        let durations = "The duration in seconds of a reconciliation";
        registry.register("gotk_reconcile_duration_seconds", durations, self.durations.clone());
        let condition = "The current condition of an object";
        registry.register("gotk_reconcile_condition", condition, self.conditions.clone());
        registry.register("gotk_suspend_status", "Whether an object is suspended", self.suspended.clone());
        registry.register("gotk_resource_info", "The current state of an object", self.resources.clone());
        registry.register("setpoint_deliveries", "Kustomizations by where they stand", self.deliveries.clone());
        let counted = [
            ("fetches", "Fetches of sources"),
            ("renders", "Renders of Kustomizations"),
            ("applies", "Kustomizations that were written to the cluster"),
            ("skips", "Kustomizations whose inputs had not changed"),
            ("heals", "Objects whose drift was put right"),
            ("status_writes", "Writes of statuses"),
        ];
        for ((name, help), counter) in counted.into_iter().zip(&self.counters) {
            registry.register(format!("setpoint_{name}"), help, counter.clone());
        }
        self
    }

    /// Counts the runs that ended since the last state.
    pub(crate) fn observe(&self, state: &State) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|name, _| state.deliveries.contains_key(name));
        for (name, delivery) in &state.deliveries {
            let Some(last) = delivery.history.first() else { continue };
            // What ended before the first look belongs to an earlier run of the program.
            let before = seen.insert(name.clone(), last.last_reconciled.0);
            if before.is_some_and(|before| before != last.last_reconciled.0) {
                let took = last.last_reconciled_duration.get().as_secs_f64();
                self.durations.get_or_create(&object(KUSTOMIZATION, name)).observe(took);
            }
        }
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self, state: &State) -> Result<String, std::fmt::Error> {
        self.conditions.clear();
        self.suspended.clear();
        self.resources.clear();
        self.deliveries.clear();
        for delivery in state.deliveries.values() {
            self.show_delivery(delivery);
        }
        for source in state.sources.values() {
            self.show_source(source);
        }
        let counts = &state.counters;
        let counts = [counts.fetches, counts.renders, counts.applies, counts.skips, counts.heals, counts.status_writes];
        for (counter, count) in self.counters.iter().zip(counts) {
            counter.inner().store(count, std::sync::atomic::Ordering::Relaxed);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn show_delivery(&self, delivery: &Arc<DeliveryState>) {
        let is_suspended = delivery.phase == Phase::Suspended;
        self.deliveries.get_or_create(&InPhase { phase: delivery.phase.word() }).inc();
        let revision = delivery.applied.as_deref().unwrap_or_default();
        let shown = (revision, &*delivery.source.name);
        self.show(KUSTOMIZATION, &delivery.name, (&delivery.conditions, is_suspended, shown));
    }

    fn show_source(&self, source: &Arc<SourceState>) {
        let revision = source.revision.as_deref().unwrap_or_default();
        let name = Name { namespace: source.name.namespace.clone(), name: source.name.name.clone() };
        self.show(source.name.kind.as_str(), &name, (&source.conditions, source.suspended, (revision, "")));
    }

    fn show(
        &self,
        kind: &'static str,
        name: &Name,
        (conditions, is_suspended, (revision, source)): (&[StatusCondition], bool, (&str, &str)),
    ) {
        let ready = conditions.iter().find(|condition| condition.kind == "Ready");
        let ready = ready.map_or("Unknown", |condition| condition.status.as_str());
        let Object { name: own, namespace, .. } = object(kind, name);
        for status in STATUSES {
            let labels = Condition { kind, name: own.clone(), namespace: namespace.clone(), r#type: "Ready", status };
            self.conditions.get_or_create(&labels).set(i64::from(status == ready));
        }
        self.suspended.get_or_create(&object(kind, name)).set(i64::from(is_suspended));
        let resource = Resource {
            customresource_kind: kind,
            name: own,
            exported_namespace: namespace,
            ready: ready.to_owned(),
            suspended: is_suspended.to_string(),
            revision: revision.to_owned(),
            source_name: source.to_owned(),
        };
        self.resources.get_or_create(&resource).set(1);
    }
}

fn object(kind: &'static str, name: &Name) -> Object {
    Object { kind, name: name.name.to_string(), namespace: name.namespace.to_string() }
}
