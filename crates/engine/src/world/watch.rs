//! The watches of the kinds that the engine reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::Kustomization;
use futures::StreamExt;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watcher};

use super::{Event, World};
use crate::source_object::SourceObject;
use crate::{Name, SourceKind, SourceName};

/// A kind that is watched.
#[derive(Clone, Copy)]
enum Kind {
    Source(SourceKind),
    Kustomization,
}

/// The kind of deliveries.
pub(crate) const KUSTOMIZATION: &str = "Kustomization";
/// How many kinds are watched.
pub(crate) const KINDS: usize = SourceKind::ALL.len() + 1;

/// Watches all kinds until the loop is gone.
pub(crate) async fn run(world: World) {
    let kinds = SourceKind::ALL.into_iter().map(Kind::Source).chain([Kind::Kustomization]);
    futures::future::join_all(kinds.map(|kind| follow(&world, kind))).await;
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Source(kind) => kind.as_str(),
            Self::Kustomization => KUSTOMIZATION,
        }
    }

    fn resource(self) -> ApiResource {
        match self {
            Self::Source(kind) => kind.resource(),
            Self::Kustomization => ApiResource::erase::<Kustomization>(&()),
        }
    }

    fn gone(self, name: Name) -> Event {
        match self {
            Self::Source(kind) => Event::SourceGone(SourceName { kind, namespace: name.namespace, name: name.name }),
            Self::Kustomization => Event::KustomizationGone(name),
        }
    }

    fn read(self, object: DynamicObject) -> Result<Event, serde_json::Error> {
        let object = serde_json::to_value(object)?;
        Ok(match self {
            Self::Source(kind) => Event::Source(Box::new(SourceObject::read(kind, object)?)),
            Self::Kustomization => Event::Kustomization(Arc::new(serde_json::from_value(object)?)),
        })
    }
}

async fn follow(world: &World, kind: Kind) {
    let resource = kind.resource();
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
                seen(world, kind, object);
            }
            Ok(watcher::Event::InitDone) => {
                for name in known.difference(&listed) {
                    world.send(kind.gone(Name::clone(name)));
                }
                known.clone_from(&listed);
                world.send(Event::Listed(kind.word()));
            }
            Ok(watcher::Event::Apply(object)) => {
                known.insert(Name::of_dynamic(&object));
                seen(world, kind, object);
            }
            Ok(watcher::Event::Delete(object)) => {
                let name = Name::of_dynamic(&object);
                known.remove(&name);
                world.send(kind.gone(name));
            }
            Err(error) => tracing::warn!(kind = kind.word(), %error, "the watch was interrupted and goes on"),
        }
    }
}

/// Reads one object; one that cannot be read must not hide the others. Who wrote which of its fields is nothing that is
/// looked at, and more than all the rest of it.
fn seen(world: &World, kind: Kind, mut object: DynamicObject) {
    let name = Name::of_dynamic(&object);
    object.metadata.managed_fields = None;
    match kind.read(object) {
        Ok(event) => world.send(event),
        Err(error) => tracing::error!(kind = kind.word(), %name, %error, "the object cannot be read and is left alone"),
    }
}

impl Name {
    fn of_dynamic(object: &DynamicObject) -> Self {
        let metadata = &object.metadata;
        Self::new(metadata.namespace.as_deref().unwrap_or(""), metadata.name.as_deref().unwrap_or(""))
    }
}
