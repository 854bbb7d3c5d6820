//! A research platform in a state made by hand: one of everything that a page can show.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use engine::{
    DeliveryState, DiagnosticState, HealedDrift, HealthCount, HealthState, Name, ObjectState, On, Phase, PlanState,
    PlannedChange, SourceName, SourceState, State, StatusCondition,
};
use jiff::{SignedDuration, Timestamp};
use object::ObjectKey;

const REVISION: &str = "main@sha1:4f2a9c81d0e35b7712c4aa90fe6b1d2c3a4b5c6d";

/// The moment that the state is of: ages on the pages are told from the real clock.
pub(crate) fn now() -> Timestamp {
    static NOW: LazyLock<Timestamp> = LazyLock::new(Timestamp::now);
    *NOW
}

fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

/// Synced, and nothing in it.
pub(crate) fn empty() -> State {
    State { version: 1, synced: true, ..State::default() }
}

/// A delivery without anything special.
pub(crate) fn delivery(name: &str, phase: Phase) -> DeliveryState {
    DeliveryState {
        name: Name::new("flux-system", name),
        source: SourceName::git(&Name::new("flux-system", "platform")),
        path: format!("./apps/{name}").into(),
        phase,
        since: ago(720),
        depends_on: Vec::new(),
        applied: Some(REVISION.into()),
        attempted: Some(REVISION.into()),
        health: HealthCount::default(),
        objects: Arc::default(),
        plan: None,
        diagnostics: Arc::default(),
        drift: Arc::default(),
        history: Vec::new(),
        conditions: Vec::new(),
        duration: Some(Duration::from_millis(340)),
    }
}

/// Puts a delivery into a state, its objects counted.
pub(crate) fn put(state: &mut State, mut delivery: DeliveryState) {
    for object in delivery.objects.iter() {
        let count = &mut delivery.health;
        *match object.health {
            HealthState::Current => &mut count.current,
            HealthState::InProgress => &mut count.in_progress,
            HealthState::Failed => &mut count.failed,
            HealthState::Terminating | HealthState::Missing | HealthState::Unknown => &mut count.unknown,
        } += 1;
    }
    state.deliveries.insert(delivery.name.clone(), Arc::new(delivery));
}

/// The platform.
pub(crate) fn state() -> State {
    let mut state = empty();
    state.sources.insert(SourceName::git(&Name::new("flux-system", "platform")), Arc::new(source()));
    put(
        &mut state,
        DeliveryState { objects: Arc::new(infrastructure()), ..delivery("infrastructure", Phase::Settled) },
    );
    put(&mut state, library());
    put(&mut state, search());
    put(&mut state, notebooks());
    let waits = On::Dependency(Name::new("flux-system", "search"), "not ready yet".into());
    put(
        &mut state,
        DeliveryState {
            depends_on: vec![Name::new("flux-system", "search"), Name::new("flux-system", "infrastructure")],
            applied: None,
            ..delivery("databases", Phase::Waiting(waits))
        },
    );
    put(&mut state, delivery("sandbox", Phase::Suspended));
    state
}

