//! Flux's own controllers on the same cluster.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::world::{Outcome, Site, condition_of, ensure, eventually, map};

const LEASE: &str = "kustomize-controller-leader-election";

fn leases(site: &Site) -> Api<Lease> {
    Api::namespaced(site.client.clone(), &site.namespace)
}

/// A Lease as Flux's controllers hold it.
async fn hold(site: &Site, renewed: Timestamp, seconds: i32) -> Outcome {
    let spec = LeaseSpec {
        holder_identity: Some("kustomize-controller-7d9f_1".into()),
        lease_duration_seconds: Some(seconds),
        acquire_time: Some(MicroTime(renewed)),
        renew_time: Some(MicroTime(renewed)),
        ..LeaseSpec::default()
    };
    let metadata = ObjectMeta { name: Some(LEASE.into()), ..ObjectMeta::default() };
    leases(site).create(&PostParams::default(), &Lease { metadata, spec: Some(spec) }).await?;
    Ok(())
}

/// What a controller does that ends in good order.
async fn give_up(site: &Site) -> Outcome {
    let patch = Patch::Merge(json!({"spec": {"holderIdentity": ""}}));
    leases(site).patch(LEASE, &PatchParams::default(), &patch).await?;
    Ok(())
}

pub(crate) async fn flux_keeps_us_from_writing(mut site: Site) -> Outcome {
    hold(&site, Timestamp::now(), 3600).await?;
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    let commit = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({})).await?;
    let object =
        site.kustomization_until("apps", |object| condition_of(object, "ControllerConflict").is_some()).await?;
    let said = condition_of(&object, "ControllerConflict").ok_or("the condition")?;
    ensure(said.reason == "FluxIsRunning" && said.message.contains("kustomize-controller-7d9f_1"), &*said.message)?;
    ensure(said.message.contains("--replicas=0"), &*said.message)?;
    ensure(condition_of(&object, "Ready").is_none(), "Ready is Flux's")?;
    ensure(object.metadata.finalizers.is_none(), "no finalizer is set")?;
    ensure(site.value("a").await?.is_none(), "nothing is applied")?;
    let source = site.sources().get("repo").await?.status.unwrap_or_default();
    ensure(source.conditions.is_empty() && source.artifact.is_none(), "the source's status is Flux's")?;
    give_up(&site).await?;
    site.ready("apps", &commit).await?;
    let object = site.kustomizations().get("apps").await?;
    ensure(condition_of(&object, "ControllerConflict").is_none(), "the condition goes")?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn flux_that_starts_stops_us(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    hold(&site, Timestamp::now(), 3600).await?;
    site.state_until("held back", |state| state.held_back.is_some()).await?;
    site.edit("a", "9", "edit").await?;
    site.write(&[("apps/a.yaml", &map("a", "2"))]);
    let commit = site.repo.commit("second");
    site.state_until("the commit is fetched", |state| {
        state.sources.values().any(|source| source.revision.as_deref().is_some_and(|at| at.ends_with(&commit)))
    })
    .await?;
    ensure(site.value("a").await?.as_deref() == Some("9"), "neither healed nor applied")?;
    let object =
        site.kustomization_until("apps", |object| condition_of(object, "ControllerConflict").is_some()).await?;
    ensure(condition_of(&object, "Ready").is_some_and(|ready| ready.status == "True"), "Ready stays as it was")?;
    ensure(object.status.is_some_and(|status| status.inventory.is_some()), "and the inventory")?;
    leases(&site).delete(LEASE, &kube::api::DeleteParams::default()).await?;
    site.ready("apps", &commit).await?;
    ensure(site.value("a").await?.as_deref() == Some("2"), "goes on")?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn flux_that_was_killed_is_not_waited_for(mut site: Site) -> Outcome {
    // Long gone, without giving up.
    hold(&site, Timestamp::now() - SignedDuration::from_hours(1), 35).await?;
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    // Gone a moment ago: its Lease runs out before our eyes.
    let renewed = MicroTime(Timestamp::now());
    let patch = Patch::Merge(json!({"spec": {"renewTime": renewed, "leaseDurationSeconds": 2}}));
    leases(&site).patch(LEASE, &PatchParams::default(), &patch).await?;
    site.state_until("held back", |state| state.held_back.is_some()).await?;
    site.edit("a", "9", "edit").await?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    site.state_until("free", |state| state.held_back.is_none()).await?;
    site.stop().await;
    Ok(())
}
