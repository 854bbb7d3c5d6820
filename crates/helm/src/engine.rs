//! Runs the templates of a chart and its dependencies.

mod apart;
mod error_text;
mod known;
mod origin;
mod turn;

use std::sync::{Arc, LazyLock};

use gotemplate::{ExecError, Fields, Functions, Host, Map, MapKind, Renderer, TemplateSet, Text, Value};
use memchr::memmem;

use self::origin::ValuePaths;
use self::turn::Turn;
use crate::cache::TemplateCache;
use crate::chart::Chart;
use crate::error::RenderError;
use crate::manifest::{FileText, Lines, NO_VALUE, RenderedFile};
use crate::options::RenderOptions;
use crate::prepared::Prepared;
use crate::scope::{self, Template, View, is_partial};
pub(crate) use known::Known;
pub use origin::ValueRead;

/// What all templates came to.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The files in the order in which they were run.
    pub(crate) files: Vec<RenderedFile>,
    /// Which values they read, if that was noted.
    pub(crate) reads: Vec<ValueRead>,
}

/// All templates of a chart and its dependencies.
#[derive(Debug)]
pub(crate) struct Templates {
    /// Those that are run, in their order.
    run: Vec<Template>,
    /// All by their names: of two definitions of one name the one that is read later counts, so those of a parent.
    set: TemplateSet,
}

/// Reads the templates.
///
/// # Errors
/// Those that are none.
pub(crate) fn read(chart: &Chart, cache: &TemplateCache) -> Result<Templates, RenderError> {
    let mut run = scope::templates(chart);
    let mut set = TemplateSet::new(Functions::Helm);
    let mut troubles = Vec::new();
    let texts: Vec<_> = run.iter().map(|template| (&template.path, &template.text)).collect();
    for parsed in cache.all(&texts) {
        match parsed {
            Ok(parsed) => set.add(&parsed),
            Err(trouble) => troubles.push(trouble),
        }
    }
    run.retain(|template| !is_partial(&template.path));
    if troubles.is_empty() { Ok(Templates { run, set }) } else { Err(error_text::of_parse(&troubles)) }
}

/// Runs all templates but the partials, over coalesced values. `view` is one of these, if there is one that nobody has changed,
/// and is so afterwards.
pub(crate) fn run(
    prepared: &Prepared,
    options: &RenderOptions,
    environment: (&TemplateCache, &dyn Host),
    view: &mut Option<View>,
) -> Result<Run, RenderError> {
    let (cache, host) = environment;
    let Templates { run: templates, set } = prepared.templates(cache)?;
    let job = Job { chart: &prepared.chart, values: &prepared.values, options, set };
    if options.trace {
        return traced(&job, templates, host);
    }
    let mut turn = Turn::new(&job, templates, (prepared.known(), view), host);
    let mut run = Run { files: Vec::with_capacity(templates.len()), ..Run::default() };
    for (number, template) in templates.iter().enumerate() {
        let output = turn.next(number);
        let output = output.map_err(|error| error_text::of_run(&template.path, &error, options.compat))?;
        run.files.push(RenderedFile { path: Arc::clone(&template.path), output, lines: None });
    }
    prepared.learn(turn.end());
    Ok(run)
}

/// The same, with notes on where everything comes from.
fn traced(job: &Job<'_>, templates: &[Template], host: &dyn Host) -> Result<Run, RenderError> {
    let options = job.options;
    let mut runner = job.runner(Renderer::new(job.set, host, options.limits), None);
    runner.renderer.start_trace();
    let paths = ValuePaths::new(job.values, &runner.view.values);
    let mut run = Run::default();
    for template in templates {
        let outcome = runner.run(template);
        let (text, removed) = outcome.map_err(|error| error_text::of_run(&template.path, &error, options.compat))?;
        let trace = runner.renderer.take_trace();
        run.reads.extend(paths.reads(&template.path, &trace));
        let lines = Some(Lines::new(trace, removed, &template.text));
        let output = Arc::new(FileText::new(text));
        run.files.push(RenderedFile { path: Arc::clone(&template.path), output, lines });
    }
    Ok(run)
}

/// What is run.
struct Job<'j> {
    chart: &'j Chart,
    values: &'j goyaml::Value,
    options: &'j RenderOptions,
    set: &'j TemplateSet,
}

impl Job<'_> {
    /// A renderer with this view, or with one of its own.
    fn runner<'r>(&self, renderer: Renderer<'r>, view: Option<View>) -> Runner<'r> {
        let view = match view {
            Some(view) => view.of_release(&self.options.release),
            None => View::new(self.chart, self.values, self.options),
        };
        Runner { renderer, view }
    }
}

/// What one thread runs templates with.
struct Runner<'r> {
    renderer: Renderer<'r>,
    view: View,
}

/// Output, and where `<no value>` was taken out of it.
type Output = (Vec<u8>, Vec<usize>);

/// `.Template`
struct Place {
    name: Arc<str>,
    base: Arc<str>,
}

impl Fields for Place {
    /// All templates of a chart have one folder, so that who looks at this alone looks at nothing of the file.
    fn plain(&self, key: &[u8]) -> Option<Value> {
        (key == b"BasePath").then(|| (&self.base).into())
    }

    fn entries(&self) -> Vec<(Text, Value)> {
        [("Name", &self.name), ("BasePath", &self.base)].map(|(key, text)| (key.as_bytes().into(), text.into())).into()
    }
}

impl Runner<'_> {
    fn run(&mut self, template: &Template) -> Result<Output, Box<ExecError>> {
        let [name, base] = [&template.path, &template.base].map(Arc::clone);
        let place = Map::of_fields(MapKind::Values, Place { name, base });
        let dot = self.view.dot(template, &place);
        Ok(without_no_value(self.renderer.render_next(&template.path, &dot, &place)?))
    }
}

/// Finds what is taken out of outputs.
static FINDER: LazyLock<memmem::Finder<'_>> = LazyLock::new(|| memmem::Finder::new(NO_VALUE));

/// The text without each `<no value>`, and where these stood.
fn without_no_value(text: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let mut out = Vec::with_capacity(text.len());
    let mut removed = Vec::new();
    let mut from = 0;
    for at in FINDER.find_iter(text) {
        out.extend_from_slice(&text[from..at]);
        removed.push(at);
        from = at + NO_VALUE.len();
    }
    out.extend_from_slice(&text[from..]);
    (out, removed)
}
