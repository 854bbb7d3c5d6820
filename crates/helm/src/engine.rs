//! Runs the templates of a chart and its dependencies.

mod error_text;

use std::sync::Arc;

use gotemplate::{Functions, Host, Map, MapKind, MissingKey, Renderer, TemplateSet, Value};
use memchr::memmem;

use crate::cache::TemplateCache;
use crate::chart::Chart;
use crate::error::RenderError;
use crate::options::RenderOptions;
use crate::scope::{Renderable, is_partial, renderables};

/// What Go prints for nothing.
const NO_VALUE: &[u8] = b"<no value>";

/// What one template came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RenderedFile {
    /// `chart/templates/file.yaml`
    pub(crate) path: Arc<str>,
    /// Its output.
    pub(crate) text: Vec<u8>,
}

/// Runs all templates but the partials, over coalesced values; the files in the order in which they were run.
pub(crate) fn run(
    chart: &Chart,
    values: &goyaml::Value,
    options: &RenderOptions,
    environment: (&TemplateCache, &dyn Host),
) -> Result<Vec<RenderedFile>, RenderError> {
    let (cache, host) = environment;
    let renderables = renderables(chart, values, options);
    let set = read(&renderables, cache)?;
    let missing_key = if options.strict { MissingKey::Error } else { options.limits.missing_key };
    let mut renderer = Renderer::new(&set, host, gotemplate::Options { missing_key, ..options.limits });
    let mut files = Vec::with_capacity(renderables.len());
    for template in renderables.iter().filter(|template| !is_partial(&template.path)) {
        let place = Map::new(MapKind::Values);
        place.put("Name", &*template.path);
        place.put("BasePath", &*template.base);
        template.scope.put("Template", place);
        let dot = Value::Map(template.scope.as_kind(MapKind::Values));
        let text = renderer
            .render(&template.path, &dot)
            .map_err(|error| error_text::of_run(&template.path, &error, options.compat))?;
        files.push(RenderedFile { path: Arc::clone(&template.path), text: without_no_value(text) });
    }
    Ok(files)
}

/// All templates as one set: of two definitions of one name the one that is read later counts, so those of a parent.
fn read(renderables: &[Renderable], cache: &TemplateCache) -> Result<TemplateSet, RenderError> {
    let mut set = TemplateSet::new(Functions::Helm);
    let mut troubles = Vec::new();
    for template in renderables {
        match cache.parsed(&template.path, &template.text) {
            Ok(parsed) => set.add(&parsed),
            Err(trouble) => troubles.push(trouble),
        }
    }
    if troubles.is_empty() { Ok(set) } else { Err(error_text::of_parse(&troubles)) }
}

fn without_no_value(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in memmem::find_iter(text, NO_VALUE) {
        out.extend_from_slice(&text[from..at]);
        from = at + NO_VALUE.len();
    }
    out.extend_from_slice(&text[from..]);
    out
}
