//! An object on its way through a build: the manifest, and what kustomize remembers about it.

use std::sync::Arc;

use goyaml::{Kind, Map, Value};

use crate::Resource;
use crate::id::{Gvk, Id};
use crate::layout::Reread;
use crate::raw::{self, Notes, RawTexts};
use crate::{scalar, shared};

/// How a generator's output meets an object that is already there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    /// It must not be there, as nothing else was asked for.
    #[default]
    Unspecified,
    /// It must not be there.
    Create,
    /// It must be there, and is replaced.
    Replace,
    /// It must be there, and gets the new keys.
    Merge,
}

impl Behavior {
    /// How kustomize notes it on what was generated.
    pub(crate) fn noted(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// An id that an object had before something renamed it. Group and version are always the present ones.
#[derive(Clone, Debug)]
pub(crate) struct Previous {
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Previous {
    /// Kustomize keeps all names in one text, as all namespaces and all kinds, and cannot part them where it has commas.
    pub(crate) fn is_torn(&self) -> bool {
        let [kind, namespace, name] = [&self.kind, &self.namespace, &self.name].map(|text| text.matches(',').count());
        name != namespace || name != kind
    }
}

/// One object of a build.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that happened to it")]
pub(crate) struct Item {
    /// The manifest; null once a patch has deleted the object.
    pub(crate) value: Value,
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
    pub(crate) chain: Vec<Arc<str>>,
    /// Oldest first.
    pub(crate) previous: Vec<Previous>,
    /// Innermost first.
    pub(crate) prefixes: Vec<String>,
    /// Innermost first.
    pub(crate) suffixes: Vec<String>,
    /// It had a suffix before it had a prefix.
    pub(crate) is_suffixed_first: bool,
    /// Names of the variables that read this object.
    pub(crate) variables: Vec<String>,
    /// How many nodes stand at several places of the object.
    pub(crate) shared: u32,
    pub(crate) behavior: Behavior,
    /// What kustomize notes of that; nothing on objects that no generator made.
    pub(crate) noted_behavior: &'static str,
    /// How a JSON patch left an object that gets a suffix.
    pub(crate) reread: Option<Arc<Reread>>,
    /// A generator made it.
    pub(crate) is_generated: bool,
    /// The name gets a suffix from the content.
    pub(crate) needs_hash: bool,
    /// It had no name when something renamed it; after other names kustomize does not find its way back.
    pub(crate) was_nameless: bool,
    /// What moves objects to a namespace passes it over.
    pub(crate) keeps_namespace: bool,
    /// How its name and namespace were written.
    notes: Arc<Notes>,
}

impl Item {
    pub(crate) fn new(value: Value, file: Arc<str>, line: u32, raw: &RawTexts) -> Self {
        Self {
            value,
            file,
            line,
            chain: Vec::new(),
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            is_suffixed_first: false,
            variables: Vec::new(),
            shared: 0,
            behavior: Behavior::Unspecified,
            noted_behavior: "",
            reread: None,
            is_generated: false,
            needs_hash: false,
            was_nameless: false,
            keeps_namespace: false,
            notes: raw.notes().clone(),
        }
    }

    pub(crate) fn gvk(&self) -> Gvk {
        Gvk::of(&self.value)
    }

    pub(crate) fn id(&self) -> Id {
        Id::as_written(&self.value, &self.notes)
    }

    /// All ids the object had before, oldest first.
    pub(crate) fn previous_ids(&self) -> Vec<Id> {
        if self.previous.is_empty() {
            return Vec::new();
        }
        let Gvk { group, version, .. } = self.gvk();
        let id = |previous: &Previous| Id {
            gvk: Gvk { group: group.clone(), version: version.clone(), kind: previous.kind.clone() },
            namespace: previous.namespace.clone(),
            name: previous.name.clone(),
        };
        self.previous.iter().map(id).collect()
    }

    /// The id the object was read with.
    pub(crate) fn original_id(&self) -> Id {
        self.previous_ids().into_iter().next().unwrap_or_else(|| self.id())
    }

    /// Whether a present or former id is accepted.
    pub(crate) fn any_id(&self, accept: impl Fn(&Id) -> bool) -> bool {
        !self.is_deleted() && (self.previous_ids().iter().any(&accept) || accept(&self.id()))
    }

    /// Remembers the present id before it changes.
    pub(crate) fn remember_id(&mut self) {
        let id = self.id();
        // Kustomize does not note an empty name, and so forgets that there was one.
        if id.name.is_empty() {
            self.was_nameless = true;
            return;
        }
        let namespace = id.effective_namespace().to_owned();
        self.previous.push(Previous { kind: id.gvk.kind, namespace, name: id.name });
    }

    /// A label or an annotation as it was written.
    pub(crate) fn text(&self, scalar: &Value) -> String {
        self.notes.text(scalar)
    }

    pub(crate) fn name(&self) -> String {
        self.value.at(&["metadata", "name"]).map(|name| self.notes.id_text(name)).unwrap_or_default()
    }

    /// A field of the metadata as text.
    pub(crate) fn metadata_text(&self, field: &str, raw: &RawTexts) -> Value {
        let Some(value) = self.value.at(&["metadata", field]) else { return Value::from("") };
        raw.tracer.same(Value::from(raw.notes().id_text(value)), value)
    }

    pub(crate) fn set_name(&mut self, name: &Value, raw: &RawTexts) {
        set_untyped(&mut self.value, &["metadata", "name"], name, raw);
    }

    /// Sets the namespace, or takes it away if it is empty.
    pub(crate) fn set_namespace(&mut self, namespace: &Value, raw: &RawTexts) {
        if scalar::text(namespace).is_empty() {
            self.value.remove_at(&["metadata", "namespace"]);
        } else {
            set_untyped(&mut self.value, &["metadata", "namespace"], namespace, raw);
        }
    }

    pub(crate) fn is_deleted(&self) -> bool {
        match self.value.kind() {
            Kind::Null => true,
            Kind::Map(map) => map.is_empty(),
            _ => false,
        }
    }

    /// Notes what touched the object.
    pub(crate) fn touched(&mut self, by: &Arc<str>) {
        if self.chain.last() != Some(by) {
            self.chain.push(by.clone());
        }
    }

    /// `metadata.labels` or `metadata.annotations` as text, in quotes where kustomize writes them.
    pub(crate) fn metadata_texts(&self, field: &str, raw: &RawTexts) -> Vec<(String, Value)> {
        metadata_texts(&self.value, field, raw)
    }

    /// Makes every value of `metadata.labels` or `metadata.annotations` text, and takes an empty map away.
    pub(crate) fn normalise_metadata(&mut self, field: &str, raw: &RawTexts) {
        normalise_metadata(&mut self.value, field, raw);
    }

    /// Gives the object annotations, if kustomize would have noted any of its own on it by now: patches find them there.
    pub(crate) fn show_noted_annotations(&mut self) {
        let path = ["metadata", "annotations"];
        if self.is_noted() && self.value.at(&path).is_none_or(Value::is_null) {
            self.value.set_at(&path, Value::empty_map());
        }
    }

    /// Whether kustomize has noted anything on the object, in annotations.
    fn is_noted(&self) -> bool {
        let is_as_it_came = self.previous.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty();
        self.is_generated || self.needs_hash || !is_as_it_came
    }

    /// Whether all annotations that it has are kustomize's own.
    pub(crate) fn has_noted_alone(&self) -> bool {
        self.is_noted() && self.value.at(&["metadata", "annotations"]).is_none()
    }

    /// Takes the braces off annotations that were put to those that are noted, which have none.
    pub(crate) fn unbrace_annotations(&mut self) {
        let metadata = self.value.as_map_mut().and_then(|map| map.get_mut("metadata"));
        if let Some(annotations) = metadata.and_then(Value::as_map_mut).and_then(|map| map.get_mut("annotations"))
            && annotations.is_flow()
        {
            *annotations = std::mem::take(annotations).with_flow(false);
        }
    }

    /// Forgets what kustomize has noted in annotations, which a patch has taken away with all others.
    pub(crate) fn forget(&mut self) {
        self.previous.clear();
        self.prefixes.clear();
        self.suffixes.clear();
        self.is_suffixed_first = false;
        (self.behavior, self.noted_behavior) = (Behavior::Unspecified, "");
        (self.is_generated, self.needs_hash, self.was_nameless) = (false, false, false);
    }

    /// Sets an annotation as kustomize does with those of its own: all of them are written anew.
    pub(crate) fn annotate(&mut self, key: &str, text: impl Into<Value>, raw: &RawTexts) {
        self.normalise_annotations_if_any(raw);
        let metadata = self.value.as_map_mut().and_then(|map| map.get_mut("metadata"));
        if let Some(map) = metadata.and_then(Value::as_map_mut).and_then(|map| map.get_mut("annotations")) {
            shared::part_below(map);
        }
        self.value.set_at(&["metadata", "annotations", key], text);
    }

    /// Makes annotations text, if there are any.
    pub(crate) fn normalise_annotations_if_any(&mut self, raw: &RawTexts) {
        if self.value.at(&["metadata", "annotations"]).is_some() {
            self.normalise_metadata("annotations", raw);
        }
    }

    pub(crate) fn into_resource(self) -> Resource {
        Resource { value: self.value, file: self.file, line: self.line, chain: self.chain }
    }
}

/// Sets a field as kustomize does with those that it knows: to a text without a type, in quotes if there were any.
pub(crate) fn set_untyped(object: &mut Value, path: &[&str], value: &Value, raw: &RawTexts) {
    let text = scalar::text(value);
    let is_quoted = object.at(path).map_or_else(|| raw::is_other_in_yaml_1_1(&text), Value::is_quoted);
    let new = if is_quoted || text.is_empty() {
        raw::untyped(Value::from(text)).with_quotes(is_quoted)
    } else {
        raw.bare(&text)
    };
    object.set_at(path, new.with_pos(value.pos()));
}

fn metadata_texts(object: &Value, field: &str, raw: &RawTexts) -> Vec<(String, Value)> {
    let Some(map) = object.at(&["metadata", field]).and_then(Value::as_map) else {
        return Vec::new();
    };
    let text = |value: &Value| {
        // A null that was written is the word that it was to kustomize here.
        let text = raw.text(value);
        let is_quoted = raw::is_written_in_quotes(&text);
        raw.tracer.same(Value::from(text), value).with_quotes(is_quoted)
    };
    map.iter().map(|(key, value)| (key.to_owned(), text(value))).collect()
}

/// Makes every value of an object's labels or annotations text, and takes an empty map away.
pub(crate) fn normalise_metadata(object: &mut Value, field: &str, raw: &RawTexts) {
    let path = ["metadata", field];
    let texts: Map = metadata_texts(object, field, raw).into_iter().collect();
    if texts.is_empty() {
        object.remove_at(&path);
    } else {
        object.set_at(&path, texts);
    }
}
