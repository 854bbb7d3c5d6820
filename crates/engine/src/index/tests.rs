//! The state machine without a cluster: objects are applied to the index, and what it orders is read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::Kustomization;
use jiff::Timestamp;
use object::{ObjectKey, Origin};
use serde_json::{Value, json};

use super::*;
use crate::bootstrap::Lockdown;
use crate::destination::ClusterId;
use crate::source_object::SourceObject;
use crate::{HealedDrift, On, Phase, SourceKind, State};

mod made;

/// An index, the time, and what was ordered so far, one word an order.
struct World {
    index: Index,
    elapsed: Duration,
    orders: Vec<Command>,
}

const SECOND: Duration = Duration::from_secs(1);

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings {
            local: None,
            sweep: Some(10),
            jitter_percent: 0,
            no_cross_namespace_refs: false,
            releases_hold_up: true,
            fetches: 2,
            applies: 2,
        };
        change(&mut settings);
        let moment = Moment { now: Timestamp::UNIX_EPOCH, elapsed: Duration::ZERO };
        let mut index = Index::new(settings, moment);
        index.kustomizations_listed();
        Self { index, elapsed: Duration::ZERO, orders: Vec::new() }
    }

    fn index(&mut self) -> &mut Index {
        let now = Timestamp::UNIX_EPOCH + self.elapsed;
        self.index.at(Moment { now, elapsed: self.elapsed })
    }

    /// Lets time pass; timers run out one after the other.
    fn pass(&mut self, length: Duration) {
        let end = self.elapsed + length;
        while let Some(next) = self.index.next_alarm().filter(|next| *next <= end) {
            self.elapsed = self.elapsed.max(next);
            self.index().alarms();
            self.collect();
        }
        self.elapsed = end;
    }

    fn collect(&mut self) {
        let orders = self.index.take_commands();
        self.orders.extend(orders);
    }

    /// What was ordered since the last call: `fetch repo`, `deliver apps`, `write apps`, …
    fn orders(&mut self) -> Vec<String> {
        self.collect();
        std::mem::take(&mut self.orders).iter().filter_map(word).collect()
    }

    fn source(&mut self) -> &mut Self {
        self.index().apply_source(repository(&json!({})));
        self
    }

    fn fetched(&mut self, revision: &str) -> &mut Self {
        self.collect();
        self.index().fetched(&repo(), Ok(fetched(revision)));
        self
    }

    fn kustomization(&mut self, object: &str, fields: &Value) -> &mut Self {
        self.index().apply_kustomization(kustomization(object, 1, fields));
        self
    }

    /// Ends the run under way with success.
    fn delivered(&mut self, object: &str, revision: &str, changed: bool) -> &mut Self {
        self.ended(object, revision, Outcome::Applied { changed })
    }

    fn ended(&mut self, object: &str, revision: &str, outcome: Outcome) -> &mut Self {
        self.collect();
        let delivery = &self.index.deliveries[&name(object)];
        let good = matches!(outcome, Outcome::Applied { .. } | Outcome::Unchanged);
        let delivered = Delivered {
            run: delivery.run.expect("a run is under way"),
            status: delivery.stored.clone(),
            held: good.then(|| Arc::new(held(object, revision))),
            outcome,
            plan: None,
            diagnostics: None,
            objects: None,
            took: SECOND,
            log: String::new(),
        };
        self.index().delivered(&name(object), delivered);
        self
    }

    /// Says that all status writes under way have worked.
    fn written(&mut self) -> &mut Self {
        self.collect();
        for object in self.index.deliveries.keys().cloned().collect::<Vec<_>>() {
            self.index().delivery_written(&object, true);
        }
        for source in self.index.sources.keys().cloned().collect::<Vec<_>>() {
            self.index().source_written(&source, true);
        }
        self.collect();
        self
    }

    fn phase(&self, object: &str) -> &Phase {
        &self.index.deliveries[&name(object)].phase
    }

    /// A world where `apps` is settled at `main@sha1:1` and all is written.
    fn settled(fields: &Value) -> Self {
        let mut world = Self::new();
        world
            .source()
            .fetched("main@sha1:1")
            .kustomization("apps", fields)
            .delivered("apps", "main@sha1:1", true)
            .written();
        assert_eq!(*world.phase("apps"), Phase::Settled);
        world.orders();
        world
    }
}

