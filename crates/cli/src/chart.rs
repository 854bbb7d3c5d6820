//! Charts: folders and archives of this machine's disk, and what is fetched from repositories and registries.

mod args;
mod credentials;
mod dependencies;
mod home;
mod locate;
mod pulled;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use helm::load::{self, LoadError, LoadOptions, MAX_ARCHIVE_BYTES, MAX_CHART_BYTES, MAX_FILES};
use helm::{Chart, HelmCompat};

pub(crate) use self::args::ChartArgs;
pub(crate) use self::home::plugins;
use self::locate::{Located, locate};
pub(crate) use self::pulled::Pulled;
use crate::failure::Failure;
use crate::folder::cannot;

/// Folders within one another; links may lead in circles.
const MAX_FOLDERS: usize = 64;

/// The chart of this name, with all dependencies that it declares.
pub(crate) fn read(name: &str, args: &ChartArgs, compat: HelmCompat) -> Result<Chart, Failure> {
    let options = LoadOptions { compat, ..LoadOptions::default() };
    match locate(name, args)? {
        Located::Disk(path) if path.is_dir() => folder(&path, args, &options),
        Located::Disk(path) => complete(archive(&bounded(&path, MAX_ARCHIVE_BYTES)?, &options)?),
        Located::Remote(request) => {
            let fetched = locate::fetch(&locate::store(args.mirrors.read()?)?, &request)?;
            complete(archive(&fetched.bytes, &options)?)
        }
    }
}

/// A chart's folder, whose dependencies may still have to be fetched.
fn folder(path: &Path, args: &ChartArgs, options: &LoadOptions) -> Result<Chart, Failure> {
    let mut tree = Tree::default();
    tree.folder(path, "", 0)?;
    let chart = load::from_files(tree.files.clone(), options).map_err(|errors| wrong(&errors))?;
    if !args.dependency_update || helm::dependencies::check_present(&chart).is_ok() {
        return complete(chart);
    }
    dependencies::update(path, &chart.metadata.dependencies, &mut tree, args)?;
    complete(load::from_files(tree.files, options).map_err(|errors| wrong(&errors))?)
}

fn archive(bytes: &[u8], options: &LoadOptions) -> Result<Chart, Failure> {
    load::from_archive(bytes, options).map_err(|errors| wrong(&errors))
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
        // One byte more than there should be, so that the end shows at the first read.
        let expected = file.metadata()?.len().min(limit) + 1;
        let mut data = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
        file.take(limit + 1).read_to_end(&mut data)?;
        Ok(data)
    };
    let data = read(path).map_err(|error| cannot("read", path, &error))?;
    if data.len() as u64 > limit {
        return Err(Failure::task(format!("{} has more than {limit} bytes", path.display())));
    }
    Ok(data)
}

#[derive(Default)]
struct Tree {
    files: Vec<(String, Arc<[u8]>)>,
    bytes: u64,
}

impl Tree {
    /// All files below a folder; links are followed, as Helm does.
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), Failure> {
        if depth > MAX_FOLDERS {
            return Err(Failure::task(format!(
                "{}: folders are nested more than {MAX_FOLDERS} deep",
                folder.display()
            ))
            .hint("a link leads back to a folder above it?"));
        }
        for entry in fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))? {
            let entry = entry.map_err(|error| cannot("read", folder, &error))?;
            let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
            // Most file systems tell with the name what it is; of a link the other end has to be asked.
            let kind = entry.file_type().map_err(|error| cannot("read", &path, &error))?;
            if kind.is_dir() || kind.is_symlink() && path.is_dir() {
                self.folder(&path, &format!("{name}/"), depth + 1)?;
                continue;
            }
            self.add(&path, name, bounded(&path, MAX_CHART_BYTES)?.into())?;
        }
        Ok(())
    }

    /// Adds a file; `path` is for messages.
    fn add(&mut self, path: &Path, name: String, data: Arc<[u8]>) -> Result<(), Failure> {
        self.bytes += data.len() as u64;
        if self.files.len() >= MAX_FILES || self.bytes > MAX_CHART_BYTES {
            return Err(Failure::task(format!("{}: the folder is too large for a chart", path.display())));
        }
        self.files.push((name, data));
        Ok(())
    }
}
