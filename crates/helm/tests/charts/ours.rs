//! Our side of the requests that `tools/oracle/charts` answers.

use std::sync::Arc;

use base64::Engine;
use goyaml::{Kind, Map, Value};
use helm::load::{self, LoadOptions};
use helm::values::{self, Setting, ValuesFile};
use helm::{Chart, HelmCompat, dependencies, path_match, schema};

/// What came of a request: what is asked for, or the errors, all that we know.
#[derive(Debug)]
pub(crate) struct Ours {
    pub(crate) answer: Map,
    pub(crate) errors: Vec<String>,
}

impl Ours {
    fn failed(step: &str, errors: impl IntoIterator<Item = String>) -> Self {
        let mut answer = Map::new();
        if !step.is_empty() {
            answer.insert("step", step);
        }
        Self { answer, errors: errors.into_iter().collect() }
    }

    /// What is different from Helm's answer; nothing if it is the same.
    pub(crate) fn difference(&self, theirs: &Value) -> Option<String> {
        let error = theirs.str_at(&["error"]).unwrap_or_default();
        let shown = |errors: &[String]| errors.join("\n         ");
        match (error.is_empty(), self.errors.is_empty()) {
            (true, false) => return Some(format!("helm: no error\n   ours: {}", shown(&self.errors))),
            (false, true) => return Some(format!("helm: {error}\n   ours: no error")),
            (false, false) if !self.errors.iter().any(|ours| words(ours, theirs) == words(error, theirs)) => {
                return Some(format!("helm: {error}\n   ours: {}", shown(&self.errors)));
            }
            _ => {}
        }
        let ours = Value::from(self.answer.clone());
        let same = |key: &str| normal(ours.get(key)) == normal(theirs.get(key));
        let key = ["step", "values", "chart", "matched"].into_iter().find(|key| !same(key))?;
        let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), goyaml::json::to_go_string);
        Some(format!("{key}\n   helm: {}\n   ours: {}", shown(theirs.get(key)), shown(ours.get(key))))
    }
}