fn source() -> SourceState {
    SourceState {
        name: SourceName::git(&Name::new("flux-system", "platform")),
        url: "https://git.institute.example/platform/cluster.git".into(),
        reference: "branch main".into(),
        suspended: false,
        revision: Some(REVISION.into()),
        digest: Some("sha256:9d1c07f3b2".into()),
        commit: Some(REVISION[10..].into()),
        subject: Some("notebooks: two more copies <for the course>".into()),
        author: Some("Ada Example".into()),
        committed: Some(ago(900)),
        fetched: Some(ago(890)),
        checked: Some(ago(20)),
        conditions: vec![condition("Ready", "True", "Succeeded", "stored artifact for revision 'main@sha1:4f2a9c8'")],
    }
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> StatusCondition {
    StatusCondition {
        kind: kind.into(),
        status: status.into(),
        reason: reason.into(),
        message: message.into(),
        since: ago(720),
    }
}

pub(crate) fn key(group: &str, kind: &str, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey { group: group.into(), kind: kind.into(), namespace: namespace.into(), name: name.into() }
}

/// A healthy object.
pub(crate) fn object(key: ObjectKey, origin: &str) -> ObjectState {
    ObjectState {
        key,
        version: "v1".into(),
        origin: origin.into(),
        health: HealthState::Current,
        message: "as wanted".into(),
    }
}

fn infrastructure() -> Vec<ObjectState> {
    vec![
        object(key("", "Namespace", "", "library"), "infra/namespaces.yaml:1"),
        object(key("", "Namespace", "", "search"), "infra/namespaces.yaml:6"),
        object(key("rbac.authorization.k8s.io", "ClusterRole", "", "platform:readers"), "infra/rbac.yaml:1"),
    ]
}

fn library() -> DeliveryState {
    let objects = vec![
        object(key("", "Secret", "library", "hedgedoc-database"), "apps/library/secret.yaml:1"),
        object(key("", "Service", "library", "hedgedoc"), "apps/library/hedgedoc.yaml:40"),
        object(key("apps", "Deployment", "library", "hedgedoc"), "apps/library/hedgedoc.yaml:1"),
        object(key("apps", "StatefulSet", "library", "postgresql"), "apps/library/postgresql.yaml:1"),
        object(key("networking.k8s.io", "Ingress", "library", "hedgedoc"), "apps/library/ingress.yaml:1"),
    ];
    let drift = HealedDrift {
        object: key("apps", "Deployment", "library", "hedgedoc"),
        fields: vec![".spec.replicas  3 -> 1".into()],
        manager: "kubectl-scale".into(),
        at: ago(95),
        took: Duration::from_millis(180),
        deleted: false,
    };
    let deleted = HealedDrift {
        object: key("", "Service", "library", "hedgedoc"),
        fields: Vec::new(),
        manager: "".into(),
        at: ago(400),
        took: Duration::from_millis(90),
        deleted: true,
    };
    let change = PlannedChange {
        key: key("apps", "Deployment", "library", "hedgedoc"),
        action: "configured",
        fields: vec![".spec.template.spec.containers[name=hedgedoc].image  hedgedoc:1.10.2 -> hedgedoc:1.10.3".into()],
        message: "".into(),
    };
    DeliveryState {
        objects: Arc::new(objects),
        drift: Arc::new(VecDeque::from([deleted, drift])),
        plan: Some(Arc::new(PlanState {
            at: Some(ago(720)),
            revision: REVISION.into(),
            changes: vec![change],
            kept: 4,
        })),
        depends_on: vec![Name::new("flux-system", "infrastructure")],
        history: vec![history("ReconciliationSucceeded", 14), history("BuildFailed", 1)],
        conditions: vec![condition("Ready", "True", "ReconciliationSucceeded", "Applied revision: main@sha1:4f2a9c8")],
        ..delivery("library", Phase::Settled)
    }
}

fn history(status: &str, total: i64) -> api::HistoryEntry {
    let text = format!(
        r#"{{"digest": "sha256:1", "firstReconciled": "2026-01-20T08:00:00Z", "lastReconciled": "{}",
            "lastReconciledDuration": "340ms", "lastReconciledStatus": "{status}", "totalReconciliations": {total},
            "metadata": {{"revision": "{REVISION}"}}}}"#,
        ago(3_600 / total).strftime("%Y-%m-%dT%H:%M:%SZ")
    );
    serde_json::from_str(&text).expect("an entry of a history")
}

fn search() -> DeliveryState {
    let failed = ObjectState {
        health: HealthState::Failed,
        message:
            "1 of 3 pods: container opensearch is killed again and again for using more memory than its limit of 1Gi"
                .into(),
        ..object(key("apps", "Deployment", "search", "opensearch"), "apps/search/opensearch.yaml:1")
    };
    let objects = vec![
        object(key("", "Namespace", "", "search-tools"), "apps/search/namespace.yaml:1"),
        object(key("", "ConfigMap", "search", "opensearch"), "apps/search/config.yaml:1"),
        failed,
        object(key("", "Service", "search", "opensearch"), "apps/search/opensearch.yaml:52"),
    ];
    DeliveryState {
        objects: Arc::new(objects),
        since: ago(60),
        conditions: vec![condition("Ready", "False", "HealthCheckFailed", "Deployment/search/opensearch: failed")],
        ..delivery("search", Phase::Failed("HealthCheckFailed".into()))
    }
}

fn notebooks() -> DeliveryState {
    let finding = DiagnosticState {
        file: "apps/notebooks/hub.yaml".into(),
        line: 14,
        column: 9,
        message: "the field `replica` is not known in a Deployment's `spec`".into(),
        hint: "Did you mean `replicas`?".into(),
    };
    DeliveryState {
        objects: Arc::new(vec![object(key("apps", "Deployment", "notebooks", "hub"), "apps/notebooks/hub.yaml:1")]),
        diagnostics: Arc::new(vec![finding]),
        applied: Some("main@sha1:0c11d9e2aa".into()),
        since: ago(890),
        conditions: vec![condition(
            "Ready",
            "False",
            "BuildFailed",
            "apps/notebooks/hub.yaml:14:9: the field `replica` is not known",
        )],
        ..delivery("notebooks", Phase::Failed("BuildFailed".into()))
    }
}

/// A state with this many deliveries more.
pub(crate) fn many(count: usize) -> State {
    let mut state = state();
    let objects = Arc::new(infrastructure());
    for number in 0..count {
        put(
            &mut state,
            DeliveryState { objects: objects.clone(), ..delivery(&format!("tenant-{number:05}"), Phase::Settled) },
        );
    }
    state
}
