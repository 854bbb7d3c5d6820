//! `vars`: `$(NAME)` in certain fields becomes the value of another object's field.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use goyaml::origin::{Derivation, Tracer};
use goyaml::{Kind, Map, Pos, Value};

use crate::accumulate::step;
use crate::config::Config;
use crate::dotted;
use crate::field_path::{Missing, visit};
use crate::id::{Gvk, Id};
use crate::item::Item;
use crate::raw::RawTexts;
use crate::read::Var;
use crate::shared::{self, Share};
use crate::{BuildError, scalar, set};

/// The variables of a kustomization and its bases, by name, with the file each is defined in.
pub(crate) type Vars = BTreeMap<String, (Arc<str>, Var)>;

/// Adds a kustomization's own variables, and ties each to the object it reads.
pub(crate) fn define(
    vars: &mut Vars,
    (file, own): (&Arc<str>, &[Var]),
    items: &mut [Item],
) -> Result<(), Vec<BuildError>> {
    let fail = |var: &Var, message: String| vec![BuildError::new(&**file, var.pos.line, message)];
    for var in own {
        let gvk = Gvk { group: var.group.clone(), version: var.version.clone(), kind: var.kind.clone() };
        let id = Id { gvk, namespace: var.namespace.clone(), name: var.object.clone() };
        // Objects of the cluster are in no namespace, and a variable that names one never means them.
        let is_inside = |known: &Id| id.namespace.is_empty() || known.effective_namespace() == id.namespace;
        let is_meant = |known: &Id| known.name == id.name && known.gvk == id.gvk && is_inside(known);
        let mut found: Vec<&mut Item> = items.iter_mut().filter(|item| item.any_id(is_meant)).collect();
        match found.as_mut_slice() {
            [] => {}
            [item] => item.variables.push(var.name.clone()),
            several => {
                let message = format!("found {} objects for var '{}': {id}", several.len(), var.name);
                return Err(fail(var, message));
            }
        }
    }
    for var in own {
        add(vars, var.name.clone(), (file.clone(), var.clone()))?;
    }
    Ok(())
}

/// Adds the variables of a base.
pub(crate) fn merge(vars: &mut Vars, more: Vars) -> Result<(), Vec<BuildError>> {
    more.into_iter().try_for_each(|(name, entry)| add(vars, name, entry))
}

fn add(vars: &mut Vars, name: String, (file, var): (Arc<str>, Var)) -> Result<(), Vec<BuildError>> {
    if let Some((first, known)) = vars.get(&name) {
        let message = format!("var '{name}' already encountered (first in {first}:{})", known.pos.line);
        return Err(vec![BuildError::new(&*file, var.pos.line, message)]);
    }
    vars.insert(name, (file, var));
    Ok(())
}

