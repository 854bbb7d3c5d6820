//! `setpoint get`.

use clap::{Args, ValueEnum};
use goyaml::Value;
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams};
use serde_json::Value as Json;

use crate::args::{ClusterArgs, OutputFormat};
use crate::cluster;
use crate::commands::reconcile::{TargetKind, condition};
use crate::failure::Failure;
use crate::output;

/// List sources and Kustomizations with their state
#[derive(Args, Debug)]
pub(crate) struct GetArgs {
    /// What to list
    #[arg(value_enum, default_value = "all")]
    what: What,
    /// Only this one
    name: Option<String>,
    /// Namespace
    #[arg(short, long, default_value = "flux-system")]
    namespace: String,
    /// All namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
    #[command(flatten)]
    cluster: ClusterArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    All,
    #[value(name = "kustomizations", alias = "ks", alias = "kustomization")]
    Kustomizations,
    #[value(name = "sources", alias = "source")]
    Sources,
    #[value(name = "gitrepo", alias = "gitrepositories")]
    GitRepositories,
    #[value(name = "ocirepo", alias = "ocirepositories")]
    OCIRepositories,
    #[value(name = "helmrepo", alias = "helmrepositories")]
    HelmRepositories,
    #[value(name = "hc", alias = "helmcharts")]
    HelmCharts,
    #[value(name = "ag", alias = "artifactgenerators")]
    ArtifactGenerators,
    #[value(name = "hr", alias = "helmreleases")]
    HelmReleases,
}

pub(super) async fn get(args: GetArgs) -> Result<(), Failure> {
    let cluster = cluster::pick(&args.cluster).await?;
    let mut objects = Vec::new();
    for kind in args.what.kinds() {
        objects.extend(list(&cluster.client, *kind, &args).await?);
    }
    if let (Some(name), true) = (&args.name, objects.is_empty()) {
        return Err(Failure::task(format!("nothing is called {name:?} in namespace {}", args.namespace))
            .hint("`setpoint get all -A` lists everything"));
    }
    if args.output == OutputFormat::Table {
        print_table(&objects, args.all_namespaces);
        return Ok(());
    }
    let values = objects.iter().map(|object| serde_json::to_value(object).and_then(serde_json::from_value::<Value>));
    let values = values
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::task(format!("the cluster's answer cannot be printed: {error}")))?;
    output::objects(args.output, values);
    Ok(())
}

impl What {
    fn kinds(self) -> &'static [TargetKind] {
        match self {
            Self::All => &[
                TargetKind::GitRepository,
                TargetKind::OCIRepository,
                TargetKind::HelmRepository,
                TargetKind::HelmChart,
                TargetKind::Bucket,
                TargetKind::ArtifactGenerator,
                TargetKind::Kustomization,
                TargetKind::HelmRelease,
            ],
            Self::Kustomizations => &[TargetKind::Kustomization],
            Self::Sources => &[
                TargetKind::GitRepository,
                TargetKind::OCIRepository,
                TargetKind::HelmRepository,
                TargetKind::HelmChart,
                TargetKind::Bucket,
            ],
            Self::GitRepositories => &[TargetKind::GitRepository],
            Self::OCIRepositories => &[TargetKind::OCIRepository],
            Self::HelmRepositories => &[TargetKind::HelmRepository],
            Self::HelmCharts => &[TargetKind::HelmChart],
            Self::ArtifactGenerators => &[TargetKind::ArtifactGenerator],
            Self::HelmReleases => &[TargetKind::HelmRelease],
        }
    }
}

async fn list(client: &Client, kind: TargetKind, args: &GetArgs) -> Result<Vec<DynamicObject>, Failure> {
    let resource = kind.resource();
    let api: Api<DynamicObject> = if args.all_namespaces {
        Api::all_with(client.clone(), &resource)
    } else {
        Api::namespaced_with(client.clone(), &args.namespace, &resource)
    };
    let params = args
        .name
        .as_ref()
        .map_or_else(ListParams::default, |name| ListParams::default().fields(&format!("metadata.name={name}")));
    let found = match api.list(&params).await {
        Ok(found) => found,
        Err(kube::Error::Api(status)) if status.code == 404 => {
            return Err(Failure::task("this cluster does not know Setpoint's kinds yet")
                .hint("`setpoint up REPOSITORY` installs them"));
        }
        Err(error) => return Err(error.into()),
    };
    let types = kube::core::TypeMeta { api_version: resource.api_version.clone(), kind: resource.kind.clone() };
    Ok(found.items.into_iter().map(|object| DynamicObject { types: Some(types.clone()), ..object }).collect())
}

fn print_table(objects: &[DynamicObject], with_namespace: bool) {
    let mut headings = vec!["NAME", "REVISION", "SUSPENDED", "READY", "MESSAGE"];
    if with_namespace {
        headings.insert(0, "NAMESPACE");
    }
    let rows: Vec<Vec<String>> = objects.iter().map(|object| row(object, with_namespace)).collect();
    if rows.is_empty() {
        output::note("nothing found");
    } else {
        output::table(&headings, &rows);
    }
}

fn row(object: &DynamicObject, with_namespace: bool) -> Vec<String> {
    let status = &object.data["status"];
    let ready = condition(status, "Ready");
    let text = |value: Option<&Json>| value.and_then(Json::as_str).unwrap_or_default().to_owned();
    let kind = object.types.as_ref().map_or_else(String::new, |types| types.kind.to_lowercase());
    let revision = status.get("lastAppliedRevision").or_else(|| status.pointer("/artifact/revision"));
    let suspended = object.data.pointer("/spec/suspend").and_then(Json::as_bool).unwrap_or(false);
    let mut cells = vec![
        format!("{kind}/{}", object.metadata.name.as_deref().unwrap_or_default()),
        short_revision(&text(revision)),
        if suspended { "True" } else { "False" }.to_owned(),
        ready.map_or_else(|| "Unknown".to_owned(), |ready| text(ready.get("status"))),
        ready.map_or_else(|| "not reconciled yet".to_owned(), |ready| text(ready.get("message"))),
    ];
    if with_namespace {
        cells.insert(0, object.metadata.namespace.clone().unwrap_or_default());
    }
    cells
}

/// `main@sha1:0123456789…` with the hash cut to eight digits, as Flux prints it.
fn short_revision(revision: &str) -> String {
    match revision.rsplit_once(':') {
        Some((head, hash)) if hash.len() > 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("{head}:{}", &hash[..8])
        }
        _ => revision.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_are_cut_to_eight_digits() {
        assert_eq!(short_revision("main@sha1:0123456789abcdef0123456789abcdef01234567"), "main@sha1:01234567");
        assert_eq!(short_revision("6.5.3"), "6.5.3");
        assert_eq!(short_revision(""), "");
    }
}