/// The words of an error. The order of what a schema finds wrong is that of Go's maps; so its lines are sorted.
fn words(error: &str, theirs: &Value) -> String {
    if theirs.str_at(&["step"]) != Some("schema") {
        return unplaced(error);
    }
    let mut lines: Vec<&str> = error.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// The words of an error without the line, which go-yaml often has wrong or not at all.
fn unplaced(error: &str) -> String {
    let Some((before, rest)) = error.split_once("yaml: line ") else {
        return error.to_owned();
    };
    let rest = rest.split_once(": ").map_or(rest, |(_, rest)| rest);
    format!("{before}yaml: {rest}")
}

/// Numbers as floats, as JSON does not tell them apart; what is missing as null.
fn normal(value: Option<&Value>) -> Value {
    let Some(value) = value else {
        return Value::NULL;
    };
    match value.kind() {
        #[expect(clippy::cast_precision_loss, reason = "both sides lose the same")]
        Kind::Int(number) => (*number as f64).into(),
        #[expect(clippy::cast_precision_loss, reason = "both sides lose the same")]
        Kind::Uint(number) => (*number as f64).into(),
        Kind::List(items) => items.iter().map(|item| normal(Some(item))).collect(),
        Kind::Map(map) => map.iter().map(|(key, item)| (key, normal(Some(item)))).collect(),
        _ => value.clone(),
    }
}

/// Answers a request.
pub(crate) fn answer(request: &Value) -> Ours {
    match request.str_at(&["op"]) {
        Some("values") => collect(request),
        Some("chart") => process(request),
        _ => matched(request),
    }
}

fn texts(request: &Value, key: &str) -> Vec<(String, Arc<[u8]>)> {
    let files = request.get(key).and_then(Value::as_map).cloned().unwrap_or_default();
    files.iter().map(|(name, text)| (name.to_owned(), text.as_str().unwrap_or_default().as_bytes().into())).collect()
}

fn collect(request: &Value) -> Ours {
    let files = texts(request, "files");
    let read = |path: &str| {
        let found = files.iter().find(|(name, _)| name == path).map(|(_, data)| data.to_vec());
        found.ok_or_else(|| format!("open {path}: no such file or directory"))
    };
    let list = |key: &str| request.get(key).and_then(Value::as_list).unwrap_or_default().to_vec();
    let mut given = Vec::new();
    for name in list("value_files") {
        let name = name.as_str().unwrap_or_default().to_owned();
        let data = read(&name).expect("the test has the file");
        given.push(ValuesFile { name, data: data.into() });
    }
    let settings: Vec<Setting> = list("settings").iter().map(setting).collect();
    match values::collect(&given, &settings, &read, HelmCompat::V4_1) {
        Ok(user) => Ours { answer: Map::from_iter([("values", typed(&user.values))]), errors: Vec::new() },
        Err(errors) => Ours::failed("", errors.into_iter().map(|error| error.message)),
    }
}

fn setting(pair: &Value) -> Setting {
    let text = |at: usize| pair.as_list().and_then(|pair| pair.get(at)?.as_str()).unwrap_or_default().to_owned();
    match text(0).as_str() {
        "--set" => Setting::Set(text(1)),
        "--set-string" => Setting::SetString(text(1)),
        "--set-file" => Setting::SetFile(text(1)),
        "--set-json" => Setting::SetJson(text(1)),
        _ => Setting::SetLiteral(text(1)),
    }
}

fn decoded(text: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(text).expect("bytes are base64")
}

fn process(request: &Value) -> Ours {
    let options = LoadOptions::default();
    let mut files = texts(request, "files");
    let binary = request.get("binary").and_then(Value::as_map).cloned().unwrap_or_default();
    files
        .extend(binary.iter().map(|(name, data)| (name.to_owned(), decoded(data.as_str().unwrap_or_default()).into())));
    let loaded = match request.str_at(&["archive"]) {
        Some(archive) => load::from_archive(&decoded(archive), &options),
        None => load::from_files(files, &options),
    };
    let mut chart = match loaded {
        Ok(chart) => chart,
        Err(errors) => return Ours::failed("load", errors.into_iter().map(|error| error.message)),
    };
    order(&mut chart);
    let user = untyped(request.get("values").unwrap_or(&Value::empty_map()));
    if let Err(error) = dependencies::process(&mut chart, &user, HelmCompat::V4_1) {
        return Ours::failed("dependencies", [error.to_string()]);
    }
    let coalesced = match values::coalesce(&chart, &user, HelmCompat::V4_1) {
        Ok((coalesced, _)) => coalesced,
        Err(error) => return Ours::failed("values", [error.to_string()]),
    };
    let mut answer = Map::from_iter([("chart", described(&chart)), ("values", typed(&coalesced))]);
    let faults = schema::validate(&chart, &coalesced);
    if !faults.is_empty() {
        answer.insert("step", "schema");
        return Ours { answer, errors: vec![schema::report(&faults)] };
    }
    Ours { answer, errors: Vec::new() }
}

/// The order that the oracle gives charts.
fn order(chart: &mut Chart) {
    chart.dependencies.sort_by(|left, right| left.name().cmp(right.name()));
    chart.dependencies.iter_mut().for_each(order);
}

fn described(chart: &Chart) -> Value {
    let names = |files: &[helm::ChartFile]| files.iter().map(|file| Value::from(&*file.name)).collect::<Value>();
    Map::from_iter([
        ("metadata", chart.metadata.to_value()),
        ("templates", names(&chart.templates)),
        ("files", names(&chart.files)),
        ("dependencies", chart.dependencies.iter().map(described).collect()),
    ])
    .into()
}

fn matched(request: &Value) -> Ours {
    let text = |key: &str| request.str_at(&[key]).unwrap_or_default();
    match path_match(text("pattern"), text("name")) {
        Ok(true) => Ours { answer: Map::from_iter([("matched", true)]), errors: Vec::new() },
        Ok(false) => Ours { answer: Map::new(), errors: Vec::new() },
        Err(error) => Ours::failed("", [error.to_string()]),
    }
}

/// Integers as the oracle shows them.
fn typed(value: &Value) -> Value {
    match value.kind() {
        Kind::Int(number) => Map::from_iter([("int", *number)]).into(),
        Kind::List(items) => items.iter().map(typed).collect(),
        Kind::Map(map) => map.iter().map(|(key, item)| (key, typed(item))).collect(),
        _ => value.clone(),
    }
}

/// The way back; all other numbers are floats.
fn untyped(value: &Value) -> Value {
    match value.kind() {
        #[expect(clippy::cast_precision_loss, reason = "numbers of files are floats")]
        Kind::Int(number) => (*number as f64).into(),
        Kind::List(items) => items.iter().map(untyped).collect(),
        Kind::Map(map) => match (map.get("int").and_then(Value::as_i64), map.len()) {
            (Some(number), 1) => number.into(),
            _ => map.iter().map(|(key, item)| (key, untyped(item))).collect(),
        },
        _ => value.clone(),
    }
}
