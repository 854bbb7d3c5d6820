//! `generators`, `transformers` and `validators`: objects that configure kustomize's built-in ones.

mod add_value;

use std::sync::Arc;

use goyaml::origin::{Derivation, Tracer};
use goyaml::{Pos, Value};

use super::{GeneratorInput, Loader, PatchInput, Place};
use crate::accumulate::{self, Context};
use crate::documents;
use crate::id::Id;
use crate::item::Item;
use crate::read::charts;
use crate::read::decode::Faults;
use crate::read::fields::{self, field_specs};
use crate::read::replacements::{self, Replacement};
use crate::read::{Generator, Image, Labels, Patch, Replicas, Text};
use crate::table::fields::FieldSpec;
use crate::{BuildError, EntryKind, Files, origin, path, scalar, set};

pub(crate) use add_value::AddValue;

/// A configured transformer.
#[derive(Debug)]
pub(crate) struct Plugin {
    pub(crate) id: PluginId,
    pub(crate) action: Action,
    /// Where it is configured.
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
}

/// How origin annotations name the object that configures a plugin.
#[derive(Clone, Debug)]
pub(crate) struct PluginId {
    /// Path from the directory of the kustomization.
    pub(crate) path: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// The nodes that say so.
    pub(crate) named: Vec<Value>,
}

/// What a transformer does.
#[derive(Debug)]
pub(crate) enum Action {
    Patches(Vec<PatchInput>),
    Namespace { namespace: Text, specs: Vec<FieldSpec>, unset_only: bool, subjects: Subjects },
    Names { prefix: Option<Text>, suffix: Option<Text>, specs: Vec<FieldSpec> },
    Labels { pairs: Labels, specs: Vec<FieldSpec> },
    Image { image: Image, specs: Vec<FieldSpec> },
    Replicas { replicas: Replicas, specs: Vec<FieldSpec> },
    Replacements(Vec<(Arc<str>, Replacement)>),
    Hash,
    AddValue(Vec<AddValue>),
}

/// Which subjects of role bindings get the namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Subjects {
    #[default]
    NamedDefault,
    Accounts,
    None,
}

/// An object that configures a plugin.
struct Configured {
    value: Value,
    file: Arc<str>,
    line: u32,
    /// Lines of the file before the object's text.
    offset: u32,
    path: String,
}

impl Configured {
    fn id(&self) -> PluginId {
        let id = Id::of(&self.value);
        let paths: [&[&str]; 3] = [&["kind"], &["metadata", "name"], &["metadata", "namespace"]];
        let named = paths.into_iter().filter_map(|path| self.value.at(path)).cloned().collect();
        PluginId { path: self.path.clone(), kind: id.gvk.kind, name: id.name, namespace: id.namespace, named }
    }

    /// The line in the object's own text, as faults of its fields have theirs.
    fn line_in_text(&self) -> u32 {
        self.line.saturating_sub(self.offset)
    }

    /// The fields of the object, and where faults are noted.
    fn fields<'a>(&'a self, known: &[&'static str]) -> (Faults, Vec<(&'static str, &'a Value)>) {
        let mut faults = Faults::lenient(&self.file, self.offset);
        let fields = faults.fields("", &self.value, known);
        (faults, fields.into_iter().map(|(name, value, _)| (name, value)).collect())
    }
}

type Outcome = Result<Action, Vec<BuildError>>;

