//! Charts out of folders and archives.
//!
//! A folder comes in as paths and bytes: whoever has a file system or a Git tree reads it. What is wrong is told all at
//! once, each with its file and line. Archives are read from memory and never unpacked to disk; how much they may grow
//! is limited by [`Limits`].

mod archive;
mod assemble;
mod ignore;
mod local;

use std::cmp::Ordering;
use std::fmt;

use crate::sources::Source;
use crate::warning::Warning;
use crate::{Chart, ChartFile, Content, HelmCompat};
pub use ignore::Ignore;
pub use local::from_tree;

/// Bytes of one file of a chart, as in Helm.
pub const MAX_FILE_BYTES: u64 = 5 << 20;
/// Bytes of all files of one archive, as in Helm.
pub const MAX_ARCHIVE_BYTES: u64 = 100 << 20;
/// Bytes of all files of a chart with the archives in it. Helm has no such limit.
pub const MAX_CHART_BYTES: u64 = 256 << 20;
/// Files of a chart with the archives in it. Helm has no such limit.
pub const MAX_FILES: usize = 100_000;
/// Charts inside charts. Helm has no such limit.
pub const MAX_DEPTH: usize = 24;
/// Errors that are told of one chart.
pub const MAX_ERRORS: usize = 100;

/// How much a chart may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files of one archive, decompressed.
    pub archive_bytes: u64,
    /// Bytes of all files together, decompressed.
    pub chart_bytes: u64,
    /// Number of files.
    pub files: usize,
    /// Charts inside charts.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: MAX_FILE_BYTES,
            archive_bytes: MAX_ARCHIVE_BYTES,
            chart_bytes: MAX_CHART_BYTES,
            files: MAX_FILES,
            depth: MAX_DEPTH,
        }
    }
}

/// How a chart is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// How much it may be.
    pub limits: Limits,
    /// Which release to be like: Helm 3 reads only the first document of `values.yaml`.
    pub compat: HelmCompat,
}

/// One thing that is wrong with a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The file's path from the chart's top, such as `charts/redis/Chart.yaml`; empty where the chart as a whole is meant.
    pub file: String,
    /// The line, from 1; 0 where there is none.
    pub line: u32,
    /// Helm's words where it has some.
    pub message: String,
    /// What to do, where that is known.
    pub remedy: Option<&'static str>,
}

impl fmt::Display for LoadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.as_str(), self.line) {
            ("", _) => {}
            (file, 0) => write!(out, "{file}: ")?,
            (file, line) => write!(out, "{file}:{line}: ")?,
        }
        out.write_str(&self.message)?;
        self.remedy.map_or(Ok(()), |remedy| write!(out, "; {remedy}"))
    }
}

impl std::error::Error for LoadError {}

/// Reads a chart from the files of its folder: paths relative to the folder and bytes, in any order, some of them perhaps to be
/// read later. `.helmignore` is followed.
///
/// ```
/// use std::sync::Arc;
///
/// use helm::load::{self, LoadOptions};
///
/// let file = |name: &str, text: &str| (name.to_owned(), Arc::from(text.as_bytes()));
/// let chart = load::from_files(
///     [file("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"), file("values.yaml", "replicas: 2\n")],
///     &LoadOptions::default(),
/// )
/// .unwrap();
/// assert_eq!(chart.name(), "web");
/// assert_eq!(chart.values.get("replicas").unwrap().pos().line, 1);
/// ```
pub fn from_files<C: Into<Content>>(
    files: impl IntoIterator<Item = (String, C)>,
    options: &LoadOptions,
) -> Result<Chart, Vec<LoadError>> {
    let mut loading = Loading::new(*options);
    let files = loading.folder(files.into_iter().map(|(name, data)| (name, data.into())).collect());
    let chart = loading.root(files, "Chart.yaml file is missing");
    loading.finish(chart)
}

/// Reads a chart from the bytes of a `.tgz` file.
pub fn from_archive(archive: &[u8], options: &LoadOptions) -> Result<Chart, Vec<LoadError>> {
    let mut loading = Loading::new(*options);
    let chart = match loading.unpack(archive, "") {
        Ok(files) => loading.root(files, "unable to detect chart version, no Chart.yaml found"),
        Err(mut errors) => {
            for error in &mut errors {
                error.message = format!("unable to load chart archive: {}", error.message);
            }
            loading.errors.extend(errors);
            None
        }
    };
    loading.finish(chart)
}

