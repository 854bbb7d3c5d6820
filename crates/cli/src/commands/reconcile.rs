//! `setpoint reconcile`, and how the commands name one of our objects.

use std::time::Duration;

use clap::{Args, ValueEnum};
use futures::StreamExt;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use serde_json::{Value as Json, json};

use crate::args::ClusterArgs;
use crate::cluster;
use crate::failure::Failure;
use crate::output;

const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";

/// Fetch and apply now instead of at the next interval
///
/// Asks the running `setpoint up` or controller to reconcile and waits until it did.
#[derive(Args, Debug)]
pub(crate) struct ReconcileArgs {
    #[command(flatten)]
    target: Target,
    /// Fetch the Kustomization's source first
    #[arg(long)]
    with_source: bool,
    /// How long to wait, in seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    timeout: u64,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Names one of our objects.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    /// What it is
    #[arg(value_enum)]
    pub(crate) kind: TargetKind,
    /// Its name
    pub(crate) name: String,
    /// Its namespace
    #[arg(short, long, default_value = "flux-system")]
    pub(crate) namespace: String,
}

/// The kinds that are reconciled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetKind {
    #[value(name = "ks", alias = "kustomization", alias = "kustomizations")]
    Kustomization,
    #[value(name = "gitrepo", alias = "gitrepository", alias = "gitrepositories", alias = "source")]
    GitRepository,
    #[value(name = "ocirepo", alias = "ocirepository", alias = "ocirepositories")]
    OCIRepository,
    #[value(name = "helmrepo", alias = "helmrepository", alias = "helmrepositories")]
    HelmRepository,
    #[value(name = "hc", alias = "helmchart", alias = "helmcharts")]
    HelmChart,
    #[value(name = "bucket", alias = "buckets")]
    Bucket,
    #[value(name = "ag", alias = "artifactgenerator", alias = "artifactgenerators")]
    ArtifactGenerator,
    #[value(name = "hr", alias = "helmrelease", alias = "helmreleases")]
    HelmRelease,
}

impl TargetKind {
    /// The kind of a source with this name in manifests, if it can be asked for something new.
    fn of_source(kind: &str) -> Option<Self> {
        match kind {
            "GitRepository" => Some(Self::GitRepository),
            "OCIRepository" => Some(Self::OCIRepository),
            "Bucket" => Some(Self::Bucket),
            _ => None,
        }
    }

    /// Group, version, kind and plural for dynamic requests.
    pub(crate) fn resource(self) -> ApiResource {
        match self {
            Self::Kustomization => ApiResource::erase::<api::Kustomization>(&()),
            Self::GitRepository => ApiResource::erase::<api::GitRepository>(&()),
            Self::OCIRepository => ApiResource::erase::<api::OCIRepository>(&()),
            Self::HelmRepository => ApiResource::erase::<api::HelmRepository>(&()),
            Self::HelmChart => ApiResource::erase::<api::HelmChart>(&()),
            Self::Bucket => ApiResource::erase::<api::Bucket>(&()),
            Self::ArtifactGenerator => ApiResource::erase::<api::ArtifactGenerator>(&()),
            Self::HelmRelease => ApiResource::erase::<api::HelmRelease>(&()),
        }
    }
}

pub(super) async fn reconcile(args: ReconcileArgs) -> Result<(), Failure> {
    let cluster = cluster::pick(&args.cluster).await?;
    let timeout = Duration::from_secs(args.timeout);
    if args.with_source && args.target.kind == TargetKind::Kustomization {
        let source = source_of(&cluster.client, &args.target).await?;
        request_and_wait(&cluster.client, &source, timeout).await?;
    }
    request_and_wait(&cluster.client, &args.target, timeout).await
}

/// The API of the target's kind and what to call the target; an error if it does not exist.
pub(crate) async fn find(client: &Client, target: &Target) -> Result<(Api<DynamicObject>, String), Failure> {
    let resource = target.kind.resource();
    let label = format!("{} {}/{}", resource.kind, target.namespace, target.name);
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &target.namespace, &resource);
    match api.get_opt(&target.name).await? {
        Some(_) => Ok((api, label)),
        None => Err(Failure::task(format!("there is no {label} on this cluster"))
            .hint("`setpoint get all -A` lists what there is")),
    }
}

async fn source_of(client: &Client, target: &Target) -> Result<Target, Failure> {
    let (api, label) = find(client, target).await?;
    let object = api.get(&target.name).await?;
    let source = &object.data["spec"]["sourceRef"];
    let Some(kind) = TargetKind::of_source(source["kind"].as_str().unwrap_or_default()) else {
        return Err(Failure::task(format!(
            "{label} has a source of kind {}, which is not fetched by itself; reconcile what makes it",
            source["kind"]
        )));
    };
    Ok(Target {
        kind,
        name: source["name"].as_str().unwrap_or_default().to_owned(),
        namespace: source["namespace"].as_str().unwrap_or(&target.namespace).to_owned(),
    })
}

async fn request_and_wait(client: &Client, target: &Target, timeout: Duration) -> Result<(), Failure> {
    let (api, label) = find(client, target).await?;
    let token = jiff::Timestamp::now().to_string();
    let patch = Patch::Merge(json!({ "metadata": { "annotations": { REQUESTED_AT: token } } }));
    api.patch(&target.name, &PatchParams { field_manager: Some("setpoint".into()), ..PatchParams::default() }, &patch)
        .await?;
    output::note(format!("{label}: reconciliation requested"));
    match tokio::time::timeout(timeout, outcome(&api, &target.name, &token)).await {
        Ok(Ok(message)) => {
            output::line(format!("{label}: {message}"));
            Ok(())
        }
        Ok(Err(failure)) => Err(failure),
        Err(_) => Err(Failure::task(format!("{label}: no answer within {} s", timeout.as_secs())).hint(
            "is `setpoint up` or the controller running, and is the object not suspended? `setpoint get all -A` shows",
        )),
    }
}

/// Waits until the request was handled and the object is Ready or failed; gives the Ready condition's message.
async fn outcome(api: &Api<DynamicObject>, name: &str, token: &str) -> Result<String, Failure> {
    let config = kube::runtime::watcher::Config::default().fields(&format!("metadata.name={name}"));
    let mut events = std::pin::pin!(kube::runtime::watcher(api.clone(), config));
    while let Some(event) = events.next().await {
        use kube::runtime::watcher::Event::{Apply, InitApply};
        let Ok(Apply(object) | InitApply(object)) = event else { continue };
        let status = &object.data["status"];
        if status["lastHandledReconcileAt"] != token {
            continue;
        }
        let Some(ready) = condition(status, "Ready") else { continue };
        let message = ready["message"].as_str().unwrap_or_default().to_owned();
        match ready["status"].as_str() {
            Some("True") => return Ok(message),
            Some("False") => {
                return Err(Failure::task(format!(
                    "{} {name}: {message}",
                    object.types.map_or_else(String::new, |types| types.kind)
                )));
            }
            _ => {}
        }
    }
    Err(Failure::unreachable("the cluster ended the watch"))
}

/// The condition of this type in a status.
pub(crate) fn condition<'a>(status: &'a Json, kind: &str) -> Option<&'a Json> {
    status["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}
