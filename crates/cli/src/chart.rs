//! Charts: folders and archives of this machine's disk, and what is fetched from repositories and registries.

mod args;
mod credentials;
mod dependencies;
mod home;
mod locate;
mod pulled;
mod tree;

use std::fs;
use std::io::Read;
use std::path::Path;

use helm::load::{self, LoadError, LoadOptions, MAX_ARCHIVE_BYTES};
use helm::{Chart, HelmCompat};

pub(crate) use self::args::ChartArgs;
pub(crate) use self::home::plugins;
use self::locate::{Located, locate};
pub(crate) use self::pulled::Pulled;
use self::tree::Tree;
pub(crate) use self::tree::Unread;
use crate::failure::Failure;
use crate::folder::cannot;

/// The chart of this name, with all dependencies that it declares, and what may still go wrong with its files.
pub(crate) fn read(name: &str, args: &ChartArgs, compat: HelmCompat) -> Result<(Chart, Unread), Failure> {
    let options = LoadOptions { compat, ..LoadOptions::default() };
    let bytes = match locate(name, args)? {
        Located::Disk(path) if path.is_dir() => return folder(&path, args, &options),
        Located::Disk(path) => bounded(&path, MAX_ARCHIVE_BYTES)?.into(),
        Located::Remote(request) => locate::fetch(&locate::store(args.mirrors.read()?)?, &request)?.bytes,
    };
    let chart = load::from_archive(&bytes, &options).map_err(|errors| wrong(&errors))?;
    Ok((complete(chart)?, Unread::default()))
}

/// A chart's folder, whose dependencies may still have to be fetched.
fn folder(path: &Path, args: &ChartArgs, options: &LoadOptions) -> Result<(Chart, Unread), Failure> {
    let mut tree = Tree::default();
    tree.folder(path, "")?;
    let mut chart = load::from_files(tree.files.clone(), options).map_err(|errors| wrong(&errors))?;
    if args.dependency_update && helm::dependencies::check_present(&chart).is_err() {
        dependencies::update(path, &chart.metadata.dependencies, &mut tree, args)?;
        chart = load::from_files(tree.files, options).map_err(|errors| wrong(&errors))?;
    }
    Ok((complete(chart)?, tree.unread))
}

/// The chart, if it can be rendered: it is no library, and `charts/` has what it declares.
fn complete(chart: Chart) -> Result<Chart, Failure> {
    if !matches!(chart.metadata.chart_type.as_str(), "" | "application") {
        return Err(Failure::task(format!("{} charts are not installable", chart.metadata.chart_type)));
    }
    helm::dependencies::check_present(&chart)
        .map_err(|error| Failure::task(error.to_string()).hint("--dependency-update fetches them for this run"))?;
    Ok(chart)
}

fn wrong(errors: &[LoadError]) -> Failure {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Failure::task(texts.join("\n"))
}

/// The bytes of a file that is not larger than it may be.
pub(crate) fn bounded(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let read = |path: &Path| {
        let file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        if length > limit {
            return Ok(None);
        }
        // Room for one byte more than there should be, so that the end shows at the first read.
        let mut data = Vec::with_capacity(usize::try_from(length + 1).unwrap_or(0));
        file.take(limit + 1).read_to_end(&mut data)?;
        Ok(Some(data).filter(|data| data.len() as u64 <= limit))
    };
    let data = read(path).map_err(|error| cannot("read", path, &error))?;
    data.ok_or_else(|| Failure::task(format!("{} has more than {limit} bytes", path.display())))
}
