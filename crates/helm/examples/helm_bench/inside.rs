//! Renders in this process.

#[path = "../../tests/support/tree.rs"]
mod tree;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Instant;

use gotemplate::{Host, Instant as Time};
use helm::load::{self, LoadOptions};
use helm::output::{self, OutputOptions};
use helm::values::UserValues;
use helm::{Chart, RenderOptions, TemplateCache};

/// A chart with what is kept for warm renders.
pub(crate) struct Inside {
    folder: PathBuf,
    chart: Chart,
    cache: TemplateCache,
    chance: Chance,
    /// Lines of the output.
    pub(crate) lines: usize,
}

/// Another sequence of bytes each time: how long the search for a key takes hangs on it.
#[derive(Default)]
struct Chance(Cell<u64>);

impl Host for Chance {
    fn now(&self) -> Time {
        Time { seconds: 1_700_000_000, nanoseconds: 0 }
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0.set(self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
            *byte = self.0.get().to_be_bytes()[0];
        }
    }
}

impl Inside {
    /// Reads the chart and renders it once.
    pub(crate) fn new(folder: &Path) -> Result<Self, String> {
        let chart = read(folder)?;
        let cache = TemplateCache::new();
        let chance = Chance::default();
        let output = render(&chart, (&cache, &chance))?;
        let lines = memchr::memchr_iter(b'\n', &output).count();
        Ok(Self { folder: folder.to_path_buf(), chart, cache, chance, lines })
    }

    /// Milliseconds from the files to the output.
    pub(crate) fn cold(&self) -> Result<f64, String> {
        timed(|| render(&read(&self.folder)?, (&TemplateCache::new(), &self.chance)))
    }

    /// Milliseconds from the kept chart to the output.
    pub(crate) fn warm(&self) -> Result<f64, String> {
        timed(|| render(&self.chart, (&self.cache, &self.chance)))
    }
}

fn timed(work: impl FnOnce() -> Result<Vec<u8>, String>) -> Result<f64, String> {
    let start = Instant::now();
    let output = work()?;
    let time = start.elapsed().as_secs_f64() * 1000.0;
    drop(output);
    Ok(time)
}

fn render(chart: &Chart, environment: (&TemplateCache, &dyn Host)) -> Result<Vec<u8>, String> {
    let options = RenderOptions::install("bench", "default");
    let rendered = helm::render(chart, &UserValues::default(), &options, environment);
    let rendered = rendered.map_err(|error| error.to_string())?;
    output::print(&rendered, &OutputOptions::default()).map_err(|error| error.to_string())
}

fn read(folder: &Path) -> Result<Chart, String> {
    load::from_files(tree::read(folder)?, &LoadOptions::default()).map_err(|errors| errors[0].to_string())
}
