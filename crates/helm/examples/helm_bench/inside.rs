//! Renders in this process.

#[path = "../../tests/support/tree.rs"]
mod tree;

use std::path::{Path, PathBuf};
use std::time::Instant;

use gotemplate::NoHost;
use helm::load::{self, LoadOptions};
use helm::output::{self, OutputOptions};
use helm::values::UserValues;
use helm::{Chart, RenderOptions, TemplateCache};

/// A chart with what is kept for warm renders.
pub(crate) struct Inside {
    folder: PathBuf,
    chart: Chart,
    cache: TemplateCache,
    /// Bytes of the output.
    pub(crate) bytes: usize,
}

impl Inside {
    /// Reads the chart and renders it once.
    pub(crate) fn new(folder: &Path) -> Result<Self, String> {
        let chart = read(folder)?;
        let cache = TemplateCache::new();
        let bytes = render(&chart, &cache)?.len();
        Ok(Self { folder: folder.to_path_buf(), chart, cache, bytes })
    }

    /// Milliseconds from the files to the output.
    pub(crate) fn cold(&self) -> Result<f64, String> {
        timed(|| render(&read(&self.folder)?, &TemplateCache::new()))
    }

    /// Milliseconds from the kept chart to the output.
    pub(crate) fn warm(&self) -> Result<f64, String> {
        timed(|| render(&self.chart, &self.cache))
    }
}

fn timed(work: impl FnOnce() -> Result<Vec<u8>, String>) -> Result<f64, String> {
    let start = Instant::now();
    let output = work()?;
    let time = start.elapsed().as_secs_f64() * 1000.0;
    drop(output);
    Ok(time)
}

fn render(chart: &Chart, cache: &TemplateCache) -> Result<Vec<u8>, String> {
    let options = RenderOptions::install("bench", "default");
    let rendered = helm::render(chart, &UserValues::default(), &options, (cache, &NoHost));
    let rendered = rendered.map_err(|error| error.to_string())?;
    output::print(&rendered, &OutputOptions::default()).map_err(|error| error.to_string())
}

fn read(folder: &Path) -> Result<Chart, String> {
    load::from_files(tree::read(folder)?, &LoadOptions::default()).map_err(|errors| errors[0].to_string())
}
