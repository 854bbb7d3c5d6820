//! What the plane does beside answering: terminating namespaces and garbage.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::config::Workloads;
use crate::plane::ControlPlane;
use crate::store::GroupResource;
use crate::{garbage, namespaces, simulate};

/// How often is looked when nothing happens, for what an earlier run left behind.
const SWEEP_EVERY: Duration = Duration::from_mins(5);
/// How soon a namespace whose content waits for finalizers is looked at again.
const RETRY: Duration = Duration::from_millis(200);

/// Starts the tasks; they end with the plane.
pub(crate) fn start(plane: &Arc<ControlPlane>, runtime: &Handle) {
    runtime.spawn(watch_namespaces(
        Arc::downgrade(plane),
        plane.store().subscribe(&namespaces_resource()),
        plane.shutdown_signal(),
    ));
    runtime.spawn(garbage::collect(Arc::downgrade(plane), plane.store().subscribe_garbage(), plane.shutdown_signal()));
    if plane.workloads() == Workloads::Simulated {
        simulate::start(plane, runtime, Arc::new(jiff::Timestamp::now));
    }
}

fn namespaces_resource() -> GroupResource {
    GroupResource::new("", "namespaces")
}

async fn watch_namespaces(
    plane: std::sync::Weak<ControlPlane>,
    mut news: tokio::sync::watch::Receiver<u64>,
    mut down: tokio::sync::watch::Receiver<bool>,
) {
    loop {
        let wait = {
            let Some(plane) = plane.upgrade() else {
                return;
            };
            news.mark_unchanged();
            if let Err(error) = namespaces::sweep(&plane).await {
                tracing::warn!(message = %error.message, "a namespace could not be emptied; it is tried again");
            }
            if terminating(&plane) { RETRY } else { SWEEP_EVERY }
        };
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            ended = down.wait_for(|down| *down) => { drop(ended); return }
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn terminating(plane: &ControlPlane) -> bool {
    let (namespaces, _) = plane.store().list(&namespaces_resource(), None);
    namespaces.iter().any(|namespace| namespace.value.at(&["metadata", "deletionTimestamp"]).is_some())
}
