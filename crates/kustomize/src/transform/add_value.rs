//! `ValueAddTransformer`: a text put into a field, or into a path in a field.

use goyaml::Value;

use super::namespace;
use crate::BuildError;
use crate::accumulate::By;
use crate::item::Item;
use crate::load::AddValue;
use crate::raw::RawTexts;
use crate::table::fields;
use crate::{scalar, shared};

/// Adds the values to all objects they are for.
pub(super) fn run(
    targets: &[AddValue],
    items: &mut [Item],
    (by, raw): (&By<'_>, &RawTexts),
) -> Result<(), Vec<BuildError>> {
    let mut errors = Vec::new();
    for target in targets {
        for item in items.iter_mut() {
            if target.selector.as_ref().is_some_and(|selector| !selector.selects(item)) {
                continue;
            }
            match add(target, item, (by, raw)) {
                Ok(()) => item.touched(&by.note),
                Err(message) => errors.push(BuildError::new(&*item.file, item.line, format!("{}: {message}", by.note))),
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn add(target: &AddValue, item: &mut Item, (by, raw): (&By<'_>, &RawTexts)) -> Result<(), String> {
    if target.field_path == "metadata/namespace" {
        return namespace::Change::new(&target.value, &[]).set(item, by);
    }
    let parts = fields::split(&target.field_path);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let old = item.value.at(&parts);
    if old.is_some_and(|old| !scalar::is_scalar(old)) {
        return Err(format!("the field '{}' is no text", target.field_path));
    }
    let is_null = |end: usize| item.value.at(&parts[..end]).is_some_and(Value::is_null);
    if (1..parts.len()).any(is_null) {
        // Without a position kustomize puts the value into the null, where it is lost; with one it crashes.
        if target.position <= 0 {
            return Ok(());
        }
        return Err(format!("the field '{}' lies in a null", target.field_path));
    }
    let value = target.value.value();
    let made = |text: &str| {
        let is_quoted = old.is_some_and(Value::is_quoted);
        if is_quoted { Value::from(text).with_quotes(true) } else { raw.bare(text) }
    };
    let text = match usize::try_from(target.position).ok().filter(|position| *position > 0) {
        Some(position) => {
            let text = inserted(&old.map(|old| raw.text(old)).unwrap_or_default(), position, &target.value.text);
            by.derive(made(&text), |derivation| derivation.of(old.unwrap_or(&Value::NULL)).asked_by(&value))
        }
        None => by.derive(made(&target.value.text), |derivation| derivation.over(old).asked_by(&value)),
    };
    let text = old.map_or_else(|| text.clone(), |old| shared::in_place_of(old, text.clone()));
    let before = item.value.clone();
    let is_set = item.value.set_at(&parts, text);
    shared::spread_changes(item, &before, &|value| value);
    if is_set { Ok(()) } else { Err(no_room(&item.value, &parts, (&target.field_path, raw))) }
}

/// What to say where something on the way to a field is no map.
fn no_room(object: &Value, parts: &[&str], (path, raw): (&str, &RawTexts)) -> String {
    let mut ways = (1..parts.len()).filter_map(|end| object.at(&parts[..end]));
    let places = ways.find(|node| node.as_map().is_none()).map(|node| raw.tracer.places(node)).unwrap_or_default();
    let places = places.first().map_or_else(String::new, |place| format!(" ({place} is no map)"));
    format!("there is no room for '{path}'{places}")
}

/// Inserts a part into a path, counted from 1; a leading slash stays first.
fn inserted(path: &str, position: usize, part: &str) -> String {
    let (lead, rest) = path.strip_prefix('/').map_or(("", path), |rest| ("/", rest));
    let mut parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert((position - 1).min(parts.len()), part);
    format!("{lead}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |path, position, expected: &str| assert_eq!(inserted(path, position, "P"), expected);
        check("", 1, "P");
        check("/", 1, "/P");
        check("pie", 1, "P/pie");
        check("/pie", 1, "/P/pie");
        check("raw", 2, "raw/P");
        check("a/b/c", 9, "a/b/c/P");
    }
}
