//! `setpoint events`.

use clap::Args;
use goyaml::Value;
use k8s_openapi::api::core::v1::Event;
use kube::api::{Api, ListParams};

use crate::args::{ClusterArgs, OutputFormat};
use crate::cluster;
use crate::failure::Failure;
use crate::output;

/// Show what happened to sources and Kustomizations, oldest first
#[derive(Args, Debug)]
pub(crate) struct EventsArgs {
    /// Only of this object, such as ks/apps
    #[arg(long = "for", value_name = "KIND/NAME")]
    object: Option<String>,
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

pub(super) async fn events(args: EventsArgs) -> Result<(), Failure> {
    let wanted = args.object.as_deref().map(parse_object).transpose()?;
    let cluster = cluster::pick(&args.cluster).await?;
    let api: Api<Event> =
        if args.all_namespaces { Api::all(cluster.client) } else { Api::namespaced(cluster.client, &args.namespace) };
    let mut found = api.list(&ListParams::default()).await?.items;
    found.retain(|event| is_ours(event) && wanted.as_ref().is_none_or(|wanted| is_about(event, wanted)));
    found.sort_by_key(last_seen);
    if args.output == OutputFormat::Table {
        print_table(&found);
        return Ok(());
    }
    let values = found.iter().map(|event| serde_json::to_value(event).and_then(serde_json::from_value::<Value>));
    let values = values
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::task(format!("the cluster's answer cannot be printed: {error}")))?;
    output::objects(args.output, values);
    Ok(())
}

fn parse_object(text: &str) -> Result<(&'static str, String), Failure> {
    let kind_of = |kind: &str| match kind.to_ascii_lowercase().as_str() {
        "ks" | "kustomization" | "kustomizations" => Some("Kustomization"),
        "gitrepo" | "gitrepository" | "gitrepositories" => Some("GitRepository"),
        "ocirepo" | "ocirepository" | "ocirepositories" => Some("OCIRepository"),
        "helmrepo" | "helmrepository" | "helmrepositories" => Some("HelmRepository"),
        "hc" | "helmchart" | "helmcharts" => Some("HelmChart"),
        "bucket" | "buckets" => Some("Bucket"),
        "ag" | "artifactgenerator" | "artifactgenerators" => Some("ArtifactGenerator"),
        "hr" | "helmrelease" | "helmreleases" => Some("HelmRelease"),
        _ => None,
    };
    let parts = text.split_once('/').and_then(|(kind, name)| Some((kind_of(kind)?, name.to_owned())));
    parts.ok_or_else(|| {
        Failure::usage(format!("--for {text:?} is not KIND/NAME"))
            .hint("for example --for ks/apps or --for gitrepo/flux-system")
    })
}

fn is_ours(event: &Event) -> bool {
    event.involved_object.api_version.as_deref().is_some_and(|version| version.contains(".toolkit.fluxcd.io/"))
}

fn is_about(event: &Event, (kind, name): &(&str, String)) -> bool {
    event.involved_object.kind.as_deref() == Some(kind) && event.involved_object.name.as_deref() == Some(name)
}

fn last_seen(event: &Event) -> Option<jiff::Timestamp> {
    let time = event.last_timestamp.as_ref().or(event.first_timestamp.as_ref()).map(|time| time.0);
    time.or_else(|| event.event_time.as_ref().map(|time| time.0))
}

fn print_table(events: &[Event]) {
    let rows: Vec<Vec<String>> = events.iter().map(row).collect();
    if rows.is_empty() {
        output::note("no events");
    } else {
        output::table(&["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], &rows);
    }
}

fn row(event: &Event) -> Vec<String> {
    let object = &event.involved_object;
    let name = format!("{}/{}", object.kind.as_deref().unwrap_or_default(), object.name.as_deref().unwrap_or_default());
    vec![
        last_seen(event).map_or_else(|| "unknown".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        event.type_.clone().unwrap_or_default(),
        event.reason.clone().unwrap_or_default(),
        name,
        event.message.clone().unwrap_or_default().replace('\n', "; "),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_named_by_short_or_long_kind() {
        assert_eq!(parse_object("ks/apps").unwrap(), ("Kustomization", "apps".to_owned()));
        assert_eq!(parse_object("GitRepository/x").unwrap(), ("GitRepository", "x".to_owned()));
        assert!(parse_object("apps").unwrap_err().report().contains("KIND/NAME"));
    }
}
