//! What a HelmRelease renders to, without a cluster: its chart with its values, as helm-controller renders them.

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::{Map, Value};
use helm::values::{self, Setting, UserValues, ValuesFile};
use helm::{Chart, HelmCompat, LiveInputs, RenderOptions, TemplateCache};
use kustomize::{BuildOptions, Edition, MemoryFiles};
use object::{Object, Origin};

use crate::Diagnostic;

/// Which Helm Flux 2.9 has.
const COMPAT: HelmCompat = HelmCompat::V4_2;

/// Bytes of a release's name that Helm takes.
const MAX_NAME: usize = 53;

/// The file that post-renderers see.
const MANIFESTS: &str = "manifests.yaml";

/// Labels that helm-controller puts on every object of a release: name and namespace of the HelmRelease.
const ORIGIN_LABELS: [&str; 2] = ["helm.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/namespace"];

/// Values that a HelmRelease takes from a ConfigMap or Secret.
#[derive(Clone, Debug)]
pub struct ReleaseValues {
    /// What messages call them, such as `ConfigMap/apps/settings`.
    pub name: String,
    /// The text.
    pub text: String,
    /// The value that the text becomes; `None` if it is a YAML file of values.
    pub target_path: Option<String>,
    /// Whether the text of a target path is taken as it is.
    pub literal: bool,
}

/// What a HelmRelease asks to be rendered.
pub struct ReleaseRequest<'a> {
    /// The HelmRelease.
    pub release: &'a Object,
    /// Its chart.
    pub chart: &'a Chart,
    /// What its `valuesFrom` leads to, in its order.
    pub values: &'a [ReleaseValues],
    /// Answers what templates ask of the world.
    pub host: &'a dyn LiveInputs,
}

impl ReleaseRequest<'_> {
    fn spec(&self, path: &[&str]) -> Option<&Value> {
        self.release.value.get("spec")?.at(path)
    }

    fn text(&self, path: &[&str]) -> &str {
        self.spec(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// The namespace that the release goes to.
    pub fn namespace(&self) -> &str {
        match self.text(&["targetNamespace"]) {
            "" => self.release.namespace(),
            namespace => namespace,
        }
    }

    /// The release's name. A long one is cut and ends in the start of its SHA-256.
    pub fn name(&self) -> String {
        let name = match (self.text(&["releaseName"]), self.text(&["targetNamespace"])) {
            ("", "") => self.release.name().to_owned(),
            ("", namespace) => format!("{namespace}-{}", self.release.name()),
            (name, _) => name.to_owned(),
        };
        if name.len() <= MAX_NAME {
            return name;
        }
        let head: String = name.chars().take(40).collect();
        let sum = crate::tree::hex(&<sha2::Sha256 as sha2::Digest>::digest(name.as_bytes()));
        format!("{head}-{}", &sum[..12])
    }

    fn fault(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            file: self.release.origin.file.to_string(),
            line: self.release.origin.line,
            message: format!("{}: {}", self.release.key(), message.into()),
            ..Diagnostic::default()
        }
    }
}

/// Renders a HelmRelease: definitions of `crds/` and manifests, in the order of installation, after its post-renderers.
/// Hooks are no part of it.
pub fn helm_release(request: &ReleaseRequest<'_>) -> Result<Vec<Object>, Vec<Diagnostic>> {
    let values = user_values(request)?;
    let mut options = RenderOptions::install(&request.name(), request.namespace());
    options.compat = COMPAT;
    options.capabilities = helm::Capabilities::of(COMPAT);
    options.trace = true;
    let rendered = helm::render(request.chart, &values, &options, (&TemplateCache::new(), request.host));
    let rendered = rendered.map_err(|error| {
        let advice = Some(error.advice().join("\n  ")).filter(|advice| !advice.is_empty());
        vec![Diagnostic { hint: advice, ..request.fault(error.to_string()) }]
    })?;
    let mut objects = Vec::new();
    let crds = request.text(&["install", "crds"]) != "Skip";
    for crd in rendered.crds.iter().filter(|_| crds) {
        objects.extend(parsed(request, &String::from_utf8_lossy(&crd.data), (&crd.path, 1))?);
    }
    for manifest in &rendered.manifests {
        objects.extend(parsed(request, &manifest.content, (&manifest.path, manifest.line))?);
    }
    let mut objects = post_rendered(request, objects)?;
    for object in &mut objects {
        finish(request, object);
    }
    Ok(objects)
}

/// The objects of a text, each said to come from the template that made it.
fn parsed(request: &ReleaseRequest<'_>, text: &str, (path, line): (&str, u32)) -> Result<Vec<Object>, Vec<Diagnostic>> {
    let documents = goyaml::parse_documents(text, &goyaml::ParseOptions::sigs()).map_err(|errors| {
        errors.into_iter().map(|error| request.fault(format!("{path}: {error}"))).collect::<Vec<_>>()
    })?;
    let chart = &request.chart.metadata;
    let file: Arc<str> = format!("chart {}-{}: {path}", chart.name, chart.version).into();
    let values = documents.into_iter().map(|document| document.value).filter(|value| value.as_map().is_some());
    Ok(values.map(|value| Object::new(value, Origin { file: file.clone(), line, chain: Vec::new() })).collect())
}

