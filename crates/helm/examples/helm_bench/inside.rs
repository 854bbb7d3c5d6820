//! Renders in this process.

#[path = "../../tests/support/tree.rs"]
mod tree;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Instant;

use gotemplate::{Host, Instant as Time};
use helm::load::{self, LoadOptions};
use helm::output::{self, OutputOptions};
use helm::values::UserValues;
use helm::{Chart, RenderOptions, Session, TemplateCache};

/// A chart with what is kept for warm renders.
pub(crate) struct Inside {
    folder: PathBuf,
    chart: Chart,
    session: RefCell<Session<'static>>,
    chance: Chance,
    /// Of the last render.
    revision: Cell<i64>,
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
        // Lasts as long as the program, of which there is one for a few charts.
        let mut session = Session::new(Box::leak(Box::default()));
        let chance = Chance::default();
        let output = render(&mut session, &chart, 1, &chance)?;
        let lines = memchr::memchr_iter(b'\n', &output).count();
        let (session, revision) = (RefCell::new(session), Cell::new(1));
        Ok(Self { folder: folder.to_path_buf(), chart, session, chance, revision, lines })
    }

    /// Milliseconds from the files to the output.
    pub(crate) fn cold(&self) -> Result<f64, String> {
        timed(|| {
            let (chart, cache) = (read(&self.folder)?, TemplateCache::new());
            let output = render(&mut Session::new(&cache), &chart, 1, &self.chance)?;
            Ok((output, chart, cache))
        })
    }

    /// Milliseconds from the kept chart to the output for the next revision of the release, for which everything is run.
    pub(crate) fn warm(&self) -> Result<f64, String> {
        self.revision.set(self.revision.get() + 1);
        self.again()
    }

    /// The same for the last revision once more.
    pub(crate) fn again(&self) -> Result<f64, String> {
        timed(|| render(&mut self.session.borrow_mut(), &self.chart, self.revision.get(), &self.chance))
    }
}

/// How long work takes that makes something, until that is there.
fn timed<T>(work: impl FnOnce() -> Result<T, String>) -> Result<f64, String> {
    let start = Instant::now();
    let made = work()?;
    let time = start.elapsed().as_secs_f64() * 1000.0;
    drop(made);
    Ok(time)
}

fn render(session: &mut Session<'_>, chart: &Chart, revision: i64, host: &dyn Host) -> Result<Vec<u8>, String> {
    let mut options = RenderOptions::install("bench", "default");
    options.release.revision = revision;
    let rendered = session.render(chart, &UserValues::default(), &options, host);
    let rendered = rendered.map_err(|error| error.to_string())?;
    output::print(&rendered, &OutputOptions::default()).map_err(|error| error.to_string())
}

fn read(folder: &Path) -> Result<Chart, String> {
    load::from_files(tree::read(folder)?, &LoadOptions::default()).map_err(|errors| errors[0].to_string())
}
