//! The end of a delivery: its objects go as its deletion policy says, then its finalizer.

use std::time::Duration;

use apply::{ApplyOptions, Cluster, Outcome, Owner, Plan, PlanOptions, prune};
use kube::ResourceExt;
use object::Gvk;

use super::report;
use crate::bootstrap;
use crate::index::RemoveOrder;
use crate::world::clusters::Target;
use crate::world::{Event, World};
use crate::{Name, Progress};

/// Pause between two looks whether the objects are gone.
const GONE_PAUSE: Duration = Duration::from_millis(500);

/// Removes a delivery and tells the loop.
pub(crate) async fn run(world: World, order: RemoveOrder) {
    let failure = remove(&world, &order).await.err();
    world.send(Event::Removed(order.name, failure));
}

async fn remove(world: &World, order: &RemoveOrder) -> Result<(), String> {
    if deletes(order) {
        delete_objects(world, order).await?;
    }
    let released = world.finalize(&order.object, false).await;
    released.map_err(|error| format!("the finalizer could not be taken off: {error}"))
}

/// Whether the objects go: not those of a suspended delivery, nor against the policy.
fn deletes(order: &RemoveOrder) -> bool {
    let spec = &order.object.spec;
    !spec.suspend
        && match spec.deletion_policy.as_deref() {
            Some("Orphan") => false,
            Some("Delete" | "WaitForTermination") => true,
            _ => spec.prune,
        }
}

async fn delete_objects(world: &World, order: &RemoveOrder) -> Result<(), String> {
    if account_is_gone(world, order).await {
        tracing::warn!(name = %order.name, "its ServiceAccount is gone: the objects stay where they are");
        return Ok(());
    }
    let Target { cluster, observer, .. } = world.target(&order.object).await?;
    let owner = Owner::kustomization(&*order.name.namespace, &*order.name.name);
    let inventory = bootstrap::deletable(&report::inventory(order.status.inventory.as_ref()), &order.name, &[]);
    let mut options = PlanOptions::new(&owner, &[], &inventory);
    options.prune = Some(prune::Policy::Everything);
    let plan = apply::plan(&cluster, &observer, &options).await.map_err(|error| error.to_string())?;
    let changes = apply::apply(&cluster, &observer, &plan, &ApplyOptions::default()).await;
    for result in changes.with(Outcome::Deleted) {
        world.tell(&order.name, Progress::Pruned { key: result.key.clone() });
    }
    if let Some(message) = report::failures(&plan, &changes, true) {
        return Err(message);
    }
    if order.object.spec.deletion_policy.as_deref() == Some("WaitForTermination") {
        wait_until_gone(&cluster, &plan, (&order.name, order.object.spec.timeout())).await?;
    }
    Ok(())
}

/// Whether the `ServiceAccount` that everything is done as does not exist any more.
async fn account_is_gone(world: &World, order: &RemoveOrder) -> bool {
    let Some(account) = &order.object.spec.service_account_name else { return false };
    let namespace = order.object.namespace().unwrap_or_default();
    let found = world.cluster.get(&Gvk::from_api_version("v1", "ServiceAccount"), &namespace, account).await;
    matches!(found, Ok(None))
}

async fn wait_until_gone(cluster: &Cluster, plan: &Plan, whose: (&Name, Duration)) -> Result<(), String> {
    let (name, limit) = whose;
    let gone = async {
        for change in &plan.changes {
            while matches!(cluster.get(&change.gvk, &change.key.namespace, &change.key.name).await, Ok(Some(_))) {
                tokio::time::sleep(GONE_PAUSE).await;
            }
        }
    };
    let late = |_| format!("the objects of {name} are not gone after {}", api::Duration::from(limit));
    tokio::time::timeout(limit, gone).await.map_err(late)
}