/// The files of a `.tgz` file as `helm pull --untar` lays them into the chart's folder: paths inside of that folder and
/// bytes.
pub fn unpack(archive: &[u8], options: &LoadOptions) -> Result<Vec<ChartFile>, Vec<LoadError>> {
    Loading::new(*options).unpack(archive, "")
}

/// Whether a file of a chart's folder is one of its definitions, or of those of a chart in it: what may be read later.
pub fn is_definition(name: &str) -> bool {
    let mut name = name;
    while let Some((_, below)) = name.strip_prefix("charts/").and_then(|below| below.split_once('/')) {
        name = below;
    }
    name.starts_with("crds/")
}

/// What is gathered while a chart and the charts in it are read.
struct Loading {
    options: LoadOptions,
    files_left: usize,
    bytes_left: u64,
    sources: Vec<Source>,
    warnings: Vec<Warning>,
    errors: Vec<LoadError>,
}

impl Loading {
    fn new(options: LoadOptions) -> Self {
        let Limits { files, chart_bytes, .. } = options.limits;
        Self {
            options,
            files_left: files,
            bytes_left: chart_bytes,
            sources: Vec::new(),
            warnings: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn finish(mut self, chart: Option<Chart>) -> Result<Chart, Vec<LoadError>> {
        match chart {
            Some(chart) if self.errors.is_empty() => {
                Ok(Chart { sources: self.sources.into(), warnings: self.warnings.into(), ..chart })
            }
            _ => {
                self.errors.truncate(MAX_ERRORS);
                Err(self.errors)
            }
        }
    }

    fn error(&mut self, file: &str, line: u32, message: impl Into<String>, remedy: Option<&'static str>) {
        self.errors.push(LoadError { file: file.to_owned(), line, message: message.into(), remedy });
    }

    /// Numbers a text.
    fn source(&mut self, path: &str) -> u32 {
        self.sources.push(Source::Chart { path: path.into() });
        // Every source is a file, and files are limited far below.
        u32::try_from(self.sources.len() - 1).unwrap_or(crate::sources::USER - 1)
    }

    /// Counts a file against the limits of the whole chart.
    fn admit(&mut self, bytes: u64) -> Result<(), String> {
        let Limits { files, chart_bytes, .. } = self.options.limits;
        self.files_left = self
            .files_left
            .checked_sub(1)
            .ok_or_else(|| format!("the chart has more than the maximum number of files {files}"))?;
        self.bytes_left = self
            .bytes_left
            .checked_sub(bytes)
            .ok_or_else(|| format!("decompressed chart is larger than the maximum size {chart_bytes}"))?;
        Ok(())
    }

    /// The files of a folder that are not ignored, in the order of a walk.
    fn folder(&mut self, mut all: Vec<(String, Content)>) -> Vec<ChartFile> {
        all.sort_by(|(left, _), (right, _)| by_folders(left.as_bytes(), right.as_bytes()));
        let rules = match all.iter().find(|(name, _)| name == ignore::FILE) {
            Some((_, text)) => Ignore::parse(text),
            None => Ok(Ignore::default()),
        };
        let rules = rules.unwrap_or_else(|fault| {
            self.error(ignore::FILE, fault.line, fault.message, Some(fault.remedy));
            Ignore::default()
        });
        let mut rules = rules.below();
        let mut kept = Vec::with_capacity(all.len());
        for (name, data) in all {
            if rules.file(&name) {
                continue;
            }
            let bytes = data.size();
            let limit = self.options.limits.file_bytes;
            if bytes > limit {
                let base = name.rsplit('/').next().unwrap_or(&name);
                let message = format!("chart file {base:?} is larger than the maximum file size {limit}");
                self.error(&name, 0, message, Some(TOO_LARGE));
            } else if let Err(message) = self.admit(bytes) {
                self.error(&name, 0, message, Some(TOO_LARGE));
                break;
            } else {
                kept.push(ChartFile { name: name.into(), data: data.bare() });
            }
        }
        kept
    }
}

/// The order of paths folder by folder, as if `/` were the lowest of all letters.
fn by_folders(left: &[u8], right: &[u8]) -> Ordering {
    let rank = |letter: u8| (letter != b'/', letter);
    match left.iter().zip(right).find(|(left, right)| left != right) {
        Some((left, right)) => rank(*left).cmp(&rank(*right)),
        None => left.len().cmp(&right.len()),
    }
}

const TOO_LARGE: &str = "take it out of the chart, or name it in .helmignore";
