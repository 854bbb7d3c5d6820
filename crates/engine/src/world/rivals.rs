//! The watches of the Leases of Flux's controllers.

use std::collections::BTreeSet;

use futures::StreamExt;
use k8s_openapi::api::coordination::v1::Lease as KubeLease;
use kube::api::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watcher};
use tokio::sync::watch::Sender;

use super::{Event, World};
use crate::Name;
use crate::rivals::{LEASES, Lease};

/// Watches the Leases until the loop is gone. `looked` counts those that were looked for once.
pub(crate) async fn run(world: World, looked: Sender<usize>) {
    futures::future::join_all(LEASES.map(|name| follow(&world, name, &looked))).await;
}

async fn follow(world: &World, name: &str, looked: &Sender<usize>) {
    let api: Api<KubeLease> = match &world.options.flux_namespace {
        Some(namespace) => Api::namespaced(world.client.clone(), namespace),
        None => Api::all(world.client.clone()),
    };
    let only = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let mut events = watcher(api, only).default_backoff().boxed();
    let (mut known, mut listed) = (BTreeSet::new(), BTreeSet::new());
    let mut is_first = true;
    while let Some(event) = events.next().await {
        if world.events.is_closed() {
            return;
        }
        match event {
            Ok(watcher::Event::Init) => listed.clear(),
            Ok(watcher::Event::InitApply(lease)) => {
                listed.insert(Name::of(&lease));
                seen(world, &lease);
            }
            Ok(watcher::Event::InitDone) => {
                known.difference(&listed).for_each(|name| world.send(Event::LeaseGone(Name::clone(name))));
                known.clone_from(&listed);
                note_first(&mut is_first, looked);
            }
            Ok(watcher::Event::Apply(lease)) => {
                known.insert(Name::of(&lease));
                seen(world, &lease);
            }
            Ok(watcher::Event::Delete(lease)) => {
                known.remove(&Name::of(&lease));
                world.send(Event::LeaseGone(Name::of(&lease)));
            }
            Err(error) => {
                tracing::warn!(lease = name, %error, "it cannot be told whether Flux runs on this cluster");
                // Without the right to look, nobody could ever work here.
                if is_refusal(&error) {
                    note_first(&mut is_first, looked);
                }
            }
        }
    }
}

fn seen(world: &World, lease: &KubeLease) {
    world.send(Event::Lease(Name::of(lease), Lease::read(lease)));
}

fn note_first(is_first: &mut bool, looked: &Sender<usize>) {
    if std::mem::take(is_first) {
        looked.send_modify(|count| *count += 1);
    }
}

fn is_refusal(error: &watcher::Error) -> bool {
    let (watcher::Error::InitialListFailed(cause) | watcher::Error::WatchStartFailed(cause)) = error else {
        return false;
    };
    matches!(cause, kube::Error::Api(status) if matches!(status.code, 401 | 403 | 404))
}
