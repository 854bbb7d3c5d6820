//! Charts that kustomizations inflate, rendered by Setpoint's own Helm engine.

use std::fmt;
use std::sync::Arc;

use helm::load::{self, LoadOptions, MAX_CHART_BYTES, MAX_FILES};
use helm::output::{self, OutputOptions};
use helm::values::{self, UserValues, ValuesFile};
use helm::{Chart, HelmCompat, KubeVersion, LiveInputs, RenderOptions, Rendered, TemplateCache, dependencies};
use kustomize::{
    ChartAddress, ChartRequest, Charts, EntryKind, FileError, Files, Inflated, InflatedDocument, MemoryFiles,
};

/// What Helm calls a release that has no name.
const UNNAMED: &str = "release-name";

/// The namespace of a release that names none. Helm would look into the user's kubeconfig.
const NAMESPACE: &str = "default";

/// Folders of a chart within one another.
const MAX_FOLDERS: usize = 64;

/// Brings charts of repositories and registries here.
pub trait ChartSource: fmt::Debug + Send + Sync {
    /// The `.tgz` file of a chart. Blocks. The error says why there is none.
    fn archive(&self, address: &ChartAddress<'_>) -> Result<Arc<[u8]>, String>;
}

/// Renders charts for kustomizations, as `helm template` does. It keeps what it has parsed.
pub struct HelmCharts {
    compat: HelmCompat,
    host: Arc<dyn LiveInputs + Send + Sync>,
    templates: TemplateCache,
    /// The version of Kubernetes where a kustomization names none.
    pub kube_version: Option<KubeVersion>,
    /// Group versions where a kustomization names none.
    pub api_versions: Vec<String>,
    /// Where charts come from that the tree does not hold; `None` refuses them.
    pub source: Option<Arc<dyn ChartSource>>,
}

impl HelmCharts {
    /// Renders as this release of Helm; `host` answers what templates ask of the world.
    pub fn new(compat: HelmCompat, host: Arc<dyn LiveInputs + Send + Sync>) -> Self {
        let templates = TemplateCache::new();
        Self { compat, host, templates, kube_version: None, api_versions: Vec::new(), source: None }
    }

    fn options(&self, request: &ChartRequest<'_>) -> Result<RenderOptions, String> {
        let namespace = if request.namespace.is_empty() { NAMESPACE } else { request.namespace };
        let mut options = RenderOptions::install(&self.name(request)?, namespace);
        options.compat = self.compat;
        options.capabilities = helm::Capabilities::of(self.compat);
        options.trace = true;
        if !request.kube_version.is_empty() {
            let text = request.kube_version;
            let version = KubeVersion::parse(text).map_err(|why| format!("invalid kube version '{text}': {why}"))?;
            options.capabilities.kube_version = version;
        } else if let Some(version) = &self.kube_version {
            options.capabilities.kube_version = version.clone();
        }
        let versions = if request.api_versions.is_empty() { &self.api_versions } else { request.api_versions };
        let listed = versions.iter().flat_map(|versions| versions.split(',')).map(str::to_owned);
        options.capabilities.add_api_versions(listed);
        Ok(options)
    }

    fn name(&self, request: &ChartRequest<'_>) -> Result<String, String> {
        match (request.release, request.name_template) {
            ("", "") => Ok(UNNAMED.to_owned()),
            (name, "") => Ok(name.to_owned()),
            ("", template) => helm::name_from_template(template, &*self.host),
            _ => Err("cannot set --name-template and also specify a name".to_owned()),
        }
    }

    fn values(&self, request: &ChartRequest<'_>) -> Result<UserValues, String> {
        let file = |file: &kustomize::ChartValues| ValuesFile { name: file.name.clone(), data: file.data.clone() };
        let files: Vec<ValuesFile> = request.values.iter().map(file).collect();
        let none = |name: &str| Err(format!("{name} is not read"));
        values::collect(&files, &[], &none, self.compat).map_err(|errors| lines(&errors))
    }

