//! `images`: other names, tags and digests.

use std::sync::Arc;

use goyaml::{Kind, Map, Value};
use regex::Regex;

use super::each;
use crate::BuildError;
use crate::accumulate::{By, step};
use crate::field_path::{Missing, set_bare, visit};
use crate::item::Item;
use crate::raw::RawTexts;
use crate::read::{Image, Text};
use crate::scalar;
use crate::table::fields::FieldSpec;

/// Changes the images of one name.
pub(super) fn run(
    items: &mut [Item],
    image: &Image,
    specs: &[FieldSpec],
    (file, raw): (&Arc<str>, &RawTexts),
) -> Result<(), Vec<BuildError>> {
    let by = By::new("images", step("image", file, image.line), raw);
    let change = Change::new(image, &by).map_err(|message| vec![BuildError::new(&**file, image.line, message)])?;
    each(items, &by, |item| {
        let gvk = item.gvk();
        if gvk.kind == "CustomResourceDefinition" {
            return Ok(());
        }
        if has_containers(&item.value) {
            change.containers(&mut item.value)?;
        }
        let mut set = |node: &mut Value| change.apply(node);
        specs.iter().try_for_each(|spec| visit(&mut item.value, &gvk, spec, Missing::Skip, &mut set))
    })
}

/// Whether there is a list of containers anywhere. Looked at first, so that objects without are not copied.
fn has_containers(node: &Value) -> bool {
    match node.kind() {
        Kind::List(items) => items.iter().any(has_containers),
        Kind::Map(map) => map.iter().any(|(key, value)| {
            (matches!(key, "containers" | "initContainers") && value.as_list().is_some()) || has_containers(value)
        }),
        _ => false,
    }
}

/// One entry of `images`, ready to be applied.
struct Change<'a> {
    image: &'a Image,
    matcher: Matcher<'a>,
    by: &'a By<'a>,
}

/// Which images are meant.
enum Matcher<'a> {
    /// Those of this name, in which a dot matches anything.
    Name(&'a str),
    /// Those of a name that says more as a regular expression.
    Regex(Box<Regex>),
}

impl<'a> Matcher<'a> {
    fn new(name: &'a str) -> Result<Self, regex::Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/:@.".contains(&byte);
        if name.bytes().all(is_plain) {
            return Ok(Self::Name(name));
        }
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        Ok(Self::Regex(Box::new(Regex::new(&pattern)?)))
    }

    fn is_match(&self, image: &str) -> bool {
        match self {
            Self::Name(name) => has_name(name, image),
            Self::Regex(regex) => regex.is_match(image),
        }
    }
}

/// Whether an image is of a name, with any tag and digest.
fn has_name(name: &str, image: &str) -> bool {
    let mut rest = image.chars();
    let is_start =
        name.chars().all(|wanted| rest.next().is_some_and(|found| found == wanted || (wanted == '.' && found != '\n')));
    let version = |text: &str| {
        text.find(|other: char| !(other.is_ascii_alphanumeric() || "_.{}-".contains(other))).unwrap_or(text.len())
    };
    let rest = rest.as_str();
    let rest = rest.strip_prefix(':').map_or(rest, |tag| &tag[version(tag)..]);
    let rest = rest.strip_prefix("@sha256:").map_or(rest, |digest| &digest[version(digest)..]);
    is_start && rest.is_empty()
}

impl<'a> Change<'a> {
    fn new(image: &'a Image, by: &'a By<'a>) -> Result<Self, String> {
        // The name is a regular expression to kustomize, so that a dot in it matches anything.
        let matcher = Matcher::new(&image.name)
            .map_err(|error| format!("image name '{}': {}", image.name, crate::selector::reason(&error)))?;
        Ok(Self { image, matcher, by })
    }

    /// Finds lists called `containers` and `initContainers` wherever they are.
    fn containers(&self, node: &mut Value) -> Result<(), String> {
        if let Some(items) = node.as_list().filter(|items| items.iter().any(|item| !scalar::is_scalar(item))) {
            let count = items.len();
            let Some(items) = node.as_list_mut() else { return Ok(()) };
            return items.iter_mut().take(count).try_for_each(|item| self.containers(item));
        }
        if !matches!(node.kind(), Kind::Map(map) if map.values().any(|value| !scalar::is_scalar(value))) {
            return Ok(());
        }
        // Only what leads to containers is looked into, so that the rest is not copied.
        for (key, value) in node.as_map_mut().into_iter().flat_map(Map::iter_mut) {
            if has_containers(value) {
                self.containers(value)?;
            }
            if matches!(key, "containers" | "initContainers") {
                value.as_list_mut().into_iter().flatten().try_for_each(|container| self.container(container))?;
            }
        }
        Ok(())
    }