impl Loader<'_> {
    /// `transformers` or `validators`.
    pub(super) fn plugins(&mut self, place: Place<'_>, chain: &[&str], named: &[Text]) -> Vec<Plugin> {
        let mut found = Vec::new();
        for configured in self.configured(place, chain, named) {
            match self.transformer(place, &configured) {
                Ok(action) => found.push(Plugin {
                    id: configured.id(),
                    action,
                    file: configured.file.clone(),
                    line: configured.line,
                }),
                Err(errors) => self.fail_all(errors),
            }
        }
        found
    }

    /// `generators`.
    pub(super) fn generator_plugins(
        &mut self,
        place: Place<'_>,
        chain: &[&str],
        named: &[Text],
    ) -> Vec<GeneratorInput> {
        let mut found = Vec::new();
        for configured in self.configured(place, chain, named) {
            let id = Id::of(&configured.value);
            if is_built_in(&id) && id.gvk.kind == "HelmChartInflationGenerator" {
                found.extend(self.chart_plugin(place, &configured));
                continue;
            }
            match self.generator_plugin(place, &configured) {
                Ok(input) => found.push(input),
                Err(errors) => self.fail_all(errors),
            }
        }
        found
    }

    fn chart_plugin(&mut self, place: Place<'_>, configured: &Configured) -> Option<GeneratorInput> {
        let mut faults = Faults::lenient(&configured.file, configured.offset);
        let mut chart = charts::plugin(&mut faults, &configured.value);
        let kind = configured.value.get("kind").map_or_else(Pos::default, Value::pos);
        chart.field = Text { text: "HelmChartInflationGenerator".to_owned(), pos: kind };
        match faults.into_result(()) {
            Ok(()) => {
                let place = Place { file: &configured.file, line: configured.line, ..place };
                self.chart(place, &chart, Some(configured.id()))
            }
            Err(errors) => {
                self.fail_all(errors);
                None
            }
        }
    }

    /// The objects that entries of `generators`, `transformers` or `validators` are or name.
    fn configured(&mut self, place: Place<'_>, chain: &[&str], named: &[Text]) -> Vec<Configured> {
        let (mut inline, mut paths) = (Vec::new(), Vec::new());
        for text in named {
            let offset = if text.text.contains('\n') { text.line() } else { text.line().saturating_sub(1) };
            let source = self.inline(place.file, text, offset);
            match documents::read(text.text.as_bytes(), &source, &self.raw) {
                Ok(manifests) => inline.extend(manifests.into_iter().map(|manifest| Configured {
                    value: manifest.value,
                    file: place.file.clone(),
                    line: manifest.line,
                    offset,
                    path: path::base_name(place.file).to_owned(),
                })),
                Err(errors) if text.text.contains('\n') => self.fail_all(errors),
                Err(_) => paths.push(text),
            }
        }
        for text in paths {
            inline.extend(self.configured_at(Place { line: text.line(), ..place }, chain, text));
        }
        let items: Vec<Item> =
            inline.iter().map(|one| Item::new(one.value.clone(), one.file.clone(), one.line, &self.raw)).collect();
        if let Err(errors) = set::check_ids(&items, place.file) {
            self.fail_all(errors);
        }
        inline
    }

    fn configured_at(&mut self, place: Place<'_>, chain: &[&str], named: &Text) -> Vec<Configured> {
        let Some(target) = self.resolve(place, &named.text) else { return Vec::new() };
        match self.files.kind(&target) {
            Some(EntryKind::File) => {
                let manifests = self.manifests(place, &target).unwrap_or_default();
                let file: Arc<str> = target.into();
                let configured = |manifest: &documents::Manifest| Configured {
                    value: manifest.value.clone(),
                    file: file.clone(),
                    line: manifest.line,
                    offset: 0,
                    path: path::join_relative("", &named.text),
                };
                manifests.iter().map(configured).collect()
            }
            Some(EntryKind::Dir) => self.configured_in(place, chain, (named, &target)),
            None => {
                self.missing(place, &named.text, &target);
                Vec::new()
            }
        }
    }

    /// The objects a directory builds.
    fn configured_in(&mut self, place: Place<'_>, chain: &[&str], (named, dir): (&Text, &str)) -> Vec<Configured> {
        let errors = self.errors.len();
        let Some(layer) = self.child(place, chain, dir) else { return Vec::new() };
        if self.errors.len() > errors {
            return Vec::new();
        }
        let context = Context::new(true, std::mem::take(&mut self.raw));
        let built = accumulate::accumulate_root(&context, &layer, &path::join_relative("", &named.text));
        self.raw = context.raw;
        match built {
            Ok(items) => items.into_iter().map(from_item).collect(),
            Err(errors) => {
                self.fail_all(errors);
                Vec::new()
            }
        }
    }

    fn generator_plugin(
        &mut self,
        place: Place<'_>,
        configured: &Configured,
    ) -> Result<GeneratorInput, Vec<BuildError>> {
        let id = Id::of(&configured.value);
        let mut faults = Faults::lenient(&configured.file, configured.offset);
        let is_secret = id.gvk.kind == "SecretGenerator";
        let name = Text { text: id.name.clone(), pos: Pos::default() };
        let mut generator = Generator { name, ..Generator::default() };
        let mut ready = None;
        match id.gvk.kind.as_str() {
            _ if !is_built_in(&id) => return Err(vec![refused(configured, &id)]),
            "ConfigMapGenerator" | "SecretGenerator" => {
                let at = if is_secret { "secretGenerator" } else { "configMapGenerator" };
                let mut value = configured.value.clone();
                for (key, text) in [("name", &id.name), ("namespace", &id.namespace)] {
                    let is_missing = value.get(key).is_none_or(|own| own.is_null() || own.as_str() == Some(""));
                    if is_missing && !text.is_empty() {
                        let pos = value.at(&["metadata", key]).map_or_else(Pos::default, Value::pos);
                        value.set_at(&[key], Value::from(text.as_str()).with_pos(pos));
                    }
                }
                generator = fields::generator(&mut faults, at, &value);
                let kind = configured.value.get("kind").map_or_else(Pos::default, Value::pos);
                generator.field = Text { text: id.gvk.kind.clone(), pos: kind };
            }
            "IAMPolicyGenerator" => {
                let value = iam_policy(&mut faults, &configured.value, &self.raw.tracer);
                ready = Some(vec![Item::new(value, place.file.clone(), configured.line, &self.raw)]);
            }
            _ => return Err(vec![unknown(configured, &id, "generator")]),
        }
        faults.into_result(())?;
        generator.line = configured.line;
        let place = Place { file: &configured.file, line: configured.line, ..place };
        let mut input = self.generator(place, is_secret, &generator);
        input.ready = ready;
        input.plugin = Some(configured.id());
        Ok(input)
    }

    fn transformer(&mut self, place: Place<'_>, configured: &Configured) -> Outcome {
        let id = Id::of(&configured.value);
        if !is_built_in(&id) {
            return Err(vec![refused(configured, &id)]);
        }
        match id.gvk.kind.as_str() {
            "PatchTransformer" => self.patch_transformer(place, configured),
            "PatchStrategicMergeTransformer" => self.strategic_transformer(place, configured),
            "PatchJson6902Transformer" => self.json_transformer(place, configured),
            "ReplacementTransformer" => {
                let (mut faults, found) = configured.fields(&["replacements"]);
                let list = |(_, value)| fields::items(&mut faults, "replacements", value, replacements::field);
                let read: Vec<_> = found.into_iter().flat_map(list).collect();
                faults.into_result(())?;
                Ok(Action::Replacements(self.replacements(Place { file: &configured.file, ..place }, &read)))
            }
            "NamespaceTransformer" => namespace(configured),
            "PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer" => names(configured, &id.gvk.kind),
            "LabelTransformer" => pairs(configured, "labels"),
            "AnnotationsTransformer" => pairs(configured, "annotations"),
            "ImageTagTransformer" => {
                let (mut faults, found) = configured.fields(&["imageTag", "fieldSpecs"]);
                let (mut image, mut specs) = (Image::default(), Vec::new());
                for (name, value) in found {
                    match name {
                        "imageTag" => image = fields::image(&mut faults, name, value),
                        _ => specs = field_specs(&mut faults, name, value),
                    }
                }
                faults.into_result(Action::Image { image, specs })
            }
            "ReplicaCountTransformer" => {
                let (mut faults, found) = configured.fields(&["replica", "fieldSpecs"]);
                let (mut replicas, mut specs) = (Replicas::default(), Vec::new());
                for (name, value) in found {
                    match name {
                        "replica" => replicas = fields::replicas(&mut faults, name, value),
                        _ => specs = field_specs(&mut faults, name, value),
                    }
                }
                faults.into_result(Action::Replicas { replicas, specs })
            }
            "HashTransformer" => Ok(Action::Hash),
            "ValueAddTransformer" => self.add_value(place, configured),
            _ => Err(vec![unknown(configured, &id, "transformer")]),
        }
    }

    fn patch_transformer(&mut self, place: Place<'_>, configured: &Configured) -> Outcome {
        let mut faults = Faults::lenient(&configured.file, configured.offset);
        let mut patch = fields::patch(&mut faults, "PatchTransformer", &configured.value);
        faults.into_result(())?;
        patch.offset += configured.offset;
        let place = Place { file: &configured.file, line: configured.line, ..place };
        Ok(Action::Patches(self.patch(place, &patch).into_iter().collect()))
    }

    fn strategic_transformer(&mut self, place: Place<'_>, configured: &Configured) -> Outcome {
        let (mut faults, found) = configured.fields(&["paths", "patches"]);
        let mut texts = Vec::new();
        for (name, value) in found {
            if name == "paths" {
                texts.extend(faults.texts(name, value));
            } else {
                texts.extend(faults.text(name, value));
            }
        }
        if texts.is_empty() {
            faults.add(configured.line_in_text(), "empty file path and empty patch content");
        }
        faults.into_result(())?;
        let place = Place { file: &configured.file, line: configured.line, ..place };
        let texts: Vec<_> = texts.iter().map(|text| (place.line, text)).collect();
        Ok(Action::Patches(self.strategic_merges(place, &texts)))
    }

    fn json_transformer(&mut self, place: Place<'_>, configured: &Configured) -> Outcome {
        let (mut faults, found) = configured.fields(&["target", "path", "jsonOp"]);
        let mut patch = Patch { line: configured.line, pos: configured.value.pos(), ..Patch::default() };
        for (name, value) in found {
            match name {
                "target" => {
                    let (selector, has_name) = fields::selector(&mut faults, value);
                    patch.target = Some(selector);
                    patch.target_has_name = has_name;
                }
                "path" => patch.path = faults.text(name, value).filter(|text| !text.text.is_empty()),
                _ => {
                    patch.inline = faults.text(name, value).filter(|text| !text.text.is_empty());
                    let is_one_line = !patch.inline.as_ref().is_some_and(|text| text.text.contains('\n'));
                    patch.offset = value.pos().line + configured.offset - u32::from(is_one_line);
                }
            }
        }
        if patch.path.is_some() == patch.inline.is_some() {
            faults.add(configured.line_in_text(), "must specify a file path or jsonOp, and not both");
        }
        faults.into_result(())?;
        let place = Place { file: &configured.file, line: configured.line, ..place };
        Ok(Action::Patches(self.late_patch(place, &patch).into_iter().collect()))
    }
}

