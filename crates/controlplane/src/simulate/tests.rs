//! Reconcilers against a plane in memory, driven by hand: until nothing is left to do, at a time that the test chooses.

use goyaml::Value;
use jiff::{SignedDuration, Timestamp};

use super::action::Action;
use super::kind::Kind;
use super::world::{World, at, list, number, text};
use super::{Key, reconcile};
use crate::store::{Expect, Name, Store, Write};

const KINDS: [Kind; 6] = [Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::Claim, Kind::Pod, Kind::Job];
/// More rounds than any of these takes.
const MAX_ROUNDS: usize = 200;

struct Plane {
    store: Store,
    now: Timestamp,
}

impl Plane {
    fn new() -> Self {
        let plane = Self { store: Store::memory(0), now: "2026-01-01T00:00:00Z".parse().unwrap() };
        plane.put(Kind::Account, r#"{"metadata":{"name":"default","namespace":"n"}}"#);
        plane
    }

    fn put(&self, kind: Kind, json: &str) {
        let mut object: Value = goyaml::json::parse(json.as_bytes()).unwrap();
        let name = text(&object, "metadata.name").to_owned();
        object.set_at(&["metadata", "uid"], format!("uid-{name}"));
        object.set_at(&["metadata", "creationTimestamp"], format!("{:.0}", self.now));
        self.write(kind, object);
    }

    fn write(&self, kind: Kind, object: Value) {
        let name = Name::new(text(&object, "metadata.namespace"), text(&object, "metadata.name"));
        let resource = kind.resource().unwrap().clone();
        let expect =
            self.store.get(&resource, &name).map_or(Expect::Absent, |stored| Expect::Revision(stored.revision));
        let write = Write { resource, name, expect, value: Some(object) };
        futures::executor::block_on(self.store.write(write)).unwrap();
    }

    fn get(&self, kind: Kind, name: &str) -> Value {
        World::new(&self.store, self.now).get(kind, "n", name).unwrap()
    }

    fn pods(&self) -> Vec<Value> {
        World::new(&self.store, self.now).list(Kind::Pod, Some("n"))
    }

    fn perform(&self, action: Action) {
        match action {
            Action::Create(Kind::Event, _) => {}
            Action::Create(kind, mut object) => {
                let name = text(&object, "metadata.name").to_owned();
                object.set_at(&["metadata", "uid"], format!("uid-{name}-{}", self.store.revision()));
                object.set_at(&["metadata", "creationTimestamp"], format!("{:.0}", self.now));
                self.write(kind, object);
            }
            Action::Change(kind, (namespace, name), _, edit) => {
                let mut object = World::new(&self.store, self.now).get(kind, &namespace, &name).unwrap();
                edit(&mut object);
                self.write(kind, object);
            }
            Action::Delete(kind, (namespace, name)) => {
                let (resource, name) = (kind.resource().unwrap().clone(), Name::new(&namespace, &name));
                let revision = self.store.get(&resource, &name).unwrap().revision;
                let write = Write { resource, name, expect: Expect::Revision(revision), value: None };
                futures::executor::block_on(self.store.write(write)).unwrap();
            }
        }
    }

    /// Reconciles everything until nothing changes; gives back the earliest time at which something will.
    fn settle(&self) -> Option<Timestamp> {
        for _ in 0..MAX_ROUNDS {
            let before = self.store.revision();
            let mut again: Option<Timestamp> = None;
            for kind in KINDS {
                for object in World::new(&self.store, self.now).list(kind, None) {
                    let key = Key::new(kind, text(&object, "metadata.namespace"), text(&object, "metadata.name"));
                    let step = reconcile(&World::new(&self.store, self.now), &key);
                    again = again.into_iter().chain(step.again).min();
                    step.actions.into_iter().for_each(|action| self.perform(action));
                }
            }
            if self.store.revision() == before {
                return again;
            }
        }
        panic!("it does not come to rest");
    }
}

fn deployment(image: &str, annotations: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"web","namespace":"n","generation":1}},"spec":{{"replicas":3,"progressDeadlineSeconds":600,
            "strategy":{{"type":"RollingUpdate","rollingUpdate":{{"maxSurge":"25%","maxUnavailable":"25%"}}}},
            "selector":{{"matchLabels":{{"a":"b"}}}},"template":{{"metadata":{{"labels":{{"a":"b"}},"annotations":{{{annotations}}}}},
            "spec":{{"restartPolicy":"Always","containers":[{{"name":"c","image":"{image}"}}]}}}}}}}}"#
    )
}