/// What the user set: `valuesFrom` one after the other, then `values`.
fn user_values(request: &ReleaseRequest<'_>) -> Result<UserValues, Vec<Diagnostic>> {
    let mut merged = ValuesFile { name: "values".to_owned(), data: Arc::from(&b"{}"[..]) };
    let none = |_: &str| Err("no file is read".to_owned());
    let wrong = |name: &str, errors: Vec<values::ValuesError>| {
        errors.into_iter().map(|error| request.fault(format!("{name}: {error}"))).collect::<Vec<_>>()
    };
    for from in request.values {
        let (files, settings) = match &from.target_path {
            None => (vec![ValuesFile { name: from.name.clone(), data: from.text.as_bytes().into() }], Vec::new()),
            Some(path) => (Vec::new(), vec![setting(path, from)]),
        };
        let files: Vec<ValuesFile> = std::iter::once(merged.clone()).chain(files).collect();
        let made = values::collect(&files, &settings, &none, COMPAT).map_err(|errors| wrong(&from.name, errors))?;
        merged.data = goyaml::emit(&made.values).into_bytes().into();
    }
    let inline = request.spec(&["values"]).filter(|values| !values.is_null()).map(goyaml::emit);
    let own = inline.map(|text| ValuesFile { name: "values".to_owned(), data: text.into_bytes().into() });
    let files: Vec<ValuesFile> = std::iter::once(merged).chain(own).collect();
    values::collect(&files, &[], &none, COMPAT).map_err(|errors| wrong("values", errors))
}

/// A value at a path, in the grammar of `--set`; one in quotes is text.
fn setting(path: &str, from: &ReleaseValues) -> Setting {
    let text = from.text.as_str();
    let quoted = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    if from.literal {
        Setting::SetLiteral(format!("{path}={text}"))
    } else if quoted('\'') || quoted('"') {
        Setting::SetString(format!("{path}={}", text.trim_matches(['\'', '"'])))
    } else {
        Setting::Set(format!("{path}={text}"))
    }
}

/// Patches and images of `postRenderers`, one entry after the other.
fn post_rendered(request: &ReleaseRequest<'_>, mut objects: Vec<Object>) -> Result<Vec<Object>, Vec<Diagnostic>> {
    for entry in request.spec(&["postRenderers"]).and_then(Value::as_list).unwrap_or_default() {
        let Some(kustomize) = entry.get("kustomize") else { continue };
        let origins: BTreeMap<_, _> = objects.iter().map(|object| (object.key(), object.origin.clone())).collect();
        let text = goyaml::emit_documents(objects.iter().map(|object| &object.value));
        let files: MemoryFiles = [(MANIFESTS, text)].into_iter().collect();
        let fields = ["patches", "patchesStrategicMerge", "patchesJson6902", "images"];
        let given = fields.iter().filter_map(|field| Some(((*field).to_owned(), kustomize.get(field)?.clone())));
        let resources = [("resources".to_owned(), Value::from_iter([Value::from(MANIFESTS)]))];
        let overlay = Value::from(resources.into_iter().chain(given).collect::<Map>());
        let options = BuildOptions { overlay: Some(overlay), edition: Edition::V5_8_1, ..BuildOptions::default() };
        let built = kustomize::build(&files, "", &options);
        let built = built.map_err(|errors| {
            errors
                .into_iter()
                .map(|error| request.fault(format!("postRenderers: {}", error.message)))
                .collect::<Vec<_>>()
        })?;
        let object = |resource: kustomize::Resource| {
            let made = Object::new(resource.value, request.release.origin.clone());
            let origin = origins.get(&made.key()).cloned().unwrap_or_else(|| request.release.origin.clone());
            Object { origin, ..made }
        };
        objects = built.into_iter().map(object).collect();
    }
    Ok(objects)
}

/// Sets what helm-controller sets: labels of the origin, common metadata, and the namespace where one belongs.
fn finish(request: &ReleaseRequest<'_>, object: &mut Object) {
    let [name, namespace] = ORIGIN_LABELS;
    let release = request.release;
    object.value.set_at(&["metadata", "labels", name], release.name());
    object.value.set_at(&["metadata", "labels", namespace], release.namespace());
    for field in ["labels", "annotations"] {
        let entries = request.spec(&["commonMetadata", field]).and_then(Value::as_map);
        for (key, value) in entries.into_iter().flat_map(Map::iter) {
            object.value.set_at(&["metadata", field, key], value.clone());
        }
    }
    if object.namespace().is_empty() && object::scope::is_namespaced(&object.gvk()) == Some(true) {
        object.value.set_at(&["metadata", "namespace"], request.namespace());
    }
    object::normalize::for_apply(&mut object.value);
}
