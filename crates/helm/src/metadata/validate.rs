//! Whether `Chart.yaml` says what a chart needs.

use std::collections::BTreeSet;

use gotemplate::is_print;
use gotemplate::semver::Version;
use goyaml::Pos;

use super::{Decoded, Dependency, Maintainer};
use crate::text::quoted;

/// Something wrong with `Chart.yaml`.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) pos: Pos,
    /// Helm's words.
    pub(crate) message: String,
    pub(crate) remedy: &'static str,
}

const ALIAS: &str = "an alias may have letters, digits, `_` and `-`";
const NAME: &str = "a name is one word without `/`, such as `my-chart`";

/// Checks the fields, all of them, and takes unprintable characters out of them, as Helm does.
pub(crate) fn validate(decoded: &mut Decoded) -> Vec<Violation> {
    sanitize(decoded);
    let mut check = Check { decoded, found: Vec::new() };
    check.fields();
    check.lists();
    check.found
}

struct Check<'d> {
    decoded: &'d Decoded,
    found: Vec<Violation>,
}

impl Check<'_> {
    fn add(&mut self, pos: Pos, message: impl std::fmt::Display, remedy: &'static str) {
        self.found.push(Violation { pos, message: format!("validation: {message}"), remedy });
    }

    fn place(&self, field: &str) -> Pos {
        self.decoded.places.get(field).copied().unwrap_or_default()
    }

    fn fields(&mut self) {
        let metadata = &self.decoded.metadata;
        let name = metadata.name.as_str();
        let place = self.place("name");
        if name.is_empty() {
            self.add(place, "chart.metadata.name is required", "add `name: NAME` to Chart.yaml");
        } else if name == "." || name == ".." {
            self.add(place, format_args!("chart.metadata.name {} is not allowed", quoted(name)), NAME);
        } else if name.contains('/') {
            self.add(place, format_args!("chart.metadata.name {} is invalid", quoted(name)), NAME);
        }
        let version = metadata.version.as_str();
        let place = self.place("version");
        if version.is_empty() {
            self.add(place, "chart.metadata.version is required", "add `version: 0.1.0` to Chart.yaml");
        } else if Version::parse(version).is_err() {
            let remedy = "write a semantic version such as `1.2.3`";
            self.add(place, format_args!("chart.metadata.version {} is invalid", quoted(version)), remedy);
        }
        if !matches!(metadata.chart_type.as_str(), "" | "application" | "library") {
            let remedy = "leave `type` out, or write one of the two";
            self.add(self.place("type"), "chart.metadata.type must be application or library", remedy);
        }
    }

    fn lists(&mut self) {
        let decoded = self.decoded;
        for pos in &decoded.null_maintainers {
            self.add(*pos, "maintainers must not contain empty or null nodes", "take the empty item out");
        }
        for pos in &decoded.null_dependencies {
            self.add(*pos, "dependencies must not contain empty or null nodes", "take the empty item out");
        }
        let mut known = BTreeSet::new();
        for dependency in &decoded.metadata.dependencies {
            let Dependency { name, alias, pos, .. } = dependency;
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            if !alias.bytes().all(legal) {
                self.add(
                    *pos,
                    format_args!("dependency {} has disallowed characters in the alias", quoted(name)),
                    ALIAS,
                );
            }
            let key = if alias.is_empty() { name } else { alias };
            if !known.insert(key) {
                let remedy = "give each of them its own `alias`";
                self.add(*pos, format_args!("more than one dependency with name or alias {}", quoted(key)), remedy);
            }
        }
    }
}

fn sanitize(decoded: &mut Decoded) {
    let metadata = &mut decoded.metadata;
    let texts = [
        &mut metadata.name,
        &mut metadata.description,
        &mut metadata.home,
        &mut metadata.icon,
        &mut metadata.condition,
        &mut metadata.tags,
        &mut metadata.app_version,
        &mut metadata.kube_version,
    ];
    texts.into_iter().chain(&mut metadata.sources).chain(&mut metadata.keywords).for_each(clean);
    for Maintainer { name, email, url } in &mut metadata.maintainers {
        [name, email, url].into_iter().for_each(clean);
    }
    metadata.dependencies.iter_mut().for_each(sanitize_dependency);
}

/// Takes unprintable characters out of a dependency.
fn sanitize_dependency(dependency: &mut Dependency) {
    let Dependency { name, version, repository, condition, tags, .. } = dependency;
    [name, version, repository, condition].into_iter().chain(tags).for_each(clean);
}

/// Every kind of space becomes a space, what cannot be printed goes.
fn clean(text: &mut String) {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|character| match character {
            _ if character.is_whitespace() => Some(' '),
            _ if !is_print(character) => None,
            _ => Some(character),
        })
        .collect();
}