fn condition<'a>(object: &'a Value, kind: &str) -> (&'a str, &'a str) {
    let found = super::conditions::find(object, kind).unwrap();
    (text(found, "status"), text(found, "reason"))
}

#[test]
fn a_deployment_becomes_available() {
    let plane = Plane::new();
    plane.put(Kind::Deployment, &deployment("x:1", ""));
    plane.settle();
    let web = plane.get(Kind::Deployment, "web");
    assert_eq!(number(&web, "status.availableReplicas"), 3);
    assert_eq!(condition(&web, "Available"), ("True", "MinimumReplicasAvailable"));
    assert_eq!(condition(&web, "Progressing"), ("True", "NewReplicaSetAvailable"));
    assert_eq!(super::world::annotation(&web, super::deployment::REVISION), "1");
    assert!(plane.pods().iter().all(|pod| text(pod, "spec.nodeName") == super::NODE));
    assert!(plane.pods().iter().all(|pod| super::world::annotation(pod, super::MARK) == "true"));
}

/// A new template takes over step by step; the old one stays for `undo`, which gets a new number.
#[test]
fn a_rollout_and_its_undo() {
    let plane = Plane::new();
    plane.put(Kind::Deployment, &deployment("x:1", ""));
    plane.settle();
    for (image, revision) in [("x:2", "2"), ("x:1", "3")] {
        let mut web = plane.get(Kind::Deployment, "web");
        web.set_at(&["spec", "template", "spec", "containers"], containers(image));
        plane.write(Kind::Deployment, web);
        plane.settle();
        let web = plane.get(Kind::Deployment, "web");
        assert_eq!(super::world::annotation(&web, super::deployment::REVISION), revision);
        assert_eq!(number(&web, "status.updatedReplicas"), 3);
        assert_eq!(number(&web, "status.replicas"), 3);
        assert!(plane.pods().iter().all(|pod| text(&list(pod, "spec.containers")[0], "image") == image));
        let sets = World::new(&plane.store, plane.now).list(Kind::ReplicaSet, None);
        assert_eq!(sets.len(), 2, "the same template is not given a second ReplicaSet");
    }
}

fn containers(image: &str) -> Vec<Value> {
    vec![[("name", "c"), ("image", image)].into_iter().collect()]
}

