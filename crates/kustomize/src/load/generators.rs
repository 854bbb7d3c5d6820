//! Generators: their literals, files and env files as key and value pairs.

use std::sync::Arc;

use goyaml::Value;

use super::{Loader, Place, PluginId};
use crate::BuildError;
use crate::item::Behavior;
use crate::path;
use crate::read::{Generator, GeneratorOptions, Kustomization, Text};

/// A generator with its data.
#[derive(Debug)]
pub(crate) struct GeneratorInput {
    pub(crate) is_secret: bool,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) behavior: Behavior,
    /// `type` of a Secret; empty for none.
    pub(crate) kind: String,
    pub(crate) options: GeneratorOptions,
    /// Sorted by key.
    pub(crate) pairs: Vec<(String, Vec<u8>)>,
    pub(crate) line: u32,
    /// An object that needs no more making.
    pub(crate) ready: Option<Value>,
    /// The object that configures it, if it is no entry of a kustomization.
    pub(crate) plugin: Option<PluginId>,
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

    fn pairs(&mut self, place: Place<'_>, generator: &Generator) -> Vec<(String, Vec<u8>)> {
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
        pairs.sort_by(|left, right| left.0.cmp(&right.0));
        let twice = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0.clone());
        if let Some(key) = twice {
            let message = format!("generator '{}' illegally repeats the key `{key}`", generator.name);
            self.fail(BuildError::new(&**place.file, place.line, message));
        }
        pairs
    }

    fn literal(&mut self, place: Place<'_>, literal: &Text) -> Option<(String, Vec<u8>)> {
        match literal.text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Some((key.to_owned(), unquoted(value).as_bytes().to_vec())),
            _ => {
                let message = format!("invalid literal source {}, expected key=value", literal.text);
                self.fail(BuildError::new(&**place.file, literal.line, message));
                None
            }
        }
    }

    fn file(&mut self, place: Place<'_>, named: &Text) -> Option<(String, Vec<u8>)> {
        let text = named.text.as_str();
        let (key, target) = match text.split_once('=') {
            None => (path::base_name(text), text),
            Some((key, target)) if !key.is_empty() && !target.is_empty() && !target.contains('=') => (key, target),
            Some(_) => {
                let message = format!("file source '{text}' should be a path or key=path");
                self.fail(BuildError::new(&**place.file, named.line, message));
                return None;
            }
        };
        let (_, bytes) = self.content(Place { line: named.line, ..place }, target)?;
        Some((key.to_owned(), bytes.to_vec()))
    }

    fn env_file(&mut self, place: Place<'_>, named: &Text) -> Vec<(String, Vec<u8>)> {
        let Some((target, bytes)) = self.content(Place { line: named.line, ..place }, &named.text) else {
            return Vec::new();
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            self.fail(BuildError::new(target, 0, "an env file must be UTF-8 text"));
            return Vec::new();
        };
        env_pairs(text).map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec())).collect()
    }
}

/// The pairs of an env file: comments and empty lines are passed over, values are taken as they are.
fn env_pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).trim_start());
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once('=').unwrap_or((line, ""))).filter(|(key, _)| !key.is_empty())
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
        _ => Behavior::Create,
    }
}

/// A generator's own options win over `generatorOptions`; a switch that either sets is set.
fn with_global(mut own: GeneratorOptions, global: Option<&GeneratorOptions>) -> GeneratorOptions {
    let Some(global) = global else { return own };
    let fill = |own: &mut Vec<(String, String)>, global: &[(String, String)]| {
        let missing: Vec<_> =
            global.iter().filter(|(key, _)| own.iter().all(|(known, _)| known != key)).cloned().collect();
        own.extend(missing);
    };
    fill(&mut own.labels, &global.labels);
    fill(&mut own.annotations, &global.annotations);
    own.disable_name_suffix_hash |= global.disable_name_suffix_hash;
    own.immutable |= global.immutable;
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_files() {
        let text = "\u{feff}A=1\r\n# note\n\n  B=x=y\nC\n\"D\"=\"q\"\n";
        let pairs: Vec<_> = env_pairs(text).collect();
        assert_eq!(pairs, [("A", "1"), ("B", "x=y"), ("C", ""), ("\"D\"", "\"q\"")]);
    }

    #[test]
    fn one_pair_of_quotes_goes() {
        assert_eq!(unquoted("\"a b\""), "a b");
        assert_eq!(unquoted("'a'"), "a");
        assert_eq!(unquoted("\"a'"), "\"a'");
        assert_eq!(unquoted("\""), "\"");
    }
}