/// An order in words; what only tells others is left out.
fn word(command: &Command) -> Option<String> {
    let (verb, name) = match command {
        Command::Fetch(order) => return Some(format!("fetch {}", order.name.name)),
        Command::PrepareSource(object) => return Some(format!("prepare {}", object.name.name)),
        Command::Deliver(order) => match order.why {
            Why::Change => ("deliver", &order.name),
            Why::Again => ("deliver again", &order.name),
            Why::Sweep => ("sweep", &order.name),
        },
        Command::Settle(order) => ("settle", &order.name),
        Command::Unsettle(name) => ("unsettle", name),
        Command::Heal(order) => ("heal", &order.name),
        Command::Remove(order) => ("remove", &order.name),
        Command::WriteSource(name, _) => return Some(format!("write {}", name.name)),
        Command::WriteDelivery(name, _) => ("write", name),
        Command::ReleaseSource(_) | Command::Forget(_) | Command::Announce(_) | Command::Tell(_) => return None,
    };
    Some(format!("{verb} {}", name.name))
}

fn name(name: &str) -> Name {
    Name::new("flux-system", name)
}

fn repo() -> SourceName {
    SourceName::git(&name("repo"))
}

fn repository(fields: &Value) -> Arc<SourceObject> {
    let mut spec = json!({"url": "https://git.example.org/repo", "interval": "10m"});
    merge(&mut spec, fields);
    source(SourceKind::GitRepository, "repo", &spec)
}

fn source(kind: SourceKind, name: &str, spec: &Value) -> Arc<SourceObject> {
    let object = json!({"metadata": {"name": name, "namespace": "flux-system", "generation": 1}, "spec": spec});
    Arc::new(SourceObject::read(kind, object).expect("a source"))
}