/// What never gets ready is told after its deadline, and only then.
#[test]
fn a_deadline_passes() {
    let mut plane = Plane::new();
    plane.put(Kind::Deployment, &deployment("x:1", r#""setpoint.dev/simulate":"never-ready""#));
    let again = plane.settle().unwrap();
    assert_eq!(again, plane.now + SignedDuration::from_secs(600));
    assert_eq!(condition(&plane.get(Kind::Deployment, "web"), "Progressing"), ("True", "ReplicaSetUpdated"));
    plane.now = again;
    plane.settle();
    let web = plane.get(Kind::Deployment, "web");
    assert_eq!(condition(&web, "Progressing"), ("False", "ProgressDeadlineExceeded"));
    assert_eq!(condition(&web, "Available"), ("False", "MinimumReplicasUnavailable"));
}

#[test]
fn missing_references_are_told() {
    let cases = [
        (r#""envFrom":[{"secretRef":{"name":"s"}}]"#, "", "CreateContainerConfigError", "secret \"s\" not found"),
        (
            r#""env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"there","key":"k"}}}]"#,
            "",
            "CreateContainerConfigError",
            "couldn't find key k in ConfigMap n/there",
        ),
        (r#""envFrom":[{"secretRef":{"name":"s","optional":true}}]"#, "", "", ""),
        ("", r#","volumes":[{"name":"v","configMap":{"name":"m"}}]"#, "ContainerCreating", ""),
        ("", r#","volumes":[{"name":"v","emptyDir":{}}]"#, "", ""),
    ];
    for (container, rest, reason, message) in cases {
        let plane = Plane::new();
        plane.put(Kind::ConfigMap, r#"{"metadata":{"name":"there","namespace":"n"},"data":{}}"#);
        let comma = if container.is_empty() { "" } else { "," };
        let pod = format!(
            r#"{{"metadata":{{"name":"p","namespace":"n"}},"spec":{{"restartPolicy":"Always","containers":[{{"name":"c"{comma}{container}}}]{rest}}}}}"#
        );
        plane.put(Kind::Pod, &pod);
        plane.settle();
        let pod = plane.get(Kind::Pod, "p");
        let waiting = at(&list(&pod, "status.containerStatuses")[0], "state.waiting").cloned().unwrap_or_default();
        assert_eq!((text(&waiting, "reason"), text(&waiting, "message")), (reason, message), "{container}{rest}");
        assert_eq!(super::pods::ready(&pod), reason.is_empty());
    }
}

/// A claim that is missing keeps its pod unscheduled; a class that is missing keeps a claim pending.
#[test]
fn claims() {
    let plane = Plane::new();
    plane.put(
        Kind::Pod,
        r#"{"metadata":{"name":"p","namespace":"n"},"spec":{"restartPolicy":"Always","containers":[],
            "volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"c"}}]}}"#,
    );
    plane.settle();
    assert_eq!(condition(&plane.get(Kind::Pod, "p"), "PodScheduled"), ("False", "Unschedulable"));
    let claim = r#"{"metadata":{"name":"c","namespace":"n"},"spec":{"storageClassName":"fast","accessModes":["ReadWriteOnce"],
        "resources":{"requests":{"storage":"1Gi"}}}}"#;
    plane.put(Kind::Claim, claim);
    plane.settle();
    assert_eq!(text(&plane.get(Kind::Claim, "c"), "status.phase"), "");
    plane.put(Kind::StorageClass, r#"{"metadata":{"name":"fast"},"provisioner":"x","reclaimPolicy":"Retain"}"#);
    plane.settle();
    assert_eq!(text(&plane.get(Kind::Claim, "c"), "status.phase"), "Bound");
    assert!(super::pods::ready(&plane.get(Kind::Pod, "p")));
}

#[test]
fn stateful_sets_go_in_order() {
    let plane = Plane::new();
    plane.put(
        Kind::StatefulSet,
        r#"{"metadata":{"name":"db","namespace":"n","generation":1},"spec":{"replicas":3,"serviceName":"db",
            "template":{"metadata":{"labels":{"a":"b"}},"spec":{"restartPolicy":"Always","containers":[{"name":"c","image":"x"}]}},
            "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{}}]}}"#,
    );
    plane.settle();
    let db = plane.get(Kind::StatefulSet, "db");
    assert_eq!(number(&db, "status.readyReplicas"), 3);
    assert_eq!(text(&db, "status.currentRevision"), text(&db, "status.updateRevision"));
    let names: Vec<_> = plane.pods().iter().map(|pod| text(pod, "metadata.name").to_owned()).collect();
    assert_eq!(names, ["db-0", "db-1", "db-2"]);
    assert_eq!(text(&plane.get(Kind::Claim, "data-db-2"), "status.phase"), "Bound");
}

#[test]
fn jobs_complete() {
    let plane = Plane::new();
    plane.put(
        Kind::Job,
        r#"{"metadata":{"name":"j","namespace":"n"},"spec":{"completions":4,"parallelism":2,"completionMode":"Indexed",
            "template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x"}]}}}}"#,
    );
    plane.settle();
    let job = plane.get(Kind::Job, "j");
    assert_eq!(condition(&job, "Complete"), ("True", "CompletionsReached"));
    assert_eq!(text(&job, "status.completedIndexes"), "0-3");
    assert_eq!(number(&job, "status.succeeded"), 4);
}

/// Nothing is made that admission would refuse; when the account is there, it goes on.
#[test]
fn accounts_are_looked_up() {
    let plane = Plane::new();
    let text_of =
        deployment("x:1", "").replace(r#""restartPolicy""#, r#""serviceAccountName":"later","restartPolicy""#);
    plane.put(Kind::Deployment, &text_of);
    plane.settle();
    assert!(plane.pods().is_empty());
    assert_eq!(condition(&plane.get(Kind::Deployment, "web"), "ReplicaFailure"), ("True", "FailedCreate"));
    plane.put(Kind::Account, r#"{"metadata":{"name":"later","namespace":"n"}}"#);
    plane.settle();
    assert_eq!(number(&plane.get(Kind::Deployment, "web"), "status.readyReplicas"), 3);
}
