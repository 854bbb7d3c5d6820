//! `--dependency-update`: the charts that Chart.yaml names, fetched into memory as `helm dependency update` would lay
//! them into `charts/`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use helm::Content;
use helm::metadata::Dependency;
use source::charts::{Access, ChartRequest, ChartStore};

use super::args::ChartArgs;
use super::home;
use super::locate::{fetch, store, with_login};
use super::tree::{Tree, Unread};
use crate::failure::Failure;
use crate::output;

/// Folder of a chart's dependencies.
const CHARTS: &str = "charts/";

/// Puts the declared dependencies in the place of the archives in `charts/`. Those of no repository stay as they are.
pub(super) fn update(folder: &Path, declared: &[Dependency], tree: &mut Tree, args: &ChartArgs) -> Result<(), Failure> {
    let updating = Updating {
        folder,
        store: store(args.mirrors.read()?)?,
        repositories: home::repositories()?,
        flags: args.access()?,
        unread: tree.unread.clone(),
    };
    let local: BTreeSet<&str> =
        declared.iter().filter(|it| it.repository.is_empty()).map(|it| it.name.as_str()).collect();
    tree.files.retain(|(name, _)| !is_outdated(name, &local));
    let mut fetched = BTreeSet::new();
    for dependency in declared.iter().filter(|dependency| !dependency.repository.is_empty()) {
        for (name, data) in updating.files(dependency)? {
            if fetched.insert(name.clone()) {
                tree.files.retain(|(there, _)| *there != name);
                tree.add(folder, name, data)?;
            }
        }
    }
    Ok(())
}

/// Whether a file is an archive that an update removes.
fn is_outdated(name: &str, local: &BTreeSet<&str>) -> bool {
    let Some(file) = name.strip_prefix(CHARTS).filter(|file| !file.contains('/')) else {
        return false;
    };
    let is_archive = Path::new(file).extension().is_some_and(|end| end.eq_ignore_ascii_case("tgz"));
    is_archive && !local.iter().any(|chart| file.starts_with(&format!("{chart}-")))
}

struct Updating<'a> {
    folder: &'a Path,
    store: ChartStore,
    repositories: Vec<(String, home::Repository)>,
    flags: Access,
    unread: Unread,
}

/// Paths from the chart's top and bytes.
type Files = Vec<(String, Content)>;

impl Updating<'_> {
    fn files(&self, dependency: &Dependency) -> Result<Files, Failure> {
        if let Some(path) = dependency.repository.strip_prefix("file://") {
            return self.neighbour(dependency, path);
        }
        let mut request = self.request(dependency)?.version(&dependency.version);
        with_login(&mut request)?;
        output::note(format!("Downloading {} from repo {}", dependency.name, dependency.repository));
        let archive = fetch(&self.store, &request)?;
        Ok(vec![(format!("{CHARTS}{}-{}.tgz", dependency.name, archive.version), archive.bytes.into())])
    }

    /// The folder of a chart beside this one.
    fn neighbour(&self, dependency: &Dependency, path: &str) -> Result<Files, Failure> {
        let at = if path.starts_with('/') { PathBuf::from(path) } else { self.folder.join(path) };
        let mut tree = Tree::new(self.unread.clone());
        tree.folder(&at, &format!("{CHARTS}{}/", dependency.name))?;
        Ok(tree.files)
    }

    /// The request for a dependency: of a known repository with what is known of it, of others as nobody.
    fn request(&self, dependency: &Dependency) -> Result<ChartRequest, Failure> {
        let (address, name) = (dependency.repository.as_str(), dependency.name.as_str());
        let stranger = Access {
            insecure_skip_tls_verify: self.flags.insecure_skip_tls_verify,
            plain_http: self.flags.plain_http,
            ..Access::default()
        };
        if address.starts_with("oci://") {
            return Ok(ChartRequest::from_repository(address, name).access(self.flags.clone()));
        }
        let alias = address.strip_prefix('@').or_else(|| address.strip_prefix("alias:"));
        let same = |url: &str| url.trim_end_matches('/') == address.trim_end_matches('/');
        let known = self.repositories.iter().find(|(name, known)| match alias {
            Some(alias) => name == alias,
            None => same(&known.url),
        });
        match known {
            Some((_, known)) => Ok(ChartRequest::from_repository(&known.url, name).access(known.access(&stranger)?)),
            None if alias.is_none() && address.contains("://") => {
                Ok(ChartRequest::from_repository(address, name).access(stranger))
            }
            None => Err(Failure::task(format!(
                "Chart.yaml:{}: no repository definition for {address}. Please add them via 'helm repo add'",
                dependency.pos.line
            ))),
        }
    }
}
