//! What happens to objects after the build, noted for the origins of their fields.

use goyaml::origin::{Derivation, Source, Tracer};
use goyaml::{Kind, Map, Value};

use crate::envsubst;
use crate::{KustomizationRequest, substitute};

/// A request's spec with positions that say where it stands, and what notes are taken with.
pub(crate) struct Notes<'a> {
    pub(crate) tracer: &'a Tracer,
    pub(crate) spec: Value,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(request: &KustomizationRequest<'_>, tracer: &'a Tracer) -> Self {
        Self { tracer, spec: tracer.placed(request.spec, Source::given(request.place)) }
    }

    /// Finds the scalars of a substituted object in what it was before.
    ///
    /// The object went through its text: what has the same path is the same field, and where a variable held more than
    /// a scalar, all of it comes from the field it was put in.
    pub(crate) fn substituted(&self, before: &Value, after: Value, names: &substitute::Substitution) -> Value {
        if !self.tracer.is_on() {
            return after;
        }
        match (after.kind(), before.kind()) {
            (Kind::Map(map), Kind::Map(old)) => {
                let child = |(key, value): (&str, &Value)| {
                    let known = old.get(key).or_else(|| renamed(old, key, names)).unwrap_or(&Value::NULL);
                    (key.to_owned(), self.substituted(known, value.clone(), names))
                };
                Value::from(map.iter().map(child).collect::<Map>())
            }
            (Kind::List(items), Kind::List(old)) => {
                let child = |(at, value): (usize, &Value)| {
                    self.substituted(old.get(at).unwrap_or(&Value::NULL), value.clone(), names)
                };
                items.iter().enumerate().map(child).collect()
            }
            _ => self.tracer.each(after, None, &|_, _| Some(self.of_text(before, names))),
        }
    }

    /// How a scalar came out of a field's text.
    fn of_text(&self, before: &Value, names: &substitute::Substitution) -> Derivation {
        let text = before.as_str().filter(|text| text.contains('$')).unwrap_or_default();
        let used: Vec<Value> =
            envsubst::names(text).into_iter().filter_map(|name| self.variable(&name, names)).collect();
        match used.split_first() {
            Some((first, others)) => {
                let derivation = Derivation::by("postBuild").of(before).asked_by(first);
                others.iter().fold(derivation, Derivation::with)
            }
            None => Derivation::default().of(before),
        }
    }

    /// A variable's value where the spec says it, or else where the spec names the objects that values are read from.
    fn variable(&self, name: &str, names: &substitute::Substitution) -> Option<Value> {
        let value = names.value(name)?;
        let inline = self.spec.at(&["postBuild", "substitute", name]);
        let pos = inline.or_else(|| self.spec.at(&["postBuild", "substituteFrom"]))?.pos();
        Some(Value::from(value).with_pos(pos))
    }

    /// Finds what was made ready for the apply in what it was before: `stringData` is now in `data`.
    pub(crate) fn normalised(&self, before: Option<&Value>, object: &mut Value) {
        let Some(before) = before else { return };
        for (key, text) in before.get("stringData").and_then(Value::as_map).into_iter().flat_map(Map::iter) {
            if let Some(value) = object.at(&["data", key]).filter(|value| value.pos().line == 0).cloned() {
                let old = before.at(&["data", key]);
                let value = self.tracer.derive(value, || Derivation::by("stringData").over(old).with(text));
                object.set_at(&["data", key], value);
            }
        }
    }

    /// Sets a label or annotation of `commonMetadata`.
    pub(crate) fn common(&self, object: &mut Value, [field, key]: [&str; 2], value: &Value) {
        let path = ["metadata", field, key];
        let old = object.at(&path).cloned();
        let new =
            self.tracer.derive(value.clone(), || Derivation::by("commonMetadata").over(old.as_ref()).asked_by(value));
        object.set_at(&path, new);
    }
}

/// The entry whose key became this one.
fn renamed<'v>(old: &'v Map, key: &str, names: &substitute::Substitution) -> Option<&'v Value> {
    let became = |(name, _): &(&str, &Value)| name.contains('$') && names.evaluate(name).as_deref() == Ok(key);
    old.iter().find(became).map(|(_, value)| value)
}
