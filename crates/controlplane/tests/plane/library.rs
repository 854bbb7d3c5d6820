//! `kube` over the service, without a socket.

use std::time::Duration;

use controlplane::Identity;
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};

use crate::world::World;

fn client(world: &World) -> kube::Client {
    kube::Client::new(world.plane.service(Identity::admin()), "default")
}

fn config_map(name: &str, value: &str) -> ConfigMap {
    serde_json::from_value(serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": value}
    }))
    .unwrap()
}

pub async fn typed_client() {
    let world = World::new();
    let api: Api<ConfigMap> = Api::default_namespaced(client(&world));
    api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    let applied = api.patch("b", &PatchParams::apply("m"), &Patch::Apply(config_map("b", "1"))).await.unwrap();
    assert_eq!(applied.metadata.name.as_deref(), Some("b"));
    assert_eq!(api.list(&ListParams::default().limit(2)).await.unwrap().items.len(), 2);
    let taken = api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap_err();
    assert!(matches!(taken, kube::Error::Api(status) if status.code == 409 && status.reason == "AlreadyExists"));
    api.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(api.get_opt("a").await.unwrap().is_none());
    let namespaces: Api<Namespace> = Api::all(client(&world));
    assert_eq!(namespaces.list_metadata(&ListParams::default()).await.unwrap().items.len(), 4);
    let discovery = kube::discovery::Discovery::new(client(&world)).run_aggregated().await.unwrap();
    assert!(discovery.has_group("apps"));
}

pub async fn watcher_sees_changes() {
    let world = World::new();
    let api: Api<ConfigMap> = Api::default_namespaced(client(&world));
    for settings in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
        let mut stream = watcher(api.clone(), settings).applied_objects().boxed();
        stream.try_next().await.unwrap();
        let value = world.plane.requests().len().to_string();
        api.patch("w", &PatchParams::apply("m").force(), &Patch::Apply(config_map("w", &value))).await.unwrap();
        let seen = async {
            while let Some(object) = stream.try_next().await.unwrap() {
                if object.data.as_ref().and_then(|data| data.get("a")) == Some(&value) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), seen).await.unwrap();
    }
}
