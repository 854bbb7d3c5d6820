//! `helmCharts`: where a chart lies, the values it gets, and the objects it renders to.

use std::sync::Arc;

use goyaml::origin::Derivation;
use goyaml::{Kind, Map, ParseOptions, Value};

use super::{GeneratorInput, Loader, Place, PluginId, trees};
use crate::charts::{ChartAddress, ChartRequest, ChartValues, Inflated};
use crate::documents::{self, Source};
use crate::item::Item;
use crate::raw::RawTexts;
use crate::read::Text;
use crate::read::charts::Chart;
use crate::{BuildError, Edition, EntryKind, Files, accumulate, merge, path, remote};

/// Where charts lie below a kustomization unless it says otherwise.
const HOME: &str = "charts";

/// Where a chart was found.
struct Found {
    /// The folder that charts lie in, as messages name it.
    home: String,
    /// The chart's own folder.
    folder: String,
}

impl Loader<'_> {
    /// The charts of a kustomization. `home` is its `chartHome`.
    pub(super) fn charts(&mut self, place: Place<'_>, charts: &[Chart], home: Option<&Text>) -> Vec<GeneratorInput> {
        let mut inputs = Vec::new();
        for chart in charts {
            let place = Place { line: chart.line, ..place };
            let namespace = if chart.namespace.is_empty() { self.namespace.clone() } else { String::new() };
            let chart = Chart { home: home.cloned(), ..with_namespace(chart.clone(), namespace) };
            inputs.extend(self.chart(place, &chart, None));
        }
        inputs
    }

    /// One chart, an entry of a kustomization or a plugin.
    pub(super) fn chart(
        &mut self,
        place: Place<'_>,
        chart: &Chart,
        plugin: Option<PluginId>,
    ) -> Option<GeneratorInput> {
        if self.options.charts.is_none() {
            self.fail(place.error("must specify --enable-helm").hint(
                "Only `setpoint build --enable-helm` inflates charts: commit what it prints, and list that under resources.",
            ));
            return None;
        }
        self.check_chart(place, chart)?;
        let found = self.find_chart(place, chart)?;
        let values = self.chart_values(place, chart, &found)?;
        let inflated = self.template(place, chart, (&found, &values))?;
        let objects = self.chart_objects(place, chart, &inflated)?;
        Some(GeneratorInput {
            field: chart.field.clone(),
            name: chart.name.clone(),
            line: place.line,
            ready: Some(objects),
            plugin,
            ..GeneratorInput::default()
        })
    }

    fn check_chart(&mut self, place: Place<'_>, chart: &Chart) -> Option<()> {
        if chart.name.is_empty() {
            self.fail(place.error("chart name cannot be empty"));
            return None;
        }
        if !["", "merge", "override", "replace"].contains(&chart.merge.text.as_str()) {
            let place = Place { line: chart.merge.line(), ..place };
            self.fail(place.error("valuesMerge must be one of [merge override replace]"));
            return None;
        }
        Some(())
    }

    /// The chart's folder in the tree, or in the one that is fetched for it.
    fn find_chart(&mut self, place: Place<'_>, chart: &Chart) -> Option<Found> {
        let named = chart.home.as_ref().map_or(HOME, |home| &home.text);
        let line = chart.home.as_ref().map_or(place.line, Text::line);
        let home = self.below(Place { line, ..place }, named)?;
        let version = [&*chart.name.text, "-", &chart.version.text].concat();
        let is_versioned = !chart.version.is_empty() && !chart.repository.is_empty();
        let home = if is_versioned { self.below_dir(place, &home, &version)? } else { home };
        let folder = self.below_dir(place, &home, &chart.name.text)?;
        match self.files.kind(&folder) {
            Some(EntryKind::Dir) => Some(Found { home, folder }),
            _ if chart.repository.is_empty() => {
                let message = format!("no repo specified for pull, no chart found at '{folder}'");
                self.fail(place.error(message).hint("Put the chart there, or name its repository under repo."));
                None
            }
            _ => self.pull(place, chart, home),
        }
    }

    fn pull(&mut self, place: Place<'_>, chart: &Chart, home: String) -> Option<Found> {
        let (repository, name, version) = (&*chart.repository.text, &*chart.name.text, &*chart.version.text);
        let mount = remote::mount_name(&format!("{repository}/{name}@{version}"));
        if self.files.tree_of(&mount).is_none() {
            let address = ChartAddress { repository, name, version, devel: chart.devel };
            let pulled = self.options.charts.as_ref().map(|charts| charts.pull(&address))?;
            if let Err(why) = pulled.and_then(|tree| self.files.add(&mount, tree)) {
                let hint = format!("Put the chart into '{home}', as `helm pull --untar --untardir {home}` does.");
                self.fail(place.error(format!("chart '{name}' of {repository}: {why}")).hint(hint));
                return None;
            }
        }
        Some(Found { home, folder: mount })
    }

    /// A path that a kustomization names, in the tree that it stands in.
    fn below(&mut self, place: Place<'_>, named: &str) -> Option<String> {
        self.below_dir(place, place.dir, named)
    }

    fn below_dir(&mut self, place: Place<'_>, dir: &str, named: &str) -> Option<String> {
        let target = path::join(dir, named).filter(|target| trees::stays(&self.files, place.dir, target));
        if target.is_none() {
            self.fail(place.error(format!("'{named}' leads out of the source")));
        }
        target
    }

    /// The files of values that the chart is rendered with.
    fn chart_values(&mut self, place: Place<'_>, chart: &Chart, found: &Found) -> Option<Vec<ChartValues>> {
        let (name, first) = match (&chart.inline, &*chart.merge.text) {
            (Some(inline), "replace") => (place.file.to_string(), goyaml::emit(inline).into_bytes().into()),
            (inline, order) => {
                let (name, own) = self.values_file(place, chart, found)?;
                match inline {
                    None => (name, own),
                    Some(inline) => {
                        let merged = merged(&own, inline, (order == "merge", &self.raw));
                        let merged = merged.map_err(|why| BuildError::new(&*name, 0, why));
                        let merged = merged.map_err(|error| self.fail(error)).ok()?;
                        (name, merged.into_bytes().into())
                    }
                }
            }
        };
        let mut files = vec![ChartValues { name, data: first }];
        for named in &chart.more_values {
            let (name, data) = self.content(Place { line: named.line(), ..place }, &named.text)?;
            files.push(ChartValues { name, data });
        }
        Some(files)
    }

    /// The file that stands in for the chart's own values, or these.
    fn values_file(&mut self, place: Place<'_>, chart: &Chart, found: &Found) -> Option<(String, Arc<[u8]>)> {
        if let Some(named) = &chart.values_file {
            return self.content(Place { line: named.line(), ..place }, &named.text);
        }
        let target = format!("{}/values.yaml", found.folder);
        let bytes = self.bytes(place, &target, &target)?;
        Some((target, bytes))
    }

    fn template(
        &mut self,
        place: Place<'_>,
        chart: &Chart,
        (found, values): (&Found, &[ChartValues]),
    ) -> Option<Inflated> {
        let charts = self.options.charts.as_ref()?;
        let request = ChartRequest {
            files: &self.files,
            folder: &found.folder,
            release: &chart.release.text,
            name_template: &chart.name_template.text,
            namespace: &chart.namespace.text,
            values,
            kube_version: &chart.kube_version,
            api_versions: &chart.api_versions,
            include_crds: chart.include_crds,
            skip_tests: chart.skip_tests,
            skip_hooks: chart.skip_hooks,
        };
        match charts.template(&request) {
            Ok(inflated) => Some(inflated),
            Err(why) => {
                let name = &chart.name.text;
                self.fail(place.error(format!("chart '{name}' in '{}' does not render: {why}", found.home)));
                None
            }
        }
    }

    /// The objects of a rendered chart.
    fn chart_objects(&mut self, place: Place<'_>, chart: &Chart, inflated: &Inflated) -> Option<Vec<Item>> {
        let source = Source { file: place.file.clone(), index: 0, offset: 0 };
        let manifests = match documents::read(&inflated.text, &source, &self.raw) {
            Ok(manifests) => manifests,
            Err(errors) => {
                let name = &chart.name.text;
                self.fail_all(errors.iter().map(|error| of_template(error, (place, name, inflated))).collect());
                return None;
            }
        };
        let note = accumulate::step(&chart.field.text, place.file, place.line);
        let named = chart.name.value();
        let object = |manifest: documents::Manifest| {
            let how = |_: &Value, _: Option<&Value>| Some(Derivation::by(chart.field.text.clone()).asked_by(&named));
            let value = self.raw.tracer.each(manifest.value, None, &how);
            let (file, line) = match inflated.document(manifest.line) {
                Some(document) => (document.file.clone(), document.from),
                None => (place.file.clone(), place.line),
            };
            let mut item = Item::new(value, file, line, &self.raw);
            item.keeps_namespace = self.options.edition == Edition::V5_8_1;
            item.touched(&note);
            item
        };
        Some(manifests.into_iter().map(object).collect())
    }
}