fn kustomization(name: &str, generation: i64, fields: &Value) -> Arc<Kustomization> {
    let mut spec = json!({"interval": "10m", "retryInterval": "1m", "prune": true, "path": name,
        "sourceRef": {"kind": "GitRepository", "name": "repo"}});
    merge(&mut spec, fields);
    read(json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system", "generation": generation, "finalizers": ["finalizers.fluxcd.io"]}, "spec": spec}))
}

fn merge(into: &mut Value, fields: &Value) {
    for (key, value) in fields.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

fn read<K: serde::de::DeserializeOwned>(value: Value) -> Arc<K> {
    Arc::new(serde_json::from_value(value).expect("an object"))
}

fn fetched(revision: &str) -> Fetched {
    Fetched::new(revision, &format!("sha256:{revision}"))
}

fn map_key(object: &str) -> ObjectKey {
    ObjectKey { group: String::new(), kind: "ConfigMap".into(), namespace: "web".into(), name: object.into() }
}

fn held(object: &str, revision: &str) -> Held {
    let json =
        format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{object}","namespace":"web"}}}}"#);
    let value = goyaml::json::parse(json.as_bytes()).expect("JSON");
    Held {
        destination: crate::destination::Destination::default(),
        revision: revision.into(),
        generation: 1,
        approval: None,
        inputs: revision.into(),
        remote: Vec::new(),
        rules: expression::HealthRules::default(),
        digest: "sha256:1".into(),
        objects: Arc::new(vec![HeldObject::new(&value, Origin::default())]),
        inventory: api::Inventory::default(),
    }
}

fn failure(message: &str) -> Outcome {
    Outcome::Failed { reason: "BuildFailed", message: message.into(), retry: true }
}

fn waits_for(object: &str, why: &str) -> Phase {
    Phase::Waiting(On::Dependency(name(object), why.into()))
}

#[test]
fn a_delivery_waits_for_its_source_and_then_runs() {
    let mut world = World::new();
    world.kustomization("apps", &json!({}));
    assert_eq!(*world.phase("apps"), Phase::Waiting(On::Source(repo())));
    world.source();
    assert_eq!(*world.phase("apps"), Phase::Waiting(On::Artifact(repo())));
    assert_eq!(world.orders(), ["fetch repo"]);
    world.fetched("main@sha1:1");
    assert_eq!(world.orders(), ["write repo", "deliver apps"]);
    world.delivered("apps", "main@sha1:1", true);
    assert_eq!(*world.phase("apps"), Phase::Settled);
    assert_eq!(world.orders(), ["write apps"]);
}

#[test]
fn nobody_starts_before_the_settings_are_known() {
    let mut world = World::new();
    world.index = Index::new(world.index.settings.clone(), world.index.moment);
    world.source();
    world.fetched("main@sha1:1");
    world.kustomization("tenant", &json!({}));
    // Whether there is a root is not known before all are listed.
    assert_eq!(*world.phase("tenant"), Phase::Waiting(On::Settings));
    let mut root = Kustomization::clone(&kustomization("flux-system", 1, &json!({})));
    root.metadata.namespace = Some("flux-system".into());
    world.index().apply_kustomization(Arc::new(root));
    world.index().kustomizations_listed();
    assert_eq!(*world.phase("tenant"), Phase::Waiting(On::Settings));
    world.index().learn(&Lockdown { no_cross_namespace_refs: true, ..Lockdown::default() });
    assert_eq!(*world.phase("tenant"), Phase::Fetching);
    assert!(world.index.settings.no_cross_namespace_refs);
}

#[test]
fn nobody_waits_for_settings_that_cannot_come() {
    for goes in [true, false] {
        let mut world = World::new();
        world.source();
        world.fetched("main@sha1:1");
        world.kustomization("flux-system", &json!({})).kustomization("tenant", &json!({}));
        assert_eq!(*world.phase("tenant"), Phase::Waiting(On::Settings));
        if goes {
            world.index().delete_kustomization(&name("flux-system"));
        } else {
            world.kustomization("flux-system", &json!({"suspend": true}));
        }
        assert_eq!(*world.phase("tenant"), Phase::Fetching, "{goes}");
    }
}

#[test]
fn an_hour_without_changes_orders_fetches_only() {
    let mut world = World::settled(&json!({"interval": "1m"}));
    world.index.settings.sweep = None;
    let mut orders = BTreeSet::new();
    for _ in 0..60 {
        world.pass(Duration::from_mins(1));
        let now = world.orders();
        if now.contains(&"fetch repo".to_owned()) {
            world.fetched("main@sha1:1");
        }
        orders.extend(now);
    }
    assert_eq!(orders, BTreeSet::from(["fetch repo".to_owned()]));
    assert_eq!(world.index.counters.status_writes, 2);
}

#[test]
fn one_interval_in_ten_is_a_sweep_that_writes_nothing() {
    let mut world = World::settled(&json!({"interval": "1m"}));
    world.index.timers.cancel(&Alarm::Poll(repo()));
    world.pass(Duration::from_mins(9));
    assert_eq!(world.orders(), Vec::<String>::new());
    world.pass(Duration::from_mins(1));
    assert_eq!(world.orders(), ["sweep apps"]);
    world.delivered("apps", "main@sha1:1", false);
    assert_eq!(world.orders(), Vec::<String>::new());
}

#[test]
fn a_new_revision_runs_and_one_that_changes_nothing_writes_nothing() {
    let mut world = World::settled(&json!({}));
    world.index().poll(&repo());
    assert_eq!(world.orders(), ["fetch repo"]);
    world.fetched("main@sha1:2");
    assert_eq!(world.orders(), ["write repo", "deliver apps"]);
    world.ended("apps", "main@sha1:2", Outcome::Unchanged);
    assert_eq!(world.orders(), Vec::<String>::new());
    assert_eq!(*world.phase("apps"), Phase::Settled);
    assert_eq!(&*world.index.deliveries[&name("apps")].held.as_ref().unwrap().revision, "main@sha1:2");
}

#[test]
fn a_revision_that_comes_during_a_run_is_run_afterwards() {
    let mut world = World::new();
    world.source().fetched("main@sha1:1").kustomization("apps", &json!({}));
    assert_eq!(world.orders(), ["fetch repo", "write repo", "deliver apps"]);
    world.index().source_written(&repo(), true);
    world.index().poll(&repo());
    world.fetched("main@sha1:2");
    assert_eq!(world.orders(), ["fetch repo", "write repo"]);
    world.delivered("apps", "main@sha1:1", true);
    assert_eq!(world.orders(), ["write apps"]);
    world.written();
    assert_eq!(world.orders(), ["deliver apps"]);
}

#[test]
fn dependents_follow_by_event_with_flux_words() {
    let mut world = World::new();
    world.source().fetched("main@sha1:1").kustomization("apps", &json!({"dependsOn": [{"name": "infra"}]}));
    assert_eq!(*world.phase("apps"), waits_for("infra", "dependency 'flux-system/infra' not found"));
    world.kustomization("infra", &json!({}));
    assert_eq!(*world.phase("apps"), waits_for("infra", "dependency 'flux-system/infra' is not ready"));
    assert_eq!(world.orders(), ["fetch repo", "write repo", "deliver infra"]);
    world.delivered("infra", "main@sha1:1", true);
    assert_eq!(world.orders(), ["write infra", "deliver apps"]);
    world.delivered("apps", "main@sha1:1", true).written().orders();
    // The dependency is first with the next revision, and the dependent never ran into the old one.
    world.index().poll(&repo());
    world.fetched("main@sha1:2");
    assert_eq!(world.orders(), ["fetch repo", "write repo", "deliver infra"]);
    assert!(matches!(world.phase("apps"), Phase::Waiting(On::Dependency(..))));
    world.delivered("infra", "main@sha1:2", true);
    assert_eq!(world.orders(), ["write infra", "deliver apps"]);
}

#[test]
fn a_wait_is_told_in_status_only_when_it_lasts() {
    let mut world = World::new();
    world.source().fetched("main@sha1:1").kustomization("apps", &json!({"dependsOn": [{"name": "infra"}]}));
    world.orders();
    world.pass(SECOND);
    assert_eq!(world.orders(), Vec::<String>::new());
    world.pass(5 * SECOND);
    assert_eq!(world.orders(), ["write apps"]);
    let status = &world.index.deliveries[&name("apps")].status;
    assert_eq!(api::condition(&status.conditions, "Ready").unwrap().reason, "DependencyNotReady");
}

#[test]
fn a_failure_is_tried_again_and_told_once() {
    let mut world = World::new();
    world.source().fetched("main@sha1:1").kustomization("apps", &json!({})).ended("apps", "main@sha1:1", failure("no"));
    assert_eq!(world.orders(), ["fetch repo", "write repo", "deliver apps", "write apps"]);
    world.written().pass(Duration::from_mins(1));
    assert_eq!(world.orders(), ["deliver again apps"]);
    world.ended("apps", "main@sha1:1", failure("no"));
    assert_eq!(world.orders(), Vec::<String>::new());
    world.pass(Duration::from_mins(1));
    world.ended("apps", "main@sha1:1", failure("another"));
    assert_eq!(world.orders(), ["deliver again apps", "write apps"]);
    // A new spec does not wait for the retry.
    world.written().index().apply_kustomization(kustomization("apps", 2, &json!({})));
    assert_eq!(world.orders(), ["deliver apps"]);
}

#[test]
fn health_takes_no_place_and_a_new_revision_ends_the_wait() {
    let mut world = World::with(|settings| settings.applies = 1);
    world
        .source()
        .fetched("main@sha1:1")
        .kustomization("apps", &json!({"wait": true}))
        .kustomization("other", &json!({}));
    assert_eq!(world.orders(), ["fetch repo", "write repo", "deliver apps"]);
    world.delivered("apps", "main@sha1:1", true);
    assert_eq!(world.orders(), ["settle apps", "deliver other"]);
    assert_eq!(*world.phase("apps"), Phase::Settling);
    world.delivered("other", "main@sha1:1", true).written().orders();
    world.index().poll(&repo());
    world.fetched("main@sha1:2");
    assert_eq!(world.orders(), ["fetch repo", "write repo", "unsettle apps", "deliver apps"]);
    world.delivered("apps", "main@sha1:2", true);
    let run = world.index.deliveries[&name("apps")].run.unwrap();
    world.index().settled(&name("apps"), SettleOutcome { run: run - 1, failure: Some("late".into()), took: SECOND });
    assert_eq!(*world.phase("apps"), Phase::Settling);
    world.index().settled(&name("apps"), SettleOutcome { run, failure: None, took: SECOND });
    assert_eq!(*world.phase("apps"), Phase::Settled);
}

#[test]
fn long_health_is_told_after_seconds_and_in_a_crowd_after_a_minute() {
    for (count, silent) in [(3, SECOND * 4), (20, SECOND * 59)] {
        let mut world = World::with(|settings| settings.applies = count);
        world.source().fetched("main@sha1:1");
        let names: Vec<_> = (0..count).map(|number| format!("app-{number}")).collect();
        for app in &names {
            world.kustomization(app, &json!({"wait": true})).delivered(app, "main@sha1:1", true);
        }
        world.written().orders();
        world.pass(silent);
        assert_eq!(world.orders(), Vec::<String>::new(), "{count} wait");
        world.pass(SECOND * 2);
        assert_eq!(world.orders().len(), count, "{count} wait");
        world.written().pass(Duration::from_mins(2));
        assert_eq!(world.orders(), Vec::<String>::new(), "{count} wait");
    }
}

#[test]
fn a_suspended_delivery_is_left_alone() {
    let mut world = World::settled(&json!({}));
    world.index().apply_kustomization(kustomization("apps", 2, &json!({"suspend": true})));
    assert_eq!(*world.phase("apps"), Phase::Suspended);
    world.index().drifted(ClusterId::default(), &map_key("apps"), None);
    world.index().poll(&repo());
    world.fetched("main@sha1:2");
    world.pass(Duration::from_hours(1));
    let orders = world.orders();
    assert!(orders.iter().all(|order| order.ends_with("repo")), "{orders:?}");
    world.index().apply_kustomization(kustomization("apps", 3, &json!({})));
    assert_eq!(world.orders(), ["deliver apps"]);
}

#[test]
fn drift_is_healed_at_once_and_remembered() {
    let mut world = World::settled(&json!({}));
    world.index().drifted(ClusterId::default(), &map_key("unknown"), None);
    world.index().drifted(ClusterId::default(), &map_key("apps"), Some("edit"));
    assert_eq!(world.orders(), ["heal apps"]);
    let drift = HealedDrift {
        object: map_key("apps"),
        fields: vec![".data.a  1 -> 2".into()],
        manager: "edit".into(),
        at: Timestamp::UNIX_EPOCH,
        took: SECOND,
        deleted: false,
    };
    world.index().healed(&name("apps"), &Healed { healed: vec![drift], failed: Vec::new() });
    assert_eq!(world.index.deliveries[&name("apps")].drift.len(), 1);
    assert_eq!(world.orders(), Vec::<String>::new());
}

#[test]
fn drift_that_cannot_be_healed_is_tried_again() {
    let mut world = World::settled(&json!({}));
    world.index().drifted(ClusterId::default(), &map_key("apps"), None);
    assert_eq!(world.orders(), ["heal apps"]);
    world.index().healed(&name("apps"), &Healed { healed: Vec::new(), failed: vec![(map_key("apps"), "no".into())] });
    assert_eq!(world.orders(), Vec::<String>::new());
    world.pass(5 * SECOND);
    assert_eq!(world.orders(), ["heal apps"]);
}

#[test]
fn a_fight_is_slowed_down_and_named() {
    let mut world = World::settled(&json!({}));
    for _ in 0..apply::contention::LIMIT {
        world.index().drifted(ClusterId::default(), &map_key("apps"), Some("hpa"));
        assert_eq!(world.orders(), ["heal apps"]);
        world.index().healed(&name("apps"), &Healed { healed: Vec::new(), failed: Vec::new() });
        world.pass(SECOND);
    }
    world.index().drifted(ClusterId::default(), &map_key("apps"), Some("hpa"));
    assert_eq!(world.orders(), ["write apps"]);
    let status = &world.index.deliveries[&name("apps")].status;
    assert!(
        api::condition(&status.conditions, "DriftContested").unwrap().message.contains("ConfigMap/web/apps (by hpa)")
    );
    world.written().pass(Duration::from_mins(5));
    assert_eq!(world.orders(), ["heal apps"]);
}

#[test]
fn a_deleted_delivery_is_removed_and_its_dependents_wait() {
    let mut world = World::settled(&json!({}));
    let mut gone = Kustomization::clone(&kustomization("apps", 1, &json!({})));
    gone.metadata.deletion_timestamp =
        Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(Timestamp::UNIX_EPOCH));
    world.index().apply_kustomization(Arc::new(gone));
    assert_eq!(world.orders(), ["remove apps"]);
    world.index().removed(&name("apps"), Some("no".into()));
    assert_eq!(world.orders(), ["write apps"]);
    world.written().pass(10 * SECOND);
    assert_eq!(world.orders(), ["remove apps"]);
    world.index().removed(&name("apps"), None);
    world.index().delete_kustomization(&name("apps"));
    assert!(world.index.deliveries.is_empty() && world.index.by_object.is_empty() && world.index.by_source.is_empty());
}

#[test]
fn files_of_this_machine_are_refused() {
    let mut world = World::new();
    world.index().apply_source(repository(&json!({"url": "file:///etc"})));
    assert_eq!(world.orders(), ["write repo"]);
    let status = &world.index.sources[&repo()].status;
    let stalled = api::condition(&status.conditions, "Stalled").unwrap();
    assert_eq!(stalled.reason, "URLInvalid");
    world.pass(Duration::from_hours(1));
    assert_eq!(world.orders(), Vec::<String>::new());
}

#[test]
fn a_failed_fetch_backs_off_and_keeps_deliveries() {
    let mut world = World::settled(&json!({}));
    world.index().poll(&repo());
    assert_eq!(world.orders(), ["fetch repo"]);
    for pause in [1, 2, 4] {
        let failure = FetchFailure { reason: "GitOperationFailed", message: "gone".into(), terminal: false };
        world.index().fetched(&repo(), Err(failure));
        world.written().orders();
        world.pass(Duration::from_millis(pause * 1000 - 1));
        assert_eq!(world.orders(), Vec::<String>::new(), "{pause}");
        world.pass(Duration::from_millis(1));
        assert_eq!(world.orders(), ["fetch repo"]);
    }
    assert_eq!(*world.phase("apps"), Phase::Settled);
    assert!(world.index.sources[&repo()].status.artifact.is_some());
}

#[test]
fn a_commit_during_a_fetch_that_fails_is_fetched_at_once() {
    let mut world = World::settled(&json!({}));
    world.index().poll(&repo());
    assert_eq!(world.orders(), ["fetch repo"]);
    world.index().poll(&repo());
    let failure = FetchFailure { reason: "GitOperationFailed", message: "half written".into(), terminal: false };
    world.index().fetched(&repo(), Err(failure));
    assert!(world.orders().contains(&"fetch repo".to_owned()));
}

#[test]
fn references_into_other_namespaces_can_be_blocked() {
    let mut world = World::with(|settings| settings.no_cross_namespace_refs = true);
    let fields = json!({"sourceRef": {"kind": "GitRepository", "name": "repo", "namespace": "other"}});
    world.kustomization("apps", &fields);
    let status = &world.index.deliveries[&name("apps")].status;
    let stalled = api::condition(&status.conditions, "Stalled").unwrap();
    assert_eq!(
        stalled.message,
        "can't access 'GitRepository/other/repo', cross-namespace references have been blocked"
    );
    // Another spec with the same fault has been seen too.
    assert_eq!(world.orders(), ["write apps"]);
    world.index().delivery_written(&name("apps"), true);
    world.index().apply_kustomization(kustomization("apps", 2, &fields));
    assert_eq!(world.orders(), ["write apps"]);
    assert_eq!(world.index.deliveries[&name("apps")].status.observed_generation, Some(2));
}

#[test]
fn a_status_that_cannot_be_written_is_written_later() {
    let mut world = World::new();
    world
        .source()
        .fetched("main@sha1:1")
        .kustomization("apps", &json!({}))
        .delivered("apps", "main@sha1:1", true)
        .orders();
    world.index().delivery_written(&name("apps"), false);
    assert_eq!(world.orders(), Vec::<String>::new());
    world.pass(SECOND);
    assert_eq!(world.orders(), ["write apps"]);
}

#[test]
fn snapshots_share_what_did_not_change() {
    let mut world = World::settled(&json!({}));
    let first = world.index.snapshot(&State::default(), true).expect("news");
    assert!(world.index.snapshot(&first, true).is_none());
    world.kustomization("other", &json!({}));
    let second = world.index.snapshot(&first, true).expect("news");
    assert!(Arc::ptr_eq(&first.deliveries[&name("apps")], &second.deliveries[&name("apps")]));
    assert_eq!(second.deliveries.len(), 2);
}

/// Flux's `kustomize-controller` renews its Lease.
fn flux_renews(world: &mut World, holder: &str) {
    let renewed = Timestamp::UNIX_EPOCH + world.elapsed;
    let holder = (!holder.is_empty()).then(|| holder.into());
    let lease = crate::rivals::Lease { holder, renewed: Some(renewed), length: SECOND * 35 };
    world.index().lease_seen(name("kustomize-controller-leader-election"), lease);
}

#[test]
fn nothing_is_written_but_a_condition_while_flux_runs() {
    let mut world = World::settled(&json!({}));
    flux_renews(&mut world, "pod-1");
    assert!(matches!(world.phase("apps"), Phase::Waiting(On::Rivals(why)) if why.contains("pod-1")));
    world.collect();
    let written = |order: &Command| match order {
        Command::WriteDelivery(_, patch) => Some(patch["status"]["conditions"].clone()),
        _ => None,
    };
    let patches: Vec<_> = world.orders.iter().filter_map(written).collect();
    assert_eq!(patches.len(), 1);
    assert!(patches[0].as_array().unwrap().iter().any(|said| said["type"] == "ControllerConflict"), "{patches:?}");
    world.orders.clear();
    world.written();
    world.index().drifted(ClusterId::default(), &map_key("apps"), Some("somebody"));
    world.index().poll(&repo());
    assert_eq!(world.orders(), ["fetch repo"]);
    world.fetched("main@sha1:2");
    world.pass(SECOND * 20);
    flux_renews(&mut world, "pod-1");
    world.pass(SECOND * 30);
    assert_eq!(world.orders(), Vec::<String>::new());
    flux_renews(&mut world, "");
    let mut orders = world.orders();
    orders.sort();
    assert_eq!(orders, ["deliver again apps", "fetch repo"]);
}

#[test]
fn flux_that_renews_no_more_is_waited_for_no_longer() {
    let mut world = World::settled(&json!({}));
    flux_renews(&mut world, "pod-1");
    world.written().orders();
    world.pass(SECOND * 34);
    assert_eq!(world.orders(), Vec::<String>::new());
    world.pass(SECOND);
    let mut orders = world.orders();
    orders.sort();
    assert_eq!(orders, ["deliver again apps", "fetch repo"]);
    assert!(world.index.held_back().is_none());
}

#[test]
fn what_is_deleted_while_flux_runs_is_left_to_it() {
    let mut world = World::settled(&json!({}));
    flux_renews(&mut world, "pod-1");
    world.written().orders();
    let mut object = (*kustomization("apps", 2, &json!({}))).clone();
    object.metadata.deletion_timestamp =
        Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(Timestamp::UNIX_EPOCH));
    world.index().apply_kustomization(Arc::new(object));
    assert!(!world.orders().contains(&"remove apps".to_owned()));
    world.written();
    flux_renews(&mut world, "");
    assert!(world.orders().contains(&"remove apps".to_owned()));
}
