//! Metadata out of the entries of a document, as tolerant about types as sops: flat formats have only texts.

use super::Metadata;
use crate::keys::{KeyGroup, MAX_KEYS, RemoteKind};
use crate::{Branch, Fault, MasterKey, Rule, Selection, SopsError, Value, time};

pub(super) fn read(entries: &Branch) -> Result<Metadata, SopsError> {
    let field = |name: &str| entries.iter().find(|item| item.name() == Some(name));
    let text = |name: &str| field(name).map(|item| text(&item.value)).unwrap_or_default();
    let version = text("version");
    if !is_version(&version) {
        let line = field("version").map_or(0, |item| item.line);
        return Err(SopsError::at(line, Fault::Version(version)));
    }
    let modified = text("lastmodified");
    let last_modified = time::normalized(&modified).ok_or_else(|| {
        let line = field("lastmodified").map_or(0, |item| item.line);
        SopsError::at(
            line,
            Fault::Metadata(format!("lastmodified is {modified:?} instead of a time as 2006-01-02T15:04:05Z")),
        )
    })?;
    let mut metadata = Metadata {
        groups: groups(entries)?,
        threshold: number(field("shamir_threshold").map(|item| &item.value))?,
        selection: Selection { rule: rule(entries)?, mac_only_encrypted: is_true(&text("mac_only_encrypted")) },
        last_modified,
        mac: text("mac"),
        version,
    };
    if metadata.groups.len() < 2 {
        metadata.threshold = metadata.threshold.min(metadata.groups.len());
    }
    Ok(metadata)
}

/// A scalar as text.
fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Time(text) => text.clone(),
        Value::Null | Value::List(_) | Value::Map(_) | Value::Comment(_) => String::new(),
    }
}

fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True")
}

fn number(value: Option<&Value>) -> Result<usize, SopsError> {
    let text = value.map(text).filter(|text| !text.is_empty());
    let wrong = |text: &str| Fault::Metadata(format!("shamir_threshold is {text:?} instead of a number")).into();
    text.map_or(Ok(0), |text| text.parse().map_err(|_| wrong(&text)))
}

/// `3.13.3`, with what may follow in versions.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() == 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.len() < 10 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn rule(entries: &Branch) -> Result<Rule, SopsError> {
    let mut found = None;
    for item in entries {
        let Some(name) = item.name() else {
            continue;
        };
        let text = text(&item.value);
        let Some(rule) = Rule::new(name, text.clone()).filter(|_| !text.is_empty()) else {
            continue;
        };
        if found.is_some() {
            let told = format!("it has more than one of {}", Rule::FIELDS.join(", "));
            return Err(SopsError::at(item.line, Fault::Metadata(told)));
        }
        found = Some(rule);
    }
    Ok(found.unwrap_or_default())
}

fn groups(entries: &Branch) -> Result<Vec<KeyGroup>, SopsError> {
    let own = group(entries)?;
    let groups = if own.is_empty() {
        maps(entries, "key_groups")?.into_iter().map(group).collect::<Result<Vec<_>, _>>()?
    } else {
        vec![own]
    };
    match groups.iter().map(Vec::len).sum() {
        0 => Err(Fault::Metadata("it names no key".to_owned()).into()),
        1..=MAX_KEYS => Ok(groups),
        more => Err(Fault::Metadata(format!("it names {more} keys, more than the {MAX_KEYS} allowed")).into()),
    }
}

fn group(entries: &Branch) -> Result<KeyGroup, SopsError> {
    let mut group = KeyGroup::new();
    for kind in RemoteKind::ALL {
        let keys = maps(entries, kind.field())?;
        group.extend(keys.into_iter().map(|fields| MasterKey::Remote { kind, fields: fields.clone() }));
    }
    for fields in maps(entries, "pgp")? {
        let [fingerprint, created_at, enc] = ["fp", "created_at", "enc"].map(|name| part(fields, name));
        group.push(MasterKey::Pgp { fingerprint, created_at, enc });
    }
    for fields in maps(entries, "age")? {
        let [recipient, enc] = ["recipient", "enc"].map(|name| part(fields, name));
        group.push(MasterKey::Age { recipient, enc });
    }
    Ok(group)
}

fn part(fields: &Branch, name: &str) -> String {
    fields.iter().find(|item| item.name() == Some(name)).map(|item| text(&item.value)).unwrap_or_default()
}

/// The maps in a list of this name.
fn maps<'a>(entries: &'a Branch, name: &str) -> Result<Vec<&'a Branch>, SopsError> {
    let Some(item) = entries.iter().find(|item| item.name() == Some(name)) else {
        return Ok(Vec::new());
    };
    let wrong = |line: u32| SopsError::at(line, Fault::Metadata(format!("{name} is not a list of maps")));
    let list = match &item.value {
        Value::List(list) => list,
        Value::Null => return Ok(Vec::new()),
        _ => return Err(wrong(item.line)),
    };
    let mut maps = Vec::new();
    for entry in list {
        match &entry.value {
            Value::Map(map) => maps.push(map),
            Value::Comment(_) => {}
            _ => return Err(wrong(entry.line)),
        }
    }
    Ok(maps)
}
