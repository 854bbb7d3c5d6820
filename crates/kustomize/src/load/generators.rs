//! Generators: their literals, files and env files as key and value pairs.

use std::sync::Arc;

use goyaml::origin::Derivation;
use goyaml::{Pos, Value};

use super::{Loader, Place, PluginId};
use crate::BuildError;
use crate::accumulate::By;
use crate::item::{Behavior, Item};
use crate::read::{Generator, GeneratorOptions, Kustomization, Pair, Text};
use crate::{path, raw};

/// A generator with its data.
#[derive(Debug, Default)]
pub(crate) struct GeneratorInput {
    pub(crate) is_secret: bool,
    /// The field it is an entry of, or the kind of the plugin that it is.
    pub(crate) field: Text,
    pub(crate) name: Text,
    pub(crate) namespace: Text,
    pub(crate) behavior: Behavior,
    /// `type` of a Secret; empty for none.
    pub(crate) kind: Text,
    pub(crate) options: GeneratorOptions,
    /// Sorted by key.
    pub(crate) pairs: Vec<Data>,
    pub(crate) line: u32,
    /// Objects that need no more making.
    pub(crate) ready: Option<Vec<Item>>,
    /// The object that configures it, if it is no entry of a kustomization.
    pub(crate) plugin: Option<PluginId>,
}

/// An entry of the data.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
    /// The entry of the generator.
    named: Value,
    /// What it was read from, if the entry only names it.
    from: Option<Value>,
}

impl Data {
    /// The value that is made of it.
    pub(crate) fn derived(&self, text: &str, by: &By<'_>) -> Value {
        let value = Value::from(text).with_quotes(raw::is_written_in_quotes(text));
        by.derive(value, |derivation| self.from.iter().fold(derivation.asked_by(&self.named), Derivation::with))
    }
}

impl Loader<'_> {
    /// `configMapGenerator`, then `secretGenerator`.
    pub(super) fn generators(
        &mut self,
        dir: &str,
        file: &Arc<str>,
        kustomization: &Kustomization,
    ) -> Vec<GeneratorInput> {
        let config_maps = kustomization.config_maps.iter().map(|generator| (false, generator));
        let secrets = kustomization.secrets.iter().map(|generator| (true, generator));
        let global = kustomization.generator_options.as_ref();
        config_maps
            .chain(secrets)
            .map(|(is_secret, generator)| {
                let place = Place { dir, file, line: generator.line };
                let mut input = self.generator(place, is_secret, generator);
                input.options = with_global(input.options, global);
                input
            })
            .collect()
    }

    pub(super) fn generator(&mut self, place: Place<'_>, is_secret: bool, generator: &Generator) -> GeneratorInput {
        GeneratorInput {
            is_secret,
            field: generator.field.clone(),
            name: generator.name.clone(),
            namespace: generator.namespace.clone(),
            behavior: behavior(&generator.behavior),
            kind: generator.kind.clone(),
            options: generator.options.clone(),
            pairs: self.pairs(place, generator),
            line: generator.line,
            ready: None,
            plugin: None,
        }
    }

    fn pairs(&mut self, place: Place<'_>, generator: &Generator) -> Vec<Data> {
        let mut pairs = Vec::new();
        for env in &generator.envs {
            pairs.extend(self.env_file(place, env));
        }
        for literal in &generator.literals {
            pairs.extend(self.literal(place, literal));
        }
        for file in &generator.files {
            pairs.extend(self.file(place, file));
        }
        pairs.sort_by(|left, right| left.key.cmp(&right.key));
        let twice = pairs.windows(2).find(|pair| pair[0].key == pair[1].key).map(|pair| pair[0].key.clone());
        if let Some(key) = twice {
            let message = format!("generator '{}' illegally repeats the key `{key}`", generator.name.text);
            self.fail(BuildError::new(&**place.file, place.line, message));
        }
        pairs
    }

    fn literal(&mut self, place: Place<'_>, literal: &Text) -> Option<Data> {
        match literal.text.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                let bytes = unquoted(value).as_bytes().to_vec();
                Some(Data { key: key.to_owned(), bytes, named: literal.value(), from: None })
            }
            _ => {
                let message = format!("invalid literal source {}, expected key=value", literal.text);
                self.fail(BuildError::new(&**place.file, literal.line(), message));
                None
            }
        }
    }

    fn file(&mut self, place: Place<'_>, named: &Text) -> Option<Data> {
        let text = named.text.as_str();
        let (key, target) = match text.split_once('=') {
            None => (path::base_name(text), text),
            Some((key, target)) if !key.is_empty() && !target.is_empty() && !target.contains('=') => (key, target),
            Some(_) => {
                let message = format!("file source '{text}' should be a path or key=path");
                self.fail(BuildError::new(&**place.file, named.line(), message));
                return None;
            }
        };
        let (target, bytes) = self.content(Place { line: named.line(), ..place }, target)?;
        let from = self.raw.tracer.is_on().then(|| {
            let source = self.source(&target.into()).index;
            Value::from(&*String::from_utf8_lossy(&bytes)).with_pos(Pos { source, line: 1, column: 1 })
        });
        Some(Data { key: key.to_owned(), bytes: bytes.to_vec(), named: named.value(), from })
    }

    fn env_file(&mut self, place: Place<'_>, named: &Text) -> Vec<Data> {
        let Some((target, bytes)) = self.content(Place { line: named.line(), ..place }, &named.text) else {
            return Vec::new();
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            self.fail(BuildError::new(target, 0, "an env file must be UTF-8 text"));
            return Vec::new();
        };
        let source = self.source(&target.into()).index;
        let data = |(line, key, value): (u32, &str, &str)| {
            let from = Value::from(value).with_pos(Pos { source, line, column: 1 });
            Data { key: key.to_owned(), bytes: value.as_bytes().to_vec(), named: named.value(), from: Some(from) }
        };
        env_pairs(text).map(data).collect()
    }
}

