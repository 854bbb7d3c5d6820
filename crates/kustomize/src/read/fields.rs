//! The fields of a kustomization file, one after another.

use std::sync::Arc;

use goyaml::Value;

use super::decode::Faults;
use super::{Generator, GeneratorOptions, Image, Kustomization, Labels, Patch, Replicas, Sort};
use crate::BuildError;
use crate::selector::{self, Selector};
use crate::table::fields::FieldSpec;

/// Fields this crate builds.
const SUPPORTED: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replicas",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "sortOptions",
    "buildMetadata",
];

/// Fields of kustomize that are refused by name.
const UNSUPPORTED: &[&str] = &[
    "replacements",
    "vars",
    "helmCharts",
    "helmGlobals",
    "helmChartInflationGenerator",
    "crds",
    "configurations",
    "openapi",
    "generators",
    "transformers",
    "validators",
];

/// Reads the fields of a kustomization.
pub(super) fn read(file: &Arc<str>, value: &Value) -> Result<Kustomization, Vec<BuildError>> {
    let mut faults = Faults::new(file);
    let mut result = Kustomization::default();
    let known: Vec<&'static str> = SUPPORTED.iter().chain(UNSUPPORTED).copied().collect();
    let (mut kind, mut api_version) = (String::new(), None);
    for (name, value, line) in faults.fields("", value, &known) {
        match name {
            "kind" => kind = faults.string(name, value),
            "apiVersion" => api_version = faults.text(name, value),
            unsupported if UNSUPPORTED.contains(&unsupported) => refuse(&mut faults, unsupported, value, line),
            _ => field(&mut faults, &mut result, name, value),
        }
    }
    result.is_component = kind == "Component";
    if !["", "Kustomization", "Component"].contains(&kind.as_str()) {
        faults.add(value.get("kind").map_or(0, |kind| kind.pos().line), "kind should be Kustomization or Component");
    } else if let Some(version) = api_version.filter(|version| !version.text.is_empty()) {
        let (kind, wanted) = if result.is_component {
            ("Component", "kustomize.config.k8s.io/v1alpha1")
        } else {
            ("Kustomization", "kustomize.config.k8s.io/v1beta1")
        };
        if version.text != wanted {
            faults.add_with_hint(
                version.line,
                format!("apiVersion for {kind} should be {wanted}"),
                flux_hint(&version.text),
            );
        }
    }
    if faults.errors.is_empty() { Ok(result) } else { Err(faults.errors) }
}

fn flux_hint(api_version: &str) -> String {
    if api_version.starts_with("kustomize.toolkit.fluxcd.io/") {
        "This is a Flux Kustomization: give its file another name than kustomization.yaml.".to_owned()
    } else {
        "Correct it or leave it out.".to_owned()
    }
}

fn refuse(faults: &mut Faults, name: &str, value: &Value, line: u32) {
    let empty = value.is_null() || value.as_list().is_some_and(<[Value]>::is_empty);
    if !empty {
        let hint = "Build it with kustomize, or write what the field does as patches.";
        faults.add_with_hint(line, format!("the field '{name}' is not supported yet"), hint);
    }
}

fn field(faults: &mut Faults, result: &mut Kustomization, name: &'static str, value: &Value) {
    match name {
        "resources" => result.resources.splice(0..0, faults.texts(name, value)).for_each(drop),
        "bases" => result.resources.extend(faults.texts(name, value)),
        "components" => result.components = faults.texts(name, value),
        "namespace" => result.namespace = faults.text(name, value).filter(|text| !text.text.is_empty()),
        "namePrefix" => result.name_prefix = faults.text(name, value).filter(|text| !text.text.is_empty()),
        "nameSuffix" => result.name_suffix = faults.text(name, value).filter(|text| !text.text.is_empty()),
        "commonLabels" => result.common_labels = faults.pairs(name, value),
        "labels" => result.labels = items(faults, name, value, labels),
        "commonAnnotations" => result.common_annotations = faults.pairs(name, value),
        "patchesStrategicMerge" => result.patches_strategic_merge = faults.texts(name, value),
        "patchesJson6902" => result.patches_json = items(faults, name, value, patch),
        "patches" => result.patches = items(faults, name, value, patch),
        "images" => result.images.splice(0..0, items(faults, name, value, image)).for_each(drop),
        "imageTags" => result.images.extend(items(faults, name, value, image)),
        "replicas" => result.replicas = items(faults, name, value, replicas),
        "configMapGenerator" => result.config_maps = items(faults, name, value, generator),
        "secretGenerator" => result.secrets = items(faults, name, value, generator),
        "generatorOptions" => {
            result.generator_options = (!value.is_null()).then(|| generator_options(faults, name, value));
        }
        "sortOptions" => result.sort = sort(faults, value),
        "buildMetadata" => build_metadata(faults, result, value),
        _ => {}
    }
}