    fn container(&self, container: &mut Value) -> Result<(), String> {
        if container.is_null() {
            return Ok(());
        }
        let kind = scalar::node_kind(container);
        let map =
            container.as_map_mut().ok_or_else(|| format!("wrong node kind: expected MappingNode but was {kind}"))?;
        map.get_mut("image").map_or(Ok(()), |image| self.apply(image))
    }

    fn apply(&self, node: &mut Value) -> Result<(), String> {
        if !scalar::is_scalar(node) {
            return Err(format!("wrong node kind: expected ScalarNode but was {}", scalar::node_kind(node)));
        }
        let text = self.by.raw.text(node);
        if self.matcher.is_match(&text) {
            let (changed, parts) = self.changed(&text);
            set_bare(node, changed, self.by, |derivation, old| {
                let mut parts = parts.into_iter().filter(|part| !part.is_empty());
                let first = parts.next().map(Text::value).unwrap_or_default();
                parts.fold(derivation.of(old).asked_by(&first), |derivation, part| derivation.with(&part.value()))
            })?;
        }
        Ok(())
    }

    /// The new text, and what of the entry is in it.
    fn changed(&self, text: &str) -> (String, [&Text; 3]) {
        let Image { new_name, new_tag, tag_suffix, digest: new_digest, .. } = self.image;
        let (name, tag, digest) = split(text);
        let name = if new_name.is_empty() { name } else { &new_name.text };
        let suffix = if new_tag.is_empty() && new_digest.is_empty() { tag_suffix } else { new_tag };
        let (tag, digest) = match (new_tag.is_empty(), new_digest.is_empty()) {
            (false, false) => (new_tag.text.clone(), new_digest.text.as_str()),
            (false, true) => (new_tag.text.clone(), ""),
            (true, false) => (String::new(), new_digest.text.as_str()),
            (true, true) if !tag_suffix.is_empty() => (format!("{tag}{}", tag_suffix.text), ""),
            (true, true) => (tag.to_owned(), digest),
        };
        let mut result = name.to_owned();
        if !tag.is_empty() {
            result.push(':');
            result.push_str(&tag);
        }
        if !digest.is_empty() {
            result.push('@');
            result.push_str(digest);
        }
        (result, [new_name, suffix, new_digest])
    }
}

/// Name, tag and digest of an image; what is missing is empty.
fn split(image: &str) -> (&str, &str, &str) {
    let search_from = image.find('/').unwrap_or(0);
    let find = |mark: char| image[search_from..].find(mark).map(|at| at + search_from);
    match (find(':'), find('@')) {
        (None, None) => (image, "", ""),
        (Some(colon), Some(at)) if colon < at => (&image[..colon], &image[colon + 1..at], &image[at + 1..]),
        (_, Some(at)) => (&image[..at], "", &image[at + 1..]),
        (Some(colon), None) => (&image[..colon], &image[colon + 1..], ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_expressions_do() {
        for name in [
            "nginx",
            "ngin.",
            "reg.example.org:5000/team/app",
            "a",
            "docker.io/library/nginx",
            "nginx:1.2",
            "a@sha256:b",
            ".",
        ] {
            let regex = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
            let regex = Regex::new(&regex).expect("the names of the test are expressions");
            for image in [
                "nginx",
                "nginx:1.2",
                "nginx:1.2@sha256:00ff",
                "nginx@sha256:00",
                "nginx@sha512:00",
                "nginx:",
                "nginx:a:b",
                "nginxx",
                "ngin",
                "reg-example.org:5000/team/app:v1",
                "a@sha256:b@sha256:c",
                "\u{e9}",
                "\n",
                "",
                "x\n",
                "docker.io/library/nginx:1",
                "nginx:1.2:3",
                "nginx:{}",
            ] {
                assert_eq!(has_name(name, image), regex.is_match(image), "{name} {image}");
            }
        }
    }

    #[test]
    fn parts_of_images() {
        let check = |image, expected| assert_eq!(split(image), expected, "{image}");
        check("nginx", ("nginx", "", ""));
        check("nginx:1.2", ("nginx", "1.2", ""));
        check("host:5000/nginx:1.2", ("host:5000/nginx", "1.2", ""));
        check("nginx@sha256:ab", ("nginx", "", "sha256:ab"));
        check("nginx:1@sha256:ab", ("nginx", "1", "sha256:ab"));
    }
}