/// Puts the values in.
pub(crate) fn resolve(vars: &Vars, config: &Config, raw: &RawTexts, items: &mut [Item]) -> Result<(), Vec<BuildError>> {
    if vars.is_empty() {
        return Ok(());
    }
    let (mut values, mut errors) = (HashMap::new(), Vec::new());
    for (name, (file, var)) in vars {
        match value_of(var, raw, items) {
            Ok(value) => {
                // An empty field is an empty text here, a null that was written is the word that it was.
                let text = || raw.tracer.same(Value::from(raw.text(&value)), &value);
                let value = if value.is_null() { text() } else { value };
                values.insert(name.as_str(), Known { value, by: step("var", file, var.pos.line), at: var.pos });
            }
            Err(message) => errors.push(BuildError::new(&**file, var.pos.line, message)),
        }
    }
    for item in items.iter_mut() {
        let gvk = item.gvk();
        let (mut used, mut changed) = (Vec::new(), Vec::new());
        for spec in &config.variables {
            changed.clear();
            let mut set = |node: &mut Value| replace(node, (&values, raw), &mut used, &mut changed);
            if let Err(message) = visit(&mut item.value, &gvk, spec, Missing::Skip, &mut set) {
                errors.push(BuildError::new(&*item.file, item.line, format!("vars: {message}")));
            }
            shared::spread(item, &changed);
        }
        for known in used {
            item.touched(&known.by);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn value_of(var: &Var, raw: &RawTexts, items: &[Item]) -> Result<Value, String> {
    let item = items.iter().find(|item| item.variables.contains(&var.name));
    let item = item.ok_or_else(|| {
        let instead = set::instead(items, [&var.kind, &var.object], &raw.tracer);
        format!("var '{}' cannot be mapped to a field: there is no {} '{}'{instead}", var.name, var.kind, var.object)
    })?;
    let path = dotted::split_with_indices(&var.field_path);
    let missing = || format!("field '{}' of var '{}' not found in {}", var.field_path, var.name, item.id());
    let value = dotted::lookup(&item.value, &path, raw)?.ok_or_else(missing)?;
    if raw.is_no_number(value) {
        let text = raw.text(value);
        return Err(format!(
            "field '{}' of var '{}' was a number or a switch; '{text}' is none",
            var.field_path, var.name
        ));
    }
    if raw.is_untyped(value) {
        // What has no type is text here, whatever it means where it stands.
        return Ok(raw.tracer.same(Value::from(raw.text(value)), value));
    }
    let meant = raw.unquoted(value).unwrap_or_else(|| value.clone());
    as_written(&meant, &raw.text(value), raw).map(|new| raw.tracer.same(new, value))
}

/// A value as kustomize takes it over: a date as it was written, a number by its decimal digits, a switch as Go has it.
fn as_written(value: &Value, written: &str, raw: &RawTexts) -> Result<Value, String> {
    match value.kind() {
        Kind::String(text) if **text != *written => Ok(Value::from(written)),
        Kind::Int(_) | Kind::Uint(_) => {
            let number: i64 = written.parse().map_err(|_| format!("'{written}' is not a decimal number"))?;
            Ok(Value::from(number))
        }
        Kind::Bool(flag) => Ok(Value::from(*flag)),
        Kind::Float(_) => {
            let number: f64 = written.parse().map_err(|_| format!("'{written}' is not a decimal number"))?;
            let (value, text) = (Value::from(number), number.to_string());
            // Where it is the whole text, it is written without an exponent.
            Ok(if scalar::text(&value) == text { value } else { raw.noted(value, &text) })
        }
        _ => Ok(value.clone()),
    }
}

/// A variable's value.
#[derive(Debug)]
struct Known {
    value: Value,
    by: Arc<str>,
    /// Where the variable is defined.
    at: Pos,
}

type Values<'a> = HashMap<&'a str, Known>;

fn replace<'a>(
    node: &mut Value,
    (values, raw): (&'a Values<'_>, &RawTexts),
    used: &mut Vec<&'a Known>,
    changed: &mut Vec<(Share, Value)>,
) -> Result<(), String> {
    let mut expand = |node: &mut Value| {
        if raw.is_bare(node) {
            *node = raw.tracer.same(Value::from(raw.text(node)), node);
        }
        if let Some(text) = node.as_str().filter(|text| text.contains('$')) {
            let before = used.len();
            let value = shared::in_place_of(node, expanded(text, values, used).with_pos(node.pos()));
            *node = if value == *node { value } else { derived(value, node, &used[before..], &raw.tracer) };
            changed.extend(shared::of(node).map(|share| (share, node.clone())));
        }
    };
    match node.kind() {
        Kind::Map(_) => node.as_map_mut().into_iter().flat_map(Map::iter_mut).for_each(|(_, value)| expand(value)),
        Kind::List(items) => {
            if let Some(other) = items.iter().find(|item| !is_text(item, raw)) {
                return Err(format!("a list of texts was expected, but it has a {}", other.kind_name()));
            }
            node.as_list_mut().into_iter().flatten().for_each(expand);
        }
        _ => expand(node),
    }
    Ok(())
}

/// Whether kustomize takes an item of a list for text: no date, nor the key that merges.
fn is_text(item: &Value, raw: &RawTexts) -> bool {
    let is_merge = item.as_str() == Some("<<") && !item.is_quoted() && !raw.is_untyped(item);
    (raw.is_untyped(item) || raw.is_text(item)) && !is_merge
}

fn derived(value: Value, node: &Value, used: &[&Known], tracer: &Tracer) -> Value {
    tracer.derive(value, || {
        let at = used.first().map_or_else(Pos::default, |known| known.at);
        used.iter().fold(Derivation::by("vars").of(node).at(at), |derivation, known| derivation.with(&known.value))
    })
}

/// A text with its variables replaced. A text that is one variable and nothing else becomes its value.
fn expanded<'a>(text: &str, values: &'a Values<'_>, used: &mut Vec<&'a Known>) -> Value {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$').filter(|at| at + 1 < rest.len()) {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            result.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            if let Some(known) = values.get(name).filter(|known| is_primitive(&known.value)) {
                used.push(known);
                if text.len() == name.len() + "$()".len() {
                    return known.value.clone();
                }
                result.push_str(&shown(&known.value));
            } else {
                result.push_str("$(");
                result.push_str(name);
                result.push(')');
            }
            rest = after;
        } else if rest.starts_with('(') {
            result.push_str("$(");
            rest = &rest[1..];
        } else {
            // Not the start of anything: the sign and the character behind it stay.
            let next = rest.chars().next().map_or(0, char::len_utf8);
            result.push('$');
            result.push_str(&rest[..next]);
            rest = &rest[next..];
        }
    }
    result.push_str(rest);
    Value::from(result)
}

/// Whether kustomize can put the value into a text; others it leaves as they are.
fn is_primitive(value: &Value) -> bool {
    scalar::is_scalar(value)
}

/// A value inside of a text, as Go prints it.
fn shown(value: &Value) -> String {
    match value.kind() {
        Kind::Float(number) => go_float(*number),
        _ => scalar::text(value),
    }
}

/// A float as `%v` prints it: shortest, with an exponent from 1e6 on and below 1e-4.
fn go_float(number: f64) -> String {
    let plain = format!("{number}");
    let magnitude = number.abs();
    if number == 0.0 || !number.is_finite() || (1e-4..1e6).contains(&magnitude) {
        return plain;
    }
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return plain };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |rest| ("-", rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let by: Arc<str> = "var".into();
        let values: Values<'_> = [("A", Value::from("x")), ("N", Value::from(5_i64)), ("M", Value::empty_map())]
            .map(|(name, value)| (name, Known { value, by: by.clone(), at: Pos::default() }))
            .into();
        let check = |text: &str, expected: Value| {
            assert_eq!(expanded(text, &values, &mut Vec::new()), expected, "{text}");
        };
        check("$(A)", Value::from("x"));
        check("$(N)", Value::from(5_i64));
        check("a-$(N)-$(A)", Value::from("a-5-x"));
        check("$$(A)", Value::from("$(A)"));
        check("$(B)", Value::from("$(B)"));
        check("$(M)", Value::from("$(M)"));
        check("$(A", Value::from("$(A"));
        check("$x $", Value::from("$x $"));
    }

    #[test]
    fn floats() {
        assert_eq!(go_float(1.5), "1.5");
        assert_eq!(go_float(1e21), "1e+21");
        assert_eq!(go_float(123_456_789.125), "1.23456789125e+08");
        assert_eq!(go_float(999_999.5), "999999.5");
        assert_eq!(go_float(0.00001), "1e-05");
    }
}