fn items<T>(faults: &mut Faults, name: &str, value: &Value, read: fn(&mut Faults, &str, &Value) -> T) -> Vec<T> {
    faults.list(name, value).iter().map(|item| read(faults, name, item)).collect()
}

fn build_metadata(faults: &mut Faults, result: &mut Kustomization, value: &Value) {
    for option in faults.texts("buildMetadata", value) {
        match option.text.as_str() {
            "originAnnotations" | "managedByLabel" => result.build_metadata.push(option),
            "transformerAnnotations" => {
                let hint = "Take it out: every object's origin is shown by 'explain' anyway.";
                faults.add_with_hint(option.line, "buildMetadata: transformerAnnotations is not supported yet", hint);
            }
            other => {
                let hint = "Known are originAnnotations, managedByLabel and transformerAnnotations.";
                faults.add_with_hint(option.line, format!("buildMetadata: unknown option '{other}'"), hint);
            }
        }
    }
}

fn labels(faults: &mut Faults, at: &str, value: &Value) -> Labels {
    let mut result = Labels { line: value.pos().line, ..Labels::default() };
    for (name, value, _) in faults.fields(at, value, &["pairs", "includeSelectors", "includeTemplates", "fields"]) {
        match name {
            "pairs" => result.pairs = faults.pairs("labels.pairs", value),
            "includeSelectors" => result.include_selectors = faults.flag("labels.includeSelectors", value),
            "includeTemplates" => result.include_templates = faults.flag("labels.includeTemplates", value),
            _ => result.fields = items(faults, "labels.fields", value, field_spec),
        }
    }
    result
}

fn field_spec(faults: &mut Faults, at: &str, value: &Value) -> FieldSpec {
    let mut spec = FieldSpec { group: "".into(), version: "".into(), kind: "".into(), path: "".into(), create: false };
    for (name, value, _) in faults.fields(at, value, &["group", "version", "kind", "path", "create"]) {
        let at = format!("{at}.{name}");
        match name {
            "group" => spec.group = faults.string(&at, value).into(),
            "version" => spec.version = faults.string(&at, value).into(),
            "kind" => spec.kind = faults.string(&at, value).into(),
            "path" => spec.path = faults.string(&at, value).into(),
            _ => spec.create = faults.flag(&at, value),
        }
    }
    if spec.path.is_empty() {
        faults.add(value.pos().line, format!("an entry of '{at}' lacks 'path'"));
    }
    spec
}

fn patch(faults: &mut Faults, at: &str, value: &Value) -> Patch {
    let mut result = Patch { line: value.pos().line, ..Patch::default() };
    for (name, value, line) in faults.fields(at, value, &["path", "patch", "target", "options"]) {
        match name {
            "path" => result.path = faults.text("path", value).filter(|text| !text.text.is_empty()),
            "patch" => {
                let text = faults.text("patch", value).filter(|text| !text.text.trim().is_empty());
                // The text of a block scalar starts on the line after its marker.
                result.offset = text
                    .as_ref()
                    .map_or(0, |text| if text.text.contains('\n') { text.line } else { text.line.saturating_sub(1) });
                result.inline = text;
            }
            "target" => target(faults, &mut result, value),
            _ => options(faults, &mut result, value, line),
        }
    }
    match (&result.path, &result.inline) {
        (None, None) => faults.add(result.line, format!("must specify one of patch and path in an entry of '{at}'")),
        (Some(_), Some(_)) => {
            faults.add(result.line, format!("patch and path can't be set at the same time in an entry of '{at}'"));
        }
        _ => {}
    }
    result
}

fn options(faults: &mut Faults, result: &mut Patch, value: &Value, line: u32) {
    for (name, value) in faults.map("options", value).into_iter().flat_map(goyaml::Map::iter) {
        let flag = faults.flag(&format!("options.{name}"), value);
        match name {
            "allowNameChange" => result.allow_name_change = flag,
            "allowKindChange" => result.allow_kind_change = flag,
            other => {
                let message = format!("unknown patch option '{other}'");
                faults.add_with_hint(line, message, "Known are allowNameChange and allowKindChange.");
            }
        }
    }
}

