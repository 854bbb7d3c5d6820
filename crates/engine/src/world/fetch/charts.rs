//! Chart repositories and the charts out of them.

mod values;
mod verify;

use api::{HelmChartSpec, HelmRepositorySpec};
use source::FileTree;
use source::charts::{Access, ChartArchive, ChartError, ChartRequest};

use super::{World, blocking, failure, secrets, unreadable};
use crate::index::{ChartName, FetchFailure, FetchOrder, Fetched, Verified};
use crate::source_object::{SourceObject, SourceSpec};
use crate::world::chart;

/// The reason where nothing is pulled.
const PULL: &str = "ChartPullFailed";
/// The reason where a folder is no chart.
const PACKAGE: &str = "ChartPackageFailed";
/// The reason where files of values cannot be merged.
const VALUES: &str = "ValuesFilesError";
/// Any version, where none is named.
const ANY: &str = "*";

/// Asks a chart repository for its index: its digest is the revision.
pub(super) async fn index(
    world: &World,
    order: &FetchOrder,
    spec: &HelmRepositorySpec,
) -> Result<Fetched, FetchFailure> {
    // The name does not matter: nothing is looked up in the index.
    let request = ChartRequest::from_repository(&spec.url, "index").access(access(world, &order.object, spec).await?);
    let store = world.charts.clone();
    let digest = blocking("IndexationFailed", move || store.index_digest(&request)).await?.map_err(refused)?;
    let digest = digest.ok_or_else(|| FetchFailure {
        reason: "URLInvalid",
        message: format!("the address '{}' is one of a registry; such a repository needs spec.type: oci", spec.url),
        terminal: true,
    })?;
    Ok(Fetched::new(&digest, &digest))
}

/// Brings a chart here.
pub(super) async fn chart(world: &World, order: &FetchOrder, spec: &HelmChartSpec) -> Result<Fetched, FetchFailure> {
    let Some((source, has)) = order.inputs.first() else {
        return Err(failure("SourceUnavailable", "failed to get source: it is gone".to_owned()));
    };
    let made_of = has.as_ref().map(|has| has.revision.clone());
    let fetched = match &source.spec {
        SourceSpec::HelmRepository(repository) => pull(world, order, source, (repository, spec)).await?,
        _ => package(world, order, has.as_ref(), spec).await?,
    };
    Ok(Fetched { made_of, ..fetched })
}

/// A chart out of a chart repository or a registry.
async fn pull(
    world: &World,
    order: &FetchOrder,
    source: &SourceObject,
    (repository, spec): (&HelmRepositorySpec, &HelmChartSpec),
) -> Result<Fetched, FetchFailure> {
    let place = format!("{}/{}", repository.url.trim_end_matches('/'), spec.chart);
    let demanded = verify::demanded(spec, Some(&place), &world.options.allow_unverified)?;
    let access = access(world, source, repository).await?;
    let version = spec.version.as_deref().filter(|version| !version.is_empty()).unwrap_or(ANY);
    let request = ChartRequest::from_repository(&repository.url, &spec.chart).version(version).access(access.clone());
    let store = world.charts.clone();
    let pulled = blocking(PULL, move || {
        let archive = store.fetch(&request)?;
        let named = chart::of_archive(&archive.bytes);
        Ok::<_, ChartError>((archive, named))
    });
    let (archive, named) = pulled.await?.map_err(refused)?;
    let ChartArchive { bytes, digest, url, manifest, .. } = archive;
    let named = named.map_err(|cause| failure(PULL, format!("{url} is no chart that can be used: {cause}")))?;
    let verified = match (demanded, manifest) {
        (Verified::Yes, Some(manifest)) => {
            verify::check(world, spec, (&order.name.namespace, place, manifest), access).await?;
            Verified::Signed(format!("verified signature of version {}", named.version))
        }
        (Verified::Yes, None) => {
            return Err(failure("VerificationError", format!("{url} has no manifest that could be signed")));
        }
        (demanded, _) => demanded,
    };
    if spec.all_values_files().is_empty() {
        let fetched = Fetched::new(&named.version, &digest);
        return Ok(Fetched { archive: Some(bytes), chart: Some(named), verified, ..fetched });
    }
    let (spec, generation) = (spec.clone(), order.object.generation());
    let changed = blocking(PULL, move || {
        let whole = source::unpack(&bytes).map_err(|error| error.to_string())?.whole(url);
        let folder = chart::only_folder(&whole).ok_or("it has no folder of a chart")?;
        let chart = whole.folder(&folder).map_err(|error| error.to_string())?;
        with_values(&chart, &chart, (&spec, named, vec![generation.to_string()]))
    });
    let changed = changed.await?.map_err(|cause| failure(VALUES, format!("failed to merge chart values: {cause}")))?;
    Ok(Fetched { verified, ..changed })
}