fn from_item(item: Item) -> Configured {
    let at = item.value.str_at(&["metadata", "annotations", origin::ORIGIN]).unwrap_or_default();
    let path = at.lines().find_map(|line| line.strip_prefix("path: ")).unwrap_or_default().to_owned();
    Configured { value: item.value, file: item.file, line: item.line, offset: 0, path }
}

fn is_built_in(id: &Id) -> bool {
    id.gvk.group.is_empty() && id.gvk.version == "builtin"
}

/// A plugin that kustomize would run as a program, a container or a Go library.
fn refused(configured: &Configured, id: &Id) -> BuildError {
    let annotation = |key: &str| configured.value.at(&["metadata", "annotations", key]).is_some();
    let what = if annotation("config.kubernetes.io/function") || annotation("config.k8s.io/function") {
        "is a function, a program in a container or on disk"
    } else {
        "is an external plugin, a program on disk"
    };
    let message = format!("{} '{}' {what}: only plugins built into kustomize are run", id.gvk.kind, id.name);
    BuildError::new(&*configured.file, configured.line, message)
        .hint("Built-in plugins have 'apiVersion: builtin'. Run the program beforehand and commit what it writes.")
}

fn unknown(configured: &Configured, id: &Id, what: &str) -> BuildError {
    let message = format!("there is no built-in {what} '{}'", id.gvk.kind);
    let line = configured.value.get("kind").map_or(configured.line, |kind| kind.pos().line + configured.offset);
    BuildError::new(&*configured.file, line, message)
}