    fn load(&self, request: &ChartRequest<'_>) -> Result<Chart, String> {
        chart_of_folder(request.files, request.folder, self.compat)
    }
}

/// The chart in a folder of a tree, with all of its dependencies, ready to be rendered.
pub fn chart_of_folder(files: &dyn Files, folder: &str, compat: HelmCompat) -> Result<Chart, String> {
    let mut gathered = Gathered::default();
    gathered.folder(files, (folder, ""), 0)?;
    let options = LoadOptions { compat, ..LoadOptions::default() };
    installable(load::from_files(gathered.files, &options).map_err(|errors| lines(&errors))?)
}

/// The chart in a `.tgz` file, with all of its dependencies, ready to be rendered.
pub fn chart_of_archive(archive: &[u8], compat: HelmCompat) -> Result<Chart, String> {
    let options = LoadOptions { compat, ..LoadOptions::default() };
    installable(load::from_archive(archive, &options).map_err(|errors| lines(&errors))?)
}

fn installable(chart: Chart) -> Result<Chart, String> {
    let kind = chart.metadata.chart_type.as_str();
    if !matches!(kind, "" | "application") {
        return Err(format!("{kind} charts are not installable"));
    }
    dependencies::check_present(&chart).map_err(|error| error.to_string())?;
    Ok(chart)
}

impl Charts for HelmCharts {
    fn template(&self, request: &ChartRequest<'_>) -> Result<Inflated, String> {
        let options = self.options(request)?;
        let values = self.values(request)?;
        let chart = self.load(request)?;
        let rendered = helm::render(&chart, &values, &options, (&self.templates, &*self.host));
        let rendered = rendered.map_err(|error| [vec![error.to_string()], error.advice()].concat().join("\n  "))?;
        let shown = OutputOptions {
            include_crds: request.include_crds,
            skip_tests: request.skip_tests,
            no_hooks: request.skip_hooks,
            compat: self.compat,
            ..OutputOptions::default()
        };
        let text = output::print(&rendered, &shown).map_err(|error| error.to_string())?;
        let documents = documents(&text, &rendered, request.folder);
        Ok(Inflated { text, documents })
    }

    fn pull(&self, address: &ChartAddress<'_>) -> Result<Arc<dyn Files>, String> {
        let source = self.source.as_ref().ok_or("nothing is fetched in this build")?;
        let options = LoadOptions { compat: self.compat, ..LoadOptions::default() };
        let files = load::unpack(&source.archive(address)?, &options).map_err(|errors| lines(&errors))?;
        let tree = files.into_iter().map(|file| (file.name.to_string(), Arc::clone(file.data.bytes())));
        Ok(Arc::new(MemoryFiles(tree.collect())))
    }
}

impl fmt::Debug for HelmCharts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HelmCharts").field("compat", &self.compat).finish_non_exhaustive()
    }
}

fn lines<E: fmt::Display>(errors: &[E]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
}

/// Finds the documents of a printed chart by the comments above them.
fn documents(text: &[u8], rendered: &Rendered, folder: &str) -> Vec<InflatedDocument> {
    const MARK: &[u8] = b"# Source: ";
    let hooks = rendered.hooks.iter().map(|hook| &hook.manifest);
    let mut manifests: Vec<_> = rendered.manifests.iter().chain(hooks).collect();
    let mut found = Vec::new();
    let mut before: &[u8] = b"";
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if let Some(path) = line.strip_prefix(MARK).filter(|_| before == b"---") {
            let path = String::from_utf8_lossy(path).into_owned();
            let known = manifests.iter().position(|manifest| *manifest.path == path);
            let from = known.map_or(1, |at| manifests.remove(at).line);
            let below = path.split_once('/').map_or(path.as_str(), |(_, below)| below);
            found.push(InflatedDocument { line: number, file: format!("{folder}/{below}").into(), from });
        }
        before = line;
    }
    found
}

/// The files of a chart's folder.
#[derive(Default)]
struct Gathered {
    files: Vec<(String, Arc<[u8]>)>,
    bytes: u64,
}

impl Gathered {
    /// Takes everything below a folder; `prefix` is its path from the chart's top.
    fn folder(&mut self, files: &dyn Files, (folder, prefix): (&str, &str), depth: usize) -> Result<(), String> {
        if depth > MAX_FOLDERS {
            return Err(format!("{folder}: folders are nested more than {MAX_FOLDERS} deep"));
        }
        for name in files.list(folder) {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let below = format!("{prefix}{name}");
            match files.kind(&path) {
                Some(EntryKind::Dir) => self.folder(files, (&path, &format!("{below}/")), depth + 1)?,
                Some(EntryKind::File) => {
                    let data = files.read(&path).map_err(|error: FileError| error.to_string())?;
                    self.bytes += data.len() as u64;
                    if self.files.len() >= MAX_FILES || self.bytes > MAX_CHART_BYTES {
                        return Err(format!("{folder}: the folder is too large for a chart"));
                    }
                    self.files.push((below, data));
                }
                None => {}
            }
        }
        Ok(())
    }
}