/// A chart in a folder of another source. As in Flux, another content under the same version is no new chart, unless the
/// revision counts.
async fn package(
    world: &World,
    order: &FetchOrder,
    has: Option<&Fetched>,
    spec: &HelmChartSpec,
) -> Result<Fetched, FetchFailure> {
    verify::demanded(spec, None, &world.options.allow_unverified)?;
    let missing = || failure("NoSourceArtifact", "the source has no files".to_owned());
    let tree = has.and_then(|has| has.tree.clone()).ok_or_else(missing)?;
    let folder = spec.chart.trim_start_matches("./").trim_matches('/').to_owned();
    let place = folder.clone();
    let whole = tree.clone();
    let named = blocking(PACKAGE, move || chart::of_folder(&whole, &place)).await?;
    let named = named.map_err(|cause| failure(PACKAGE, format!("'{folder}' is no chart: {cause}")))?;
    let mut metadata = Vec::new();
    metadata.extend(has.filter(|_| spec.follows_revisions()).map(|has| short(&has.revision).to_owned()));
    if !spec.all_values_files().is_empty() {
        metadata.push(order.object.generation().to_string());
    }
    let version = values::version(&named.version, &metadata);
    if let Some(known) = order.known.as_ref().filter(|known| *known.revision == *version) {
        return Ok(known.clone());
    }
    let below = tree.folder(&folder).map_err(|error| unreadable(PACKAGE, &error))?;
    if metadata.is_empty() {
        let fetched = Fetched::new(&named.version, &below.digest());
        return Ok(Fetched { tree: Some(below), chart: Some(named), ..fetched });
    }
    let spec = spec.clone();
    let changed = blocking(PACKAGE, move || with_values(&below, &tree, (&spec, named, metadata))).await?;
    changed.map_err(|cause| failure(VALUES, cause))
}

/// A chart with the values and the version that its spec asks for; files of values are those of `tree`.
fn with_values(
    chart: &FileTree,
    tree: &FileTree,
    (spec, named, metadata): (&HelmChartSpec, ChartName, Vec<String>),
) -> Result<Fetched, String> {
    let version = values::version(&named.version, &metadata);
    let wanted = spec.all_values_files();
    let (chart, values_files) = if wanted.is_empty() {
        (chart.clone(), wanted)
    } else {
        let made = values::replaced(chart, tree, &wanted, spec.ignore_missing_values_files)?;
        (made.chart, made.files)
    };
    let chart = values::versioned(&chart, &version)?;
    let fetched = Fetched::new(&version, &chart.digest());
    Ok(Fetched { tree: Some(chart), chart: Some(ChartName { version, ..named }), values_files, ..fetched })
}

/// The first digits of a revision's hash: labels, which carry versions, are short.
fn short(revision: &str) -> &str {
    const DIGITS: usize = 12;
    let hash = revision.rsplit(':').next().unwrap_or(revision);
    hash.get(..DIGITS).unwrap_or(hash)
}

/// How a repository is reached, with the credentials of its Secrets.
async fn access(world: &World, object: &SourceObject, spec: &HelmRepositorySpec) -> Result<Access, FetchFailure> {
    let mut access = Access { pass_credentials: spec.pass_credentials, plain_http: spec.insecure, ..Access::default() };
    access.timeout = spec.timeout.map_or(source::DEFAULT_TIMEOUT, api::Duration::get);
    let namespace = &object.name.namespace;
    if let Some(secret) = &spec.secret_ref {
        let data = secrets::read(world, namespace, &secret.name).await?;
        let has_login = ["username", "password", ".dockerconfigjson"].iter().any(|key| data.contains_key(*key));
        if has_login {
            access.auth = secrets::registry_auth(&data, secrets::host(&spec.url), &secret.name)?;
        }
        // As older Secrets have it; `certSecretRef` wins.
        secrets::add_certificates(&mut access, &data);
    }
    if let Some(secret) = &spec.cert_secret_ref {
        secrets::add_certificates(&mut access, &secrets::read(world, namespace, &secret.name).await?);
    }
    Ok(access)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where an error is mapped")]
fn refused(error: ChartError) -> FetchFailure {
    FetchFailure { reason: error.reason(), message: error.to_string(), terminal: error.is_terminal() }
}
