//! A stand-in for scheduler, kubelet and storage provisioner: it runs nothing and writes the status that they would.

mod status;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{Binding, Node, PersistentVolume, PersistentVolumeClaim, Pod};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// What the stand-in calls itself in the audit log.
pub(super) const USER_AGENT: &str = "setpoint-stand-in-kubelet";
/// The node that all pods are bound to.
const NODE: &str = "setpoint-stand-in";
/// How many pods are written at the same time.
const AT_ONCE: usize = 16;

/// A stand-in for a node, **not** a kubelet: no container runs and no image is pulled.
///
/// It creates one node, binds every pod to it, and writes what a kubelet would write of a pod that starts without trouble:
/// `Running` and `Ready`, or `Succeeded` for a Job's pod. Pods being deleted vanish at once. Each claim for storage gets
/// a volume of its own. A pod with the annotation `setpoint.dev/stand-in: unready` is left `Pending`, for tests of
/// what waits. It works until it is dropped.
pub struct StandInKubelet {
    tasks: [JoinHandle<()>; 2],
}

impl StandInKubelet {
    /// Creates the node and starts to answer.
    pub(super) async fn start(client: Client) -> Result<Self, kube::Error> {
        create_node(&client).await?;
        let pods = tokio::spawn(watch_pods(client.clone()));
        let claims = tokio::spawn(watch_claims(client));
        Ok(Self { tasks: [pods, claims] })
    }
}

impl Drop for StandInKubelet {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn create_node(client: &Client) -> Result<(), kube::Error> {
    let nodes: Api<Node> = Api::all(client.clone());
    let labels = json!({"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"});
    let node = read(json!({"metadata": {"name": NODE, "labels": labels}}))?;
    match nodes.create(&PostParams::default(), &node).await {
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        created => drop(created?),
    }
    // A new node is tainted as not ready; the controller that would take the taint away is switched off.
    let untainted = Patch::Merge(json!({"spec": {"taints": null}}));
    nodes.patch(NODE, &PatchParams::default(), &untainted).await?;
    nodes.patch_status(NODE, &PatchParams::default(), &Patch::Merge(status::node())).await?;
    Ok(())
}

async fn watch_pods(client: Client) {
    let events = watcher(Api::<Pod>::all(client.clone()), watcher::Config::default());
    let touched = events.default_backoff().applied_objects();
    // A watch that breaks is resumed by the stream; its errors are no news here.
    let pods = touched.filter_map(async |pod| pod.ok());
    pods.for_each_concurrent(AT_ONCE, |pod| settle(client.clone(), pod)).await;
}

/// Brings one pod a step further; a conflict or a pod that is gone shows up as its next event.
async fn settle(client: Client, pod: Pod) {
    let namespace = pod.namespace().unwrap_or_default();
    let pods: Api<Pod> = Api::namespaced(client, &namespace);
    let _ = settle_one(&pods, &pod).await;
}

async fn settle_one(pods: &Api<Pod>, pod: &Pod) -> Result<(), kube::Error> {
    let name = pod.name_any();
    if pod.metadata.deletion_timestamp.is_some() {
        return remove(pods, pod, &name).await;
    }
    let spec = pod.spec.as_ref();
    if spec.and_then(|spec| spec.node_name.as_deref()).is_none() {
        let target = json!({"apiVersion": "v1", "kind": "Node", "name": NODE});
        let binding: Binding = read(json!({"metadata": {"name": name}, "target": target}))?;
        let parameters = PostParams::default();
        return pods.create_subresource::<_, Value>("binding", &name, &parameters, &binding).await.map(drop);
    }
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let held = pod.annotations().get("setpoint.dev/stand-in").is_some_and(|word| word == "unready");
    if matches!(phase, None | Some("Pending")) && !held {
        let patch = Patch::Strategic(status::pod(pod, NODE));
        pods.patch_status(&name, &PatchParams::default(), &patch).await?;
    }
    Ok(())
}

/// Ends a pod at once, as there is nothing to wait for; never one that took its name since.
async fn remove(pods: &Api<Pod>, pod: &Pod, name: &str) -> Result<(), kube::Error> {
    let parameters = DeleteParams {
        grace_period_seconds: Some(0),
        preconditions: Some(Preconditions { uid: pod.uid(), resource_version: None }),
        ..DeleteParams::default()
    };
    pods.delete(name, &parameters).await.map(drop)
}

async fn watch_claims(client: Client) {
    let events = watcher(Api::<PersistentVolumeClaim>::all(client.clone()), watcher::Config::default());
    let mut events = events.default_backoff().boxed();
    loop {
        // As above: the stream resumes by itself.
        let settled = match events.try_next().await {
            Ok(None) => return,
            Ok(Some(watcher::Event::Apply(claim) | watcher::Event::InitApply(claim))) => provide(&client, &claim).await,
            Ok(Some(watcher::Event::Delete(claim))) => withdraw(&client, &claim).await,
            _ => Ok(()),
        };
        drop(settled);
    }
}

/// Makes the volume for a claim; the real controller then binds the two.
async fn provide(client: &Client, claim: &PersistentVolumeClaim) -> Result<(), kube::Error> {
    let waiting = claim.spec.as_ref().is_some_and(|spec| spec.volume_name.is_none());
    if waiting {
        let volumes: Api<PersistentVolume> = Api::all(client.clone());
        let volume = read(status::volume(claim, &volume_name(claim)))?;
        volumes.create(&PostParams::default(), &volume).await?;
    }
    Ok(())
}

async fn withdraw(client: &Client, claim: &PersistentVolumeClaim) -> Result<(), kube::Error> {
    let volumes: Api<PersistentVolume> = Api::all(client.clone());
    volumes.delete(&volume_name(claim), &DeleteParams::default()).await.map(drop)
}

fn volume_name(claim: &PersistentVolumeClaim) -> String {
    format!("stand-in-{}", claim.uid().unwrap_or_default())
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, kube::Error> {
    serde_json::from_value(value).map_err(kube::Error::SerdeError)
}
