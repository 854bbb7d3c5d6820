//! What a client needs that sends the same writes and does nothing else.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::workload::{self, HOME, Selector, kind_of_kustomizations};
use super::{CONNECTIONS, send};
use crate::Outcome;

/// Namespace of what is written for comparison.
const FLOOR: &str = "floor";
/// Between two looks whether the controllers are done.
const PAUSE: Duration = Duration::from_millis(200);

/// How long such a client needs.
#[derive(Clone, Copy)]
pub(super) struct Floor {
    /// For the writes alone.
    pub(super) writes: Duration,
    /// Until the server's controllers have seen to what was written, which being ready waits for.
    pub(super) rolled_out: Duration,
}

/// What a client needs for the same writes that does nothing else: the objects of so many Kustomizations, and twice the
/// status of each, as `setpoint` left it. First all objects, then the one that a commit changes.
pub(super) async fn floors(client: &kube::Client, number: usize, selector: Selector) -> Outcome<[Floor; 2]> {
    let statuses = statuses(client).await?;
    let home = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": FLOOR}});
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.create(&PostParams::default(), &serde_json::from_value(home)?).await?;
    send(client, (0..number).map(|place| workload::kustomization(FLOOR, place)).collect()).await?;
    let first = floor(client, &statuses, (number, &workload::app("1", selector))).await?;
    let [_, _, deployment, _] = workload::app("2", selector);
    Ok([first, floor(client, &statuses, (number, &[deployment])).await?])
}

/// The statuses of the Kustomizations that `setpoint` held, to be written once more.
async fn statuses(client: &kube::Client) -> Outcome<Vec<Value>> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), HOME, &kind_of_kustomizations());
    let all = api.list(&ListParams::default()).await?;
    Ok(all.items.into_iter().map(|mut object| object.data["status"].take()).collect())
}

async fn floor(client: &kube::Client, statuses: &[Value], (number, objects): (usize, &[Value])) -> Outcome<Floor> {
    let start = Instant::now();
    let write = |place: usize| async move {
        let status = statuses.get(place).ok_or("a Kustomization that setpoint did not hold")?;
        patch_status(client, place, json!({"conditions": status["conditions"], "inventory": status["inventory"]}))
            .await?;
        for object in objects {
            apply(client, &object.to_string(), place).await?;
        }
        patch_status(client, place, status.clone()).await
    };
    stream::iter((0..number).map(write)).buffer_unordered(CONNECTIONS).try_collect::<()>().await?;
    let writes = start.elapsed();
    while !are_rolled_out(client).await? {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(Floor { writes, rolled_out: start.elapsed() })
}

/// Whether the controllers have seen to all Deployments. Answered from the server's cache, to cost it little.
async fn are_rolled_out(client: &kube::Client) -> Outcome<bool> {
    let api: Api<Deployment> = Api::namespaced(client.clone(), FLOOR);
    let cached = ListParams::default().match_any();
    let all = api.list(&cached).await?;
    let seen = |deployment: &Deployment| deployment.status.as_ref().and_then(|status| status.observed_generation);
    Ok(all.items.iter().all(|deployment| seen(deployment) == deployment.metadata.generation))
}

/// Applies one object of the workload as the engine does: under the name and with the variables of its place.
async fn apply(client: &kube::Client, template: &str, place: usize) -> Outcome<()> {
    let mut object: Value = serde_json::from_str(&template.replace("${INDEX}", &format!("app-{place}")))?;
    let name = format!("web-{place}");
    object["metadata"]["name"] = json!(name);
    object["metadata"]["namespace"] = json!(FLOOR);
    let object: DynamicObject = serde_json::from_value(object)?;
    let types = object.types.clone().ok_or("an object without a kind")?;
    let api: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), FLOOR, &ApiResource::from_gvk(&types.try_into()?));
    api.patch(&name, &PatchParams::apply("floor").force(), &Patch::Apply(&object)).await?;
    Ok(())
}

async fn patch_status(client: &kube::Client, place: usize, status: Value) -> Outcome<()> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), FLOOR, &kind_of_kustomizations());
    let patch = Patch::Merge(json!({"status": status}));
    api.patch_status(&format!("app-{place}"), &PatchParams::default(), &patch).await?;
    Ok(())
}