/// The pairs of an env file with their lines: comments and empty lines are passed over, values are taken as they are.
fn env_pairs(text: &str) -> impl Iterator<Item = (u32, &str, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).trim_start());
    let lines = (1..).zip(lines).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.map(|(number, line)| (number, line.split_once('=').unwrap_or((line, ""))));
    pairs.map(|(number, (key, value))| (number, key, value)).filter(|(_, key, _)| !key.is_empty())
}

/// A literal's value without the quotes around it, if it has a pair.
fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

fn behavior(text: &str) -> Behavior {
    match text {
        "replace" => Behavior::Replace,
        "merge" => Behavior::Merge,
        "create" => Behavior::Create,
        _ => Behavior::Unspecified,
    }
}

/// A generator's own options win over `generatorOptions`; a switch that either sets is set.
fn with_global(mut own: GeneratorOptions, global: Option<&GeneratorOptions>) -> GeneratorOptions {
    let Some(global) = global else { return own };
    let fill = |own: &mut Vec<Pair>, global: &[Pair]| {
        let missing: Vec<_> =
            global.iter().filter(|(key, _)| own.iter().all(|(known, _)| known != key)).cloned().collect();
        own.extend(missing);
    };
    fill(&mut own.labels, &global.labels);
    fill(&mut own.annotations, &global.annotations);
    own.disable_name_suffix_hash |= global.disable_name_suffix_hash;
    own.immutable = own.immutable.or_else(|| global.immutable.clone());
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_files() {
        let text = "\u{feff}A=1\r\n# note\n\n  B=x=y\nC\n\"D\"=\"q\"\n";
        let pairs: Vec<_> = env_pairs(text).collect();
        assert_eq!(pairs, [(1, "A", "1"), (4, "B", "x=y"), (5, "C", ""), (6, "\"D\"", "\"q\"")]);
    }

    #[test]
    fn one_pair_of_quotes_goes() {
        assert_eq!(unquoted("\"a b\""), "a b");
        assert_eq!(unquoted("'a'"), "a");
        assert_eq!(unquoted("\"a'"), "\"a'");
        assert_eq!(unquoted("\""), "\"");
    }
}
