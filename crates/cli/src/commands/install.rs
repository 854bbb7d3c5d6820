//! `setpoint install`: the controller into a cluster, by its own chart and our own renderer.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use helm::values::{self, Setting};
use helm::{HelmCompat, RenderOptions, TemplateCache};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::runtime::conditions::is_deployment_completed;
use kube::runtime::wait::await_condition;
use kustomize::MemoryFiles;

use crate::args::ClusterArgs;
use crate::cluster;
use crate::failure::Failure;
use crate::output;
use crate::served::until_served;

/// The files of the chart `charts/setpoint`.
const CHART: [(&str, &str); 6] = [
    ("Chart.yaml", include_str!("../../../../charts/setpoint/Chart.yaml")),
    ("values.yaml", include_str!("../../../../charts/setpoint/values.yaml")),
    ("templates/_helpers.tpl", include_str!("../../../../charts/setpoint/templates/_helpers.tpl")),
    ("templates/access.yaml", include_str!("../../../../charts/setpoint/templates/access.yaml")),
    ("templates/deployment.yaml", include_str!("../../../../charts/setpoint/templates/deployment.yaml")),
    ("templates/NOTES.txt", include_str!("../../../../charts/setpoint/templates/NOTES.txt")),
];
/// Name of the release, and of most of its objects.
const NAME: &str = "setpoint";
/// Field manager of what is installed.
const FIELD_MANAGER: &str = "setpoint-install";
/// How long the controller may take to come up.
const ROLLOUT_LIMIT: Duration = Duration::from_mins(5);

/// Install the controller into a cluster
///
/// Applies the kinds that it serves, its namespace, account and rights, and its Deployment, all from the chart
/// charts/setpoint. With --export the manifests are printed instead, to be kept in Git.
#[derive(Args, Debug)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Print the manifests and change nothing
    #[arg(long)]
    export: bool,
    /// Namespace of the controller
    #[arg(short, long, default_value = "flux-system")]
    namespace: String,
    /// Set a value of the chart, as `helm install --set`: image.tag=1.2, replicas=2, args={--no-cross-namespace-refs}
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Do not wait until the controller runs
    #[arg(long)]
    no_wait: bool,
}

pub(crate) async fn install(args: InstallArgs) -> Result<(), Failure> {
    let manifests = manifests(&args)?;
    if args.export {
        output::raw(&manifests);
        return Ok(());
    }
    let cluster = cluster::pick(&args.cluster).await?;
    let documents = goyaml::parse_documents(&manifests, &goyaml::ParseOptions::sigs())
        .map_err(|errors| Failure::task(format!("the chart renders to what is no YAML: {}", errors[0])))?;
    for document in documents {
        apply(&cluster.client, &document.value).await?;
    }
    if args.no_wait {
        return Ok(());
    }
    output::note("waiting until the controller runs …");
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), &args.namespace);
    match tokio::time::timeout(ROLLOUT_LIMIT, await_condition(deployments, NAME, is_deployment_completed())).await {
        Ok(Ok(_)) => {
            output::line("the controller runs");
            Ok(())
        }
        _ => Err(Failure::task(format!("the controller does not run after {} min", ROLLOUT_LIMIT.as_secs() / 60))
            .hint(format!("`kubectl -n {} describe deploy,pod` says why", args.namespace))),
    }
}

/// Kinds, namespace, and what the chart renders to.
fn manifests(args: &InstallArgs) -> Result<String, Failure> {
    let mut text = format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {}\n", args.namespace);
    for definition in api::definitions() {
        text.push_str("---\n");
        text.push_str(&api::to_yaml(&definition));
    }
    let wrong = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
    let files: MemoryFiles = CHART.into_iter().collect();
    let compat = HelmCompat::default();
    let chart = render::chart_of_folder(&files, "", compat).map_err(|error| wrong(&error))?;
    let settings: Vec<Setting> = args.set.iter().cloned().map(Setting::Set).collect();
    let none = |_: &str| Err("no file is read".to_owned());
    let user = values::collect(&[], &settings, &none, compat);
    let user = user.map_err(|errors| wrong(&errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let options = RenderOptions::install(NAME, &args.namespace);
    let rendered = helm::render(&chart, &user, &options, (&TemplateCache::new(), &gotemplate::NoHost));
    for manifest in rendered.map_err(|error| wrong(&error))?.manifests {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "---\n{}", manifest.content.trim_start_matches("---\n").trim_end());
    }
    Ok(text)
}

async fn apply(client: &kube::Client, object: &goyaml::Value) -> Result<(), Failure> {
    let json = serde_json::to_value(object).map_err(|error| Failure::task(error.to_string()))?;
    let object: DynamicObject = serde_json::from_value(json).map_err(|error| Failure::task(error.to_string()))?;
    let name = object.metadata.name.clone().unwrap_or_default();
    let types = object.types.clone().unwrap_or_default();
    let gvk = types.try_into().map_err(|_| Failure::task(format!("{name} has no apiVersion")))?;
    let resource = ApiResource::from_gvk(&gvk);
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    api.patch(&name, &PatchParams::apply(FIELD_MANAGER).force(), &Patch::Apply(&object)).await?;
    output::line(format!("{}/{name} applied", gvk.kind));
    if gvk.kind != "CustomResourceDefinition" {
        return Ok(());
    }
    until_served(client, &name).await
}
