//! The cluster that a running `up` holds, asked through its kubeconfig as any other program would.

use std::fmt::Debug;
use std::path::Path;
use std::time::{Duration, Instant};

use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::world::PATIENCE;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(25);

/// A client of the cluster.
pub(crate) struct Held {
    runtime: Runtime,
    client: Client,
}

/// A condition: status, reason, message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Held {
    /// The cluster of a kubeconfig, which `up` writes before it says anything.
    pub(crate) fn open(kubeconfig: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let kubeconfig = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
            Client::try_from(config.expect("a kubeconfig that can be used")).expect("a client")
        });
        Self { runtime, client }
    }

    fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let found = self.runtime.block_on(api(&self.client, kind, namespace).get_opt(name)).ok().flatten()?;
        serde_json::to_value(found).ok()
    }

    /// Waits until an object shows this.
    pub(crate) fn until<T: PartialEq + Debug>(
        &self,
        object: (&str, &str, &str),
        see: impl Fn(Option<&Value>) -> T,
        wanted: impl Fn(&T) -> bool,
    ) -> T {
        let (kind, namespace, name) = object;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = see(self.get(kind, namespace, name).as_ref());
            if wanted(&seen) {
                return seen;
            }
            assert!(Instant::now() < deadline, "{kind} {namespace}/{name} stays at {seen:#?}");
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until `Ready` of an object of Flux's says no for this reason, and gives its message.
    pub(crate) fn failed(&self, kind: &str, name: &str, reason: &str) -> String {
        let wanted = |ready: &Condition| ready.status == "False" && ready.reason == reason;
        self.until((kind, "flux-system", name), |object| condition(object, "Ready"), wanted).message
    }

    /// Waits until an object of Flux's is ready at a commit.
    pub(crate) fn ready(&self, kind: &str, name: &str, commit: &str) {
        let revision = |object: Option<&Value>| {
            let status = object.map_or(&Value::Null, |object| &object["status"]);
            let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
            let at = text(&status["lastAppliedRevision"]) + &text(&status["artifact"]["revision"]);
            (condition(object, "Ready"), at)
        };
        self.until((kind, "flux-system", name), revision, |(ready, at)| ready.status == "True" && at.ends_with(commit));
    }

    /// Waits until a ConfigMap of namespace `default` has this value.
    pub(crate) fn value_is(&self, name: &str, value: &str) {
        let see =
            |object: Option<&Value>| object.and_then(|object| object["data"]["value"].as_str().map(str::to_owned));
        self.until(("ConfigMap", "default", name), see, |seen| seen.as_deref() == Some(value));
    }

    /// The uid of a ConfigMap of namespace `default`; none if it is not there.
    pub(crate) fn uid(&self, name: &str) -> Option<String> {
        self.get("ConfigMap", "default", name)?["metadata"]["uid"].as_str().map(str::to_owned)
    }

    /// Changes a ConfigMap of namespace `default` by hand.
    pub(crate) fn edit(&self, name: &str, value: &str) {
        let patch = Patch::Merge(json!({"data": {"value": value}}));
        let edited = api(&self.client, "ConfigMap", "default");
        self.runtime.block_on(edited.patch(name, &PatchParams::default(), &patch)).expect("it is there");
    }

    /// Makes an object.
    pub(crate) fn create(&self, object: &Value) {
        let read: DynamicObject = serde_json::from_value(object.clone()).expect("an object");
        let (kind, namespace) = (object["kind"].as_str(), object["metadata"]["namespace"].as_str());
        let place = api(&self.client, kind.expect("a kind"), namespace.expect("a namespace"));
        self.runtime.block_on(place.create(&kube::api::PostParams::default(), &read)).expect("it is accepted");
    }

    /// Sends a merge patch.
    pub(crate) fn patch(&self, object: (&str, &str, &str), patch: &Value) {
        let (kind, namespace, name) = object;
        let place = api(&self.client, kind, namespace);
        self.runtime
            .block_on(place.patch(name, &PatchParams::default(), &Patch::Merge(patch)))
            .expect("it is accepted");
    }
}

/// A condition of an object; empty if it is not there.
pub(crate) fn condition(object: Option<&Value>, kind: &str) -> Condition {
    let conditions = object.and_then(|object| object["status"]["conditions"].as_array());
    let found = conditions.into_iter().flatten().find(|condition| condition["type"] == kind);
    let text = |field: &str| found.and_then(|found| found[field].as_str()).unwrap_or("").to_owned();
    Condition { status: text("status"), reason: text("reason"), message: text("message") }
}

fn api(client: &Client, kind: &str, namespace: &str) -> Api<DynamicObject> {
    let (group, plural) = match kind {
        "Kustomization" => ("kustomize.toolkit.fluxcd.io", "kustomizations"),
        "GitRepository" => ("source.toolkit.fluxcd.io", "gitrepositories"),
        "Lease" => ("coordination.k8s.io", "leases"),
        "Secret" => ("", "secrets"),
        _ => ("", "configmaps"),
    };
    let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, "v1", kind), plural);
    Api::namespaced_with(client.clone(), namespace, &resource)
}