fn target(faults: &mut Faults, patch: &mut Patch, value: &Value) {
    if value.is_null() {
        return;
    }
    let known = ["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];
    let mut selector = Selector::default();
    for (name, value, line) in faults.fields("target", value, &known) {
        let text = faults.string(&format!("target.{name}"), value);
        if name.ends_with("Selector") {
            match selector::requirements(&text) {
                Ok(requirements) if name == "labelSelector" => selector.labels = requirements,
                Ok(requirements) => selector.annotations = requirements,
                Err(message) => faults.add(line, message),
            }
            continue;
        }
        patch.target_has_name |= name == "name" && !text.is_empty();
        let regex = selector::anchored(&text).unwrap_or_else(|message| {
            faults.add(line, format!("target.{name}: {message}"));
            None
        });
        match name {
            "group" => selector.group = regex,
            "version" => selector.version = regex,
            "kind" => selector.kind = regex,
            "name" => selector.name = regex,
            _ => selector.namespace = regex,
        }
    }
    patch.target = Some(selector);
}

fn image(faults: &mut Faults, at: &str, value: &Value) -> Image {
    let mut result = Image { line: value.pos().line, ..Image::default() };
    for (name, value, _) in faults.fields(at, value, &["name", "newName", "newTag", "tagSuffix", "digest"]) {
        let text = faults.string(&format!("images.{name}"), value);
        match name {
            "name" => result.name = text,
            "newName" => result.new_name = text,
            "newTag" => result.new_tag = text,
            "tagSuffix" => result.tag_suffix = text,
            _ => result.digest = text,
        }
    }
    result
}

fn replicas(faults: &mut Faults, at: &str, value: &Value) -> Replicas {
    let mut result = Replicas { line: value.pos().line, ..Replicas::default() };
    for (name, value, _) in faults.fields(at, value, &["name", "count"]) {
        match name {
            "name" => result.name = faults.string("replicas.name", value),
            _ => result.count = faults.number("replicas.count", value),
        }
    }
    result
}

fn generator(faults: &mut Faults, at: &str, value: &Value) -> Generator {
    let is_secret = at == "secretGenerator";
    let mut known = vec!["name", "namespace", "behavior", "literals", "files", "envs", "env", "options"];
    if is_secret {
        known.push("type");
    }
    let mut result = Generator { line: value.pos().line, ..Generator::default() };
    let mut env = None;
    for (name, value, _) in faults.fields(at, value, &known) {
        match name {
            "name" => result.name = faults.string("name", value),
            "namespace" => result.namespace = faults.string("namespace", value),
            // What is neither replace nor merge creates, whatever it says.
            "behavior" => result.behavior = faults.string("behavior", value),
            "type" => result.kind = faults.string("type", value),
            "literals" => result.literals = faults.texts("literals", value),
            "files" => result.files = faults.texts("files", value),
            "envs" => result.envs = faults.texts("envs", value),
            "env" => env = faults.text("env", value).filter(|text| !text.text.is_empty()),
            _ => result.options = generator_options(faults, "options", value),
        }
    }
    result.envs.extend(env);
    if result.name.is_empty() {
        faults.add(result.line, format!("an entry of '{at}' lacks 'name'"));
    }
    result
}

fn generator_options(faults: &mut Faults, at: &str, value: &Value) -> GeneratorOptions {
    let mut result = GeneratorOptions::default();
    for (name, value, _) in faults.fields(at, value, &["labels", "annotations", "disableNameSuffixHash", "immutable"]) {
        let at = format!("{at}.{name}");
        match name {
            "labels" => result.labels = faults.pairs(&at, value),
            "annotations" => result.annotations = faults.pairs(&at, value),
            "disableNameSuffixHash" => result.disable_name_suffix_hash = faults.flag(&at, value),
            _ => result.immutable = faults.flag(&at, value),
        }
    }
    result
}

fn sort(faults: &mut Faults, value: &Value) -> Option<Sort> {
    let (mut order, mut lists, mut at) = (String::new(), None, value.pos().line);
    for (name, value, line) in faults.fields("sortOptions", value, &["order", "legacySortOptions"]) {
        if name == "order" {
            order = faults.string("sortOptions.order", value);
            at = line;
        } else if !value.is_null() {
            lists = Some(legacy_lists(faults, value));
        }
    }
    match order.as_str() {
        "legacy" => Some(Sort::Legacy(lists)),
        "fifo" if lists.is_none() => Some(Sort::Fifo),
        "fifo" => {
            faults.add(at, "sortOptions.legacySortOptions is set, but the order is fifo");
            None
        }
        _ if value.is_null() => None,
        other => {
            faults.add(at, format!("sortOptions.order should be fifo or legacy, not '{other}'"));
            None
        }
    }
}

fn legacy_lists(faults: &mut Faults, value: &Value) -> (Vec<String>, Vec<String>) {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for (name, value, _) in faults.fields("legacySortOptions", value, &["orderFirst", "orderLast"]) {
        let kinds = faults.texts(name, value).into_iter().map(|text| text.text).collect();
        if name == "orderFirst" {
            first = kinds;
        } else {
            last = kinds;
        }
    }
    (first, last)
}