fn namespace(configured: &Configured) -> Outcome {
    let (mut faults, found) = configured.fields(&["fieldSpecs", "unsetOnly", "setRoleBindingSubjects"]);
    let namespace = configured.value.at(&["metadata", "namespace"]);
    let namespace = namespace.map(|value| Text { text: scalar::text(value), pos: value.pos() }).unwrap_or_default();
    let (mut specs, mut unset_only, mut subjects) = (Vec::new(), false, Subjects::default());
    for (name, value) in found {
        match name {
            "fieldSpecs" => specs = field_specs(&mut faults, name, value),
            "unsetOnly" => unset_only = faults.flag(name, value),
            _ => match faults.string(name, value).as_str() {
                "" | "defaultOnly" => {}
                "allServiceAccounts" => subjects = Subjects::Accounts,
                "none" => subjects = Subjects::None,
                other => faults.add(
                    value.pos().line,
                    format!("setRoleBindingSubjects should be defaultOnly, allServiceAccounts or none, not '{other}'"),
                ),
            },
        }
    }
    faults.into_result(Action::Namespace { namespace, specs, unset_only, subjects })
}

fn names(configured: &Configured, kind: &str) -> Outcome {
    let (mut faults, found) = configured.fields(&["prefix", "suffix", "fieldSpecs"]);
    let (mut prefix, mut suffix, mut specs) = (None, None, None);
    for (name, value) in found {
        match name {
            "prefix" => prefix = faults.text(name, value),
            "suffix" => suffix = faults.text(name, value),
            _ => specs = (!value.is_null()).then(|| field_specs(&mut faults, name, value)),
        }
    }
    if specs.is_none() {
        faults.add(configured.line_in_text(), "fieldSpecs is not expected to be nil");
    }
    let prefix = (kind != "SuffixTransformer").then(|| prefix.unwrap_or_default());
    let suffix = (kind != "PrefixTransformer").then(|| suffix.unwrap_or_default());
    faults.into_result(Action::Names { prefix, suffix, specs: specs.unwrap_or_default() })
}

