//! The whole way from a chart and what the user set to manifests, hooks and notes.

use std::sync::Arc;

use gotemplate::Host;
use gotemplate::semver::{Constraints, Version};

use crate::cache::TemplateCache;
use crate::capabilities::Capabilities;
use crate::chart::Chart;
use crate::compat::HelmCompat;
use crate::content::Content;
use crate::engine::{self, Run, ValueRead};
use crate::error::RenderError;
use crate::live::{Inquiry, Recorder};
use crate::manifest::{self, Hook, Manifest, RenderedFile, Sorted};
use crate::options::RenderOptions;
use crate::prepared::Prepared;
use crate::scope::{View, is_notes};
use crate::sources::Sources;
use crate::values::UserValues;
use crate::{Warning, dependencies};

/// What a chart came to.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// Manifests in the order of installation.
    pub manifests: Vec<Manifest>,
    /// Hooks in the order of their kinds; when they are done, weights and names decide.
    pub hooks: Vec<Hook>,
    /// Definitions from `crds/`, the chart's own first.
    pub crds: Vec<Crd>,
    /// What `NOTES.txt` says.
    pub notes: String,
    /// What was asked outside the chart, with the answers.
    pub inquiries: Vec<Inquiry>,
    /// What is odd about dependencies and values.
    pub warnings: Vec<Warning>,
    /// Which values each file read and where they were set, if that was asked for ([`RenderOptions::trace`]).
    pub reads: Vec<ValueRead>,
    /// The texts that the places of `reads` lead to.
    pub sources: Sources,
}

/// A file of `crds/`, which is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crd {
    /// `chart/crds/file.yaml`
    pub path: String,
    /// Its bytes.
    pub data: Content,
}

/// Renders a chart with what the user set.
///
/// # Errors
/// What is wrong first, in the order in which Helm looks.
pub fn render(
    chart: &Chart,
    user: &UserValues,
    options: &RenderOptions,
    (cache, host): (&TemplateCache, &dyn Host),
) -> Result<Rendered, RenderError> {
    Session::new(cache).render(chart, user, options, host)
}

/// Renders of one thread, one after the other: a release is rendered until its templates have nothing more to ask of the cluster.
/// Values as templates see them are made once for renders of the same chart and values.
pub struct Session<'c> {
    cache: &'c TemplateCache,
    last: Option<Last>,
}

/// What the last render left to the next one.
struct Last {
    prepared: Arc<Prepared>,
    capabilities: Capabilities,
    view: View,
}

impl<'c> Session<'c> {
    /// A session without a render.
    pub fn new(cache: &'c TemplateCache) -> Self {
        Self { cache, last: None }
    }

    /// Renders a chart with what the user set.
    ///
    /// # Errors
    /// As [`render()`].
    pub fn render(
        &mut self,
        chart: &Chart,
        user: &UserValues,
        options: &RenderOptions,
        host: &dyn Host,
    ) -> Result<Rendered, RenderError> {
        self.render_prepared(chart, user, options, host).map(|(rendered, _)| rendered)
    }

    /// The same, with the chart as its dependencies were worked out: what a release keeps.
    ///
    /// # Errors
    /// As [`render()`].
    pub fn render_with_chart(
        &mut self,
        chart: &Chart,
        user: &UserValues,
        options: &RenderOptions,
        host: &dyn Host,
    ) -> Result<(Rendered, Chart), RenderError> {
        let (rendered, prepared) = self.render_prepared(chart, user, options, host)?;
        Ok((rendered, prepared.chart.clone()))
    }

    fn render_prepared(
        &mut self,
        chart: &Chart,
        user: &UserValues,
        options: &RenderOptions,
        host: &dyn Host,
    ) -> Result<(Rendered, Arc<Prepared>), RenderError> {
        check_name(&options.release.name)?;
        let prepared = self.cache.prepared(chart, user, options)?;
        let mut view = self.view(&prepared, options);
        // With a view, the last render was of this chart for a cluster like this one, and has checked it.
        if view.is_none() {
            check_kube_version(&prepared.chart, options)?;
        }
        let rendered = templates(&prepared, options, (self.cache, host), &mut view)?;
        let sources = Sources::new(&prepared.chart.sources, &user.sources);
        let rendered = Rendered { warnings: prepared.warnings.clone(), sources, ..rendered };
        self.last =
            view.map(|view| Last { prepared: Arc::clone(&prepared), capabilities: options.capabilities.clone(), view });
        Ok((rendered, prepared))
    }

    /// The view of the last render, if it is one of this chart and its values, for a cluster like this one.
    fn view(&mut self, prepared: &Arc<Prepared>, options: &RenderOptions) -> Option<View> {
        let last = self.last.take()?;
        let is_same = Arc::ptr_eq(&last.prepared, prepared) && last.capabilities == options.capabilities;
        is_same.then_some(last.view)
    }
}

