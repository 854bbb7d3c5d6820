//! `setpoint suspend` and `setpoint resume`.

use clap::Args;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::args::ClusterArgs;
use crate::cluster;
use crate::commands::reconcile::{self, Target};
use crate::failure::Failure;
use crate::output;

/// Stop holding a source or Kustomization until it is resumed
///
/// Nothing is changed or deleted on the cluster: changes in Git and drift are simply left alone.
#[derive(Args, Debug)]
pub(crate) struct SuspendArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Hold a suspended source or Kustomization again
#[derive(Args, Debug)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    cluster: ClusterArgs,
}

pub(super) async fn suspend(args: SuspendArgs) -> Result<(), Failure> {
    set(&args.target, &args.cluster, true).await
}

pub(super) async fn resume(args: ResumeArgs) -> Result<(), Failure> {
    set(&args.target, &args.cluster, false).await
}

async fn set(target: &Target, cluster: &ClusterArgs, suspended: bool) -> Result<(), Failure> {
    let cluster = cluster::pick(cluster).await?;
    let (api, label) = reconcile::find(&cluster.client, target).await?;
    let patch = Patch::Merge(json!({ "spec": { "suspend": suspended } }));
    api.patch(&target.name, &PatchParams { field_manager: Some("setpoint".into()), ..PatchParams::default() }, &patch)
        .await?;
    output::line(format!("{label} {}", if suspended { "suspended" } else { "resumed" }));
    Ok(())
}
