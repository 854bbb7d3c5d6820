//! The watches of the kinds that the engine reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::{GitRepository, Kustomization};
use futures::StreamExt;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::NamespaceResourceScope;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watcher};
use serde::de::DeserializeOwned;

use super::{Event, World};
use crate::Name;

/// How one kind is read and told of.
struct Kind<K> {
    word: &'static str,
    seen: fn(Arc<K>) -> Event,
    gone: fn(Name) -> Event,
}

/// Watches both kinds until the loop is gone.
pub(crate) async fn run(world: World) {
    let repositories = Kind { word: GIT_REPOSITORY, seen: Event::Repository, gone: Event::RepositoryGone };
    let kustomizations = Kind { word: KUSTOMIZATION, seen: Event::Kustomization, gone: Event::KustomizationGone };
    futures::join!(follow::<GitRepository>(&world, repositories), follow::<Kustomization>(&world, kustomizations));
}

/// The kinds that are listed.
pub(crate) const GIT_REPOSITORY: &str = "GitRepository";
/// The kinds that are listed.
pub(crate) const KUSTOMIZATION: &str = "Kustomization";

async fn follow<K>(world: &World, kind: Kind<K>)
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned,
{
    let resource = ApiResource::erase::<K>(&());
    let api: Api<DynamicObject> = match &world.options.namespace {
        Some(namespace) => Api::namespaced_with(world.client.clone(), namespace, &resource),
        None => Api::all_with(world.client.clone(), &resource),
    };
    let mut events = watcher(api, watcher::Config::default()).default_backoff().boxed();
    let mut known = BTreeSet::new();
    let mut listed = BTreeSet::new();
    while let Some(event) = events.next().await {
        if world.events.is_closed() {
            return;
        }
        match event {
            Ok(watcher::Event::Init) => listed.clear(),
            Ok(watcher::Event::InitApply(object)) => {
                listed.insert(Name::of_dynamic(&object));
                seen(world, &kind, object);
            }
            Ok(watcher::Event::InitDone) => {
                for name in known.difference(&listed) {
                    world.send((kind.gone)(Name::clone(name)));
                }
                known.clone_from(&listed);
                world.send(Event::Listed(kind.word));
            }
            Ok(watcher::Event::Apply(object)) => {
                known.insert(Name::of_dynamic(&object));
                seen(world, &kind, object);
            }
            Ok(watcher::Event::Delete(object)) => {
                let name = Name::of_dynamic(&object);
                known.remove(&name);
                world.send((kind.gone)(name));
            }
            Err(error) => tracing::warn!(kind = kind.word, %error, "the watch was interrupted and goes on"),
        }
    }
}

/// Reads one object; one that cannot be read must not hide the others.
fn seen<K: DeserializeOwned>(world: &World, kind: &Kind<K>, object: DynamicObject) {
    let name = Name::of_dynamic(&object);
    let read = serde_json::to_value(object).and_then(serde_json::from_value::<K>);
    match read {
        Ok(object) => world.send((kind.seen)(Arc::new(object))),
        Err(error) => tracing::error!(kind = kind.word, %name, %error, "the object cannot be read and is left alone"),
    }
}

impl Name {
    fn of_dynamic(object: &DynamicObject) -> Self {
        let metadata = &object.metadata;
        Self::new(metadata.namespace.as_deref().unwrap_or(""), metadata.name.as_deref().unwrap_or(""))
    }
}