/// The definitions in `crds/` of a chart and of the charts in it that take part with these values, the chart's own first.
/// They are installed before the templates are rendered.
///
/// # Errors
/// The dependencies cannot be worked out.
pub fn definitions(chart: &Chart, user: &UserValues, compat: HelmCompat) -> Result<Vec<Crd>, RenderError> {
    let mut chart = chart.clone();
    dependencies::process(&mut chart, &user.values, compat)
        .map_err(|error| RenderError::Dependencies(error.to_string()))?;
    let mut crds = Vec::new();
    collect_crds(&chart, chart.name(), &mut crds);
    Ok(crds)
}

/// Renders a chart whose dependencies were worked out, over coalesced values.
fn templates(
    prepared: &Prepared,
    options: &RenderOptions,
    (cache, host): (&TemplateCache, &dyn Host),
    view: &mut Option<View>,
) -> Result<Rendered, RenderError> {
    let chart = &prepared.chart;
    let recorder = Recorder::new(host);
    let Run { mut files, reads } = engine::run(prepared, options, (cache, &recorder), view)?;
    let notes = take_notes(&mut files, chart, options);
    let Sorted { manifests, hooks } = manifest::sort(&files, options.compat).map_err(|trouble| {
        RenderError::Manifest { path: trouble.path, message: trouble.message, output: whole_output(&files) }
    })?;
    let mut crds = Vec::new();
    collect_crds(chart, chart.name(), &mut crds);
    let inquiries = recorder.into_inquiries();
    Ok(Rendered { manifests, hooks, crds, notes, inquiries, reads, ..Rendered::default() })
}

/// Letters of a release's name; it becomes a part of names and labels.
const MAX_NAME: usize = 53;

/// Whether a release can have this name: `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
///
/// # Errors
/// Helm's words.
pub fn check_name(name: &str) -> Result<(), RenderError> {
    let fine = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let part = |part: &str| {
        let ends = [part.bytes().next(), part.bytes().next_back()];
        ends.iter().all(|end| end.is_some_and(fine)) && part.bytes().all(|letter| fine(letter) || letter == b'-')
    };
    let why = if name.is_empty() {
        "no name provided"
    } else if name.len() > MAX_NAME || !name.split('.').all(part) {
        "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
    } else {
        return Ok(());
    };
    Err(RenderError::Name(format!("release name {}: {why}", gotemplate::quote(name.as_bytes()))))
}

fn check_kube_version(chart: &Chart, options: &RenderOptions) -> Result<(), RenderError> {
    let wanted = &chart.metadata.kube_version;
    let found = &options.capabilities.kube_version;
    if wanted.is_empty() || is_compatible(wanted, found.comparable()) {
        return Ok(());
    }
    Err(RenderError::KubeVersion { wanted: wanted.clone(), found: found.version.to_string() })
}

/// A range or a version that cannot be read is not met.
fn is_compatible(range: &str, version: &str) -> bool {
    match (Constraints::parse(range), Version::parse(version)) {
        (Ok(range), Ok(version)) => range.hold(&version),
        _ => false,
    }
}

/// Takes the notes out of the files. Those of subcharts come with them only if that is asked for.
fn take_notes(files: &mut Vec<RenderedFile>, chart: &Chart, options: &RenderOptions) -> String {
    let own = format!("{}/templates/NOTES.txt", chart.name());
    let mut notes = String::new();
    files.retain(|file| {
        if !is_notes(&file.path) {
            return true;
        }
        if options.subchart_notes || *file.path == *own {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(&String::from_utf8_lossy(&file.output.text));
        }
        false
    });
    notes
}

/// All files as they are, for whoever looks for the mistake. Helm has them in an order of chance; here it is that of the
/// paths.
fn whole_output(files: &[RenderedFile]) -> String {
    let mut files: Vec<_> = files.iter().map(|file| (&file.path, String::from_utf8_lossy(&file.output.text))).collect();
    files.retain(|(_, text)| !text.trim().is_empty());
    files.sort();
    let texts: Vec<String> = files.iter().map(|(path, text)| format!("---\n# Source: {path}\n{text}\n")).collect();
    texts.concat()
}

fn collect_crds(chart: &Chart, path: &str, crds: &mut Vec<Crd>) {
    let is_manifest = |name: &str| {
        let ending = name.rsplit('/').next().and_then(|base| base.rsplit_once('.')).map(|(_, ending)| ending);
        ending.is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
    };
    for file in chart.files.iter().filter(|file| file.name.starts_with("crds/") && is_manifest(&file.name)) {
        crds.push(Crd { path: format!("{path}/{}", file.name), data: file.data.clone() });
    }
    for child in &chart.dependencies {
        collect_crds(child, &format!("{path}/charts/{}", child.name()), crds);
    }
}