/// Kustomize 5.8 renders charts in the namespace of the kustomization, or of the one that names it.
fn with_namespace(chart: Chart, namespace: String) -> Chart {
    if namespace.is_empty() { chart } else { Chart { namespace: Text { text: namespace, ..Text::default() }, ..chart } }
}

/// An error in what a chart renders to, said where the chart's template is.
fn of_template(error: &BuildError, (place, chart, inflated): (Place<'_>, &str, &Inflated)) -> BuildError {
    let line = error.line;
    let message = format!("chart '{chart}', line {line} of its output: {}", error.message);
    match inflated.document(line) {
        Some(document) => BuildError { message, ..BuildError::new(&*document.file, document.from, "") },
        None => place.error(message),
    }
}

/// The values of a file under those of the kustomization, or over them.
fn merged(file: &[u8], inline: &Value, (file_wins, raw): (bool, &RawTexts)) -> Result<String, String> {
    let text = std::str::from_utf8(file).map_err(|_| "the file is not UTF-8 text".to_owned())?;
    let first = goyaml::parse_first(text, &ParseOptions::default());
    let first = first.map_err(|errors| errors.first().map(ToString::to_string).unwrap_or_default());
    let file = first.and_then(|first| first.ok_or_else(|| "EOF".to_owned()));
    let mut file = file.map_err(|why| format!("could not parse values file into rnode: {why}"))?.value;
    documents::note(&mut file, text, raw);
    let inline = spelled(inline, raw);
    let (under, over) = if file_wins { (&inline, &file) } else { (&file, &inline) };
    let merged = merge::values(under, over).map_err(|why| format!("could not merge values: {why}"))?;
    Ok(goyaml::emit(&merged))
}

/// Values as kustomize writes them before it merges them: no null is left empty.
fn spelled(value: &Value, raw: &RawTexts) -> Value {
    match value.kind() {
        Kind::Map(map) => {
            Value::from(map.iter().map(|(key, value)| (key.to_owned(), spelled(value, raw))).collect::<Map>())
        }
        Kind::List(items) => items.iter().map(|item| spelled(item, raw)).collect(),
        Kind::Null => raw.noted(Value::NULL.clone(), "null"),
        _ => value.clone(),
    }
}
