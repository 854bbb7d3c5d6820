//! `ConfigMaps` and Secrets that ask to be watched: a change makes the Kustomizations that read them run at once.

use std::collections::HashMap;
use std::fmt::Debug;

use futures::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, PartialObjectMeta};
use kube::core::NamespaceResourceScope;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watcher};

use super::{Event, World};
use crate::Name;

/// Flux's label of such objects.
const WATCHED: &str = "reconcile.fluxcd.io/watch=Enabled";

/// Watches both kinds until the loop is gone. Only metadata is asked for: what is in them is read when it is needed.
pub(crate) async fn run(world: World) {
    futures::join!(follow::<ConfigMap>(&world, "ConfigMap"), follow::<Secret>(&world, "Secret"));
}

async fn follow<K>(world: &World, kind: &'static str)
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + Send + 'static,
{
    let api: Api<PartialObjectMeta<K>> = match &world.options.namespace {
        Some(namespace) => Api::namespaced(world.client.clone(), namespace),
        None => Api::all(world.client.clone()),
    };
    let only = watcher::Config::default().labels(WATCHED);
    let mut events = watcher(api, only).default_backoff().boxed();
    // After an interruption all are listed again, changed or not.
    let mut known: HashMap<Name, Option<String>> = HashMap::new();
    while let Some(event) = events.next().await {
        if world.events.is_closed() {
            return;
        }
        match event {
            Ok(watcher::Event::Apply(object) | watcher::Event::InitApply(object)) => {
                let (name, revision) = (name(&object), object.metadata.resource_version);
                if known.insert(name.clone(), revision.clone()) != Some(revision) {
                    world.send(Event::Input(kind, name));
                }
            }
            Ok(watcher::Event::Delete(object)) => {
                let name = name(&object);
                known.remove(&name);
                world.send(Event::Input(kind, name));
            }
            Ok(watcher::Event::Init | watcher::Event::InitDone) => {}
            Err(error) => tracing::warn!(kind, %error, "changes of labelled objects are not seen until their interval"),
        }
    }
}

fn name<K>(object: &PartialObjectMeta<K>) -> Name {
    let metadata = &object.metadata;
    Name::new(metadata.namespace.as_deref().unwrap_or(""), metadata.name.as_deref().unwrap_or(""))
}
