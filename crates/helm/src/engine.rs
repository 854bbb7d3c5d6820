//! Runs the templates of a chart and its dependencies.

mod error_text;
mod origin;

use std::sync::Arc;

use gotemplate::{Functions, Host, Map, MapKind, Renderer, TemplateSet, Value};
use memchr::memmem;

use crate::cache::TemplateCache;
use crate::chart::Chart;
use crate::error::RenderError;
use crate::options::RenderOptions;
use crate::scope::{Renderable, is_partial, renderables, template_value};
pub use origin::ValueRead;
pub(crate) use origin::{Lines, ValuePaths};

/// What Go prints for nothing.
const NO_VALUE: &[u8] = b"<no value>";

/// What one template came to.
#[derive(Debug)]
pub(crate) struct RenderedFile {
    /// `chart/templates/file.yaml`
    pub(crate) path: Arc<str>,
    /// Its output.
    pub(crate) text: Vec<u8>,
    /// Where the output comes from, if that was noted.
    pub(crate) lines: Option<Lines>,
}

/// What all templates came to.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The files in the order in which they were run.
    pub(crate) files: Vec<RenderedFile>,
    /// Which values they read, if that was noted.
    pub(crate) reads: Vec<ValueRead>,
}

/// Runs all templates but the partials, over coalesced values.
pub(crate) fn run(
    chart: &Chart,
    values: &goyaml::Value,
    options: &RenderOptions,
    environment: (&TemplateCache, &dyn Host),
) -> Result<Run, RenderError> {
    let (cache, host) = environment;
    let top = template_value(values);
    let renderables = renderables(chart, &top, options);
    let set = read(&renderables, cache)?;
    let mut renderer = Renderer::new(&set, host, options.limits);
    let mut notes = options.trace.then(|| ValuePaths::new(values, &top));
    if notes.is_some() {
        renderer.start_trace();
    }
    let mut run = Run::default();
    for template in renderables.iter().filter(|template| !is_partial(&template.path)) {
        let place = Map::new(MapKind::Values);
        place.put("Name", &*template.path);
        place.put("BasePath", &*template.base);
        template.scope.put("Template", place);
        let dot = Value::Map(template.scope.as_kind(MapKind::Values));
        let text = renderer
            .render(&template.path, &dot)
            .map_err(|error| error_text::of_run(&template.path, &error, options.compat))?;
        let (text, removed) = without_no_value(text);
        let mut lines = None;
        if let Some(notes) = &mut notes {
            let trace = renderer.take_trace();
            run.reads.extend(notes.reads(&template.path, &trace));
            lines = Some(Lines::new(trace, removed, &template.text));
        }
        run.files.push(RenderedFile { path: Arc::clone(&template.path), text, lines });
    }
    Ok(run)
}

/// All templates as one set: of two definitions of one name the one that is read later counts, so those of a parent.
fn read(renderables: &[Renderable], cache: &TemplateCache) -> Result<TemplateSet, RenderError> {
    let mut set = TemplateSet::new(Functions::Helm);
    let mut troubles = Vec::new();
    let texts: Vec<_> = renderables.iter().map(|template| (&template.path, &template.text)).collect();
    for parsed in cache.all(&texts) {
        match parsed {
            Ok(parsed) => set.add(&parsed),
            Err(trouble) => troubles.push(trouble),
        }
    }
    if troubles.is_empty() { Ok(set) } else { Err(error_text::of_parse(&troubles)) }
}

/// The text without each `<no value>`, and where these stood.
fn without_no_value(text: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let mut out = Vec::with_capacity(text.len());
    let mut removed = Vec::new();
    let mut from = 0;
    for at in memmem::find_iter(text, NO_VALUE) {
        out.extend_from_slice(&text[from..at]);
        removed.push(at);
        from = at + NO_VALUE.len();
    }
    out.extend_from_slice(&text[from..]);
    (out, removed)
}