fn pairs(configured: &Configured, field: &'static str) -> Outcome {
    let (mut faults, found) = configured.fields(&[field, "fieldSpecs"]);
    let (mut pairs, mut specs) = (Labels { line: configured.line, ..Labels::default() }, Vec::new());
    for (name, value) in found {
        if name == field {
            pairs.pairs = faults.pairs(name, value);
        } else {
            specs = field_specs(&mut faults, name, value);
        }
    }
    faults.into_result(Action::Labels { pairs, specs })
}

/// The service account that an `IAMPolicyGenerator` makes.
fn iam_policy(faults: &mut Faults, value: &Value, tracer: &Tracer) -> Value {
    let text = |path: &[&str]| value.str_at(path).unwrap_or_default().to_owned();
    let cloud = text(&["cloud"]);
    if cloud != "gke" {
        faults.add(value.pos().line, format!("cloud provider '{cloud}' is not supported: only gke is"));
    }
    let account = text(&["serviceAccount", "name"]);
    let project = text(&["serviceAccount", "projectId"]);
    let mut made = Value::empty_map();
    let node = |path: &[&str]| value.at(path).cloned().unwrap_or_default();
    let own = |text: &str| {
        let kind = node(&["kind"]);
        tracer.derive(text.into(), || Derivation::by("IAMPolicyGenerator").asked_by(&kind))
    };
    made.set_at(&["apiVersion"], own("v1"));
    made.set_at(&["kind"], own("ServiceAccount"));
    let annotation = format!("{account}@{project}.iam.gserviceaccount.com");
    let annotation = tracer.derive(annotation.into(), || {
        let parts = ["name", "projectId"].map(|part| node(&["serviceAccount", part]));
        parts.iter().fold(Derivation::by("IAMPolicyGenerator"), Derivation::with)
    });
    made.set_at(&["metadata", "annotations", "iam.gke.io/gcp-service-account"], annotation);
    let copied = |field: &str| {
        let path = ["kubernetesService", field];
        tracer.same(Value::from(text(&path)), &node(&path))
    };
    made.set_at(&["metadata", "name"], copied("name"));
    let namespace = copied("namespace");
    if namespace.as_str() != Some("") {
        made.set_at(&["metadata", "namespace"], namespace);
    }
    made
}
