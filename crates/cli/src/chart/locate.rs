//! Where the chart that was named is, in helm's order: the disk, a registry, an address, a repository with a name.

use std::path::{Path, PathBuf};

use source::Auth;
use source::charts::{Access, ChartArchive, ChartError, ChartPlace, ChartRequest, ChartStore};

use super::args::ChartArgs;
use super::home;
use crate::failure::Failure;
use crate::mirrors::Mirror;
use crate::output;
use crate::remote::cache;

/// Where a chart is.
pub(super) enum Located {
    /// A folder or an archive of this machine.
    Disk(PathBuf),
    /// Elsewhere.
    Remote(Box<ChartRequest>),
}

/// Finds the chart that the command line means.
pub(super) fn locate(name: &str, args: &ChartArgs) -> Result<Located, Failure> {
    let name = name.trim();
    if args.repo.is_none() {
        if Path::new(name).exists() {
            return Ok(Located::Disk(PathBuf::from(name)));
        }
        if name.starts_with(['/', '.']) {
            return Err(
                Failure::task(format!("path {name:?} not found")).hint("name a chart's folder or its .tgz file")
            );
        }
    }
    let access = args.access()?;
    let mut request = match &args.repo {
        Some(url) => ChartRequest::from_repository(url, name).access(access),
        None if name.contains("://") => ChartRequest::at(name).access(access),
        None => of_known_repository(name, &access)?,
    };
    with_login(&mut request)?;
    request.version = args.version.clone().unwrap_or_default();
    request.prereleases = args.devel;
    Ok(Located::Remote(Box::new(request)))
}

/// Takes the user's login of a registry where the flags name none.
pub(super) fn with_login(request: &mut ChartRequest) -> Result<(), Failure> {
    if let (ChartPlace::Registry { reference }, Auth::None) = (&request.place, &request.access.auth) {
        request.access.auth = home::login(reference)?;
    }
    Ok(())
}

/// `REPO/CHART`, of a repository that `helm repo add` made known.
fn of_known_repository(name: &str, flags: &Access) -> Result<ChartRequest, Failure> {
    let Some((known, chart)) = name.split_once('/') else {
        let message = format!("non-absolute URLs should be in form of repo_name/path_to_chart, got: {name}");
        return Err(Failure::task(message).hint(
            "there is no folder or file of this name; charts of repositories are named \
                                                REPO/CHART, or CHART with --repo URL",
        ));
    };
    let repositories = home::repositories()?;
    let Some((_, repository)) = repositories.iter().find(|(name, _)| name == known) else {
        let names: Vec<&str> = repositories.iter().map(|(name, _)| name.as_str()).collect();
        let there = match names.as_slice() {
            [] => "helm knows no repositories".to_owned(),
            names => format!("helm knows {}", names.join(", ")),
        };
        let failure = Failure::task(format!("{name}: repo {known} not found, and there is no such folder or file"));
        return Err(failure.hint(format!("{there}; `helm repo add` makes one known, --repo takes its address")));
    };
    let request = ChartRequest::from_repository(&repository.url, chart).access(repository.access(flags)?);
    Ok(ChartRequest { index: repository.index.clone(), ..request })
}

/// The user's store of charts.
pub(super) fn store(mirrors: Vec<Mirror>) -> Result<ChartStore, Failure> {
    ChartStore::with_mirrors(cache("charts"), mirrors).map_err(|error| failure(&error))
}

/// Fetches a chart, and says what came from a registry, as helm does.
pub(super) fn fetch(store: &ChartStore, request: &ChartRequest) -> Result<ChartArchive, Failure> {
    let archive = store.fetch(request).map_err(|error| failure(&error))?;
    if let Some(digest) = &archive.manifest {
        let folder = archive.url.strip_prefix("oci://").unwrap_or(&archive.url);
        output::note(format!("Pulled: {folder}\nDigest: {digest}"));
    }
    Ok(archive)
}

fn failure(error: &ChartError) -> Failure {
    let text = error.to_string();
    let failure = if error.is_unreachable() { Failure::unreachable(text) } else { Failure::task(text) };
    match error {
        ChartError::Tls { .. } => {
            failure.hint("--ca-file names the authority, --cert-file and --key-file say who asks")
        }
        ChartError::AuthenticationRefused { .. } => failure
            .hint("--username with --password or --password-stdin, `helm repo add` or `helm registry login` give them"),
        _ => failure,
    }
}
