//! Which fields the transformers change: kustomize's own, and those of `configurations` and `crds`.

mod crds;

use std::sync::{Arc, LazyLock};

use goyaml::Value;

use crate::BuildError;
use crate::id::Gvk;
use crate::read::decode::Faults;
use crate::read::fields::field_specs;
use crate::read::parse;
use crate::table::fields::{self, FieldSpec};
use crate::table::references::{self, Reference};

pub(crate) use crds::from_crds;

/// The fields of one kustomization, with all that its bases brought along.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    /// Added to every entry of `labels`.
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) annotations: Vec<FieldSpec>,
    pub(crate) references: Vec<Reference>,
    pub(crate) variables: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
}

static BUILT_IN: LazyLock<Arc<Config>> = LazyLock::new(|| {
    Arc::new(Config {
        name_prefix: fields::names(),
        name_suffix: fields::names(),
        namespace: fields::namespaces(),
        common_labels: fields::common_labels(),
        labels: Vec::new(),
        template_labels: fields::template_labels(),
        annotations: fields::annotations(),
        references: references::all(),
        variables: fields::variables(),
        images: fields::images(),
        replicas: fields::replicas(),
    })
});

/// What kustomize knows itself.
pub(crate) fn built_in() -> Arc<Config> {
    BUILT_IN.clone()
}

impl Config {
    /// Where objects of a kind may name others: the position of the reference, and of the field in it, each in its order.
    pub(crate) fn places_of(&self, kind: &str) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        for (at, reference) in self.references.iter().enumerate() {
            let fields = reference.fields.iter().enumerate();
            let of_kind = fields.filter(|(_, field)| field.kind.is_empty() || field.kind == kind);
            places.extend(of_kind.map(|(field, _)| (at, field)));
        }
        places
    }

    /// Adds what another one has.
    pub(crate) fn merge(&mut self, more: &Self) -> Result<(), String> {
        let lists = [
            (&mut self.name_prefix, &more.name_prefix),
            (&mut self.name_suffix, &more.name_suffix),
            (&mut self.namespace, &more.namespace),
            (&mut self.common_labels, &more.common_labels),
            (&mut self.labels, &more.labels),
            (&mut self.template_labels, &more.template_labels),
            (&mut self.annotations, &more.annotations),
            (&mut self.variables, &more.variables),
            (&mut self.images, &more.images),
            (&mut self.replicas, &more.replicas),
        ];
        for (into, more) in lists {
            fields::merge(into, more)?;
            // The order decides which of two fields is said to be known when they are merged again.
            into.sort_by_cached_key(|spec| crate::sort::kind_order(&spec.gvk()));
        }
        for reference in &more.references {
            self.add_reference(reference)?;
        }
        self.references.sort_by_cached_key(|reference| crate::sort::kind_order(&reference.target));
        Ok(())
    }

    fn add_reference(&mut self, more: &Reference) -> Result<(), String> {
        if let Some(known) = self.references.iter_mut().find(|known| known.target == more.target) {
            return fields::merge(&mut known.fields, &more.fields);
        }
        self.references.push(more.clone());
        Ok(())
    }
}

/// A set of fields as the first one that comes to a kustomization: merged into nothing, in which the field of a kind
/// hides the same field of all kinds.
pub(crate) fn first(config: &Arc<Config>) -> Result<Arc<Config>, String> {
    if Arc::ptr_eq(config, &BUILT_IN) {
        return Ok(config.clone());
    }
    let mut result = Config::default();
    result.merge(config)?;
    Ok(Arc::new(result))
}

/// Two sets of fields as one; the same one twice is itself.
pub(crate) fn merged(one: &Arc<Config>, more: &Arc<Config>) -> Result<Arc<Config>, String> {
    if Arc::ptr_eq(one, more) {
        return Ok(one.clone());
    }
    let mut result = (**one).clone();
    result.merge(more)?;
    Ok(Arc::new(result))
}

const KNOWN: &[&str] = &[
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "commonAnnotations",
    "nameReference",
    "varReference",
    "images",
    "replicas",
];

/// Reads a file of `configurations`.
pub(crate) fn read(file: &Arc<str>, bytes: &[u8]) -> Result<Config, Vec<BuildError>> {
    let value = parse(file, bytes)?;
    let mut faults = Faults::new(file);
    let mut config = Config::default();
    for (name, value, _) in faults.fields("configurations", &value, KNOWN) {
        let list = match name {
            "namePrefix" => &mut config.name_prefix,
            "nameSuffix" => &mut config.name_suffix,
            "namespace" => &mut config.namespace,
            "commonLabels" => &mut config.common_labels,
            "labels" => &mut config.labels,
            "templateLabels" => &mut config.template_labels,
            "commonAnnotations" => &mut config.annotations,
            "varReference" => &mut config.variables,
            "images" => &mut config.images,
            "replicas" => &mut config.replicas,
            _ => {
                config.references = references_of(&mut faults, value);
                continue;
            }
        };
        *list = field_specs(&mut faults, name, value);
    }
    faults.into_result(config)
}

fn references_of(faults: &mut Faults, value: &Value) -> Vec<Reference> {
    let items = faults.list("nameReference", value).to_vec();
    let mut found = Vec::new();
    for item in &items {
        let mut target = Gvk { group: String::new(), version: String::new(), kind: String::new() };
        let mut fields = Vec::new();
        for (name, value, _) in faults.fields("nameReference", item, &["group", "version", "kind", "fieldSpecs"]) {
            match name {
                "group" => target.group = faults.string(name, value),
                "version" => target.version = faults.string(name, value),
                "kind" => target.kind = faults.string(name, value),
                _ => fields = field_specs(faults, "nameReference.fieldSpecs", value),
            }
        }
        found.push(Reference { target, fields });
    }
    found
}
