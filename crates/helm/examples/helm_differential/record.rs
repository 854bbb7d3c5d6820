//! Goldens: what Helm makes of the cases of the tests.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use goyaml::{Map, Value};

use crate::archives;
use crate::peer::Peer;

/// Asks for every case in a folder and writes the answers into its `golden.jsonl`.
///
/// A file holds cases, each behind a line `=== NAME`: lines `KEY: VALUE` (`values` as JSON; `set`, `set-string` and so on),
/// then files, each behind a line `-- NAME --`. A case without a chart is about values, its files are `-f` files if they
/// end with `.yaml`.
pub(crate) fn write(peer: &mut Peer, folder: &str) {
    let folder = Path::new(folder);
    let mut paths: Vec<_> = fs::read_dir(folder.join("cases"))
        .expect("the folder has cases")
        .map(|entry| entry.expect("the folder is readable").path())
        .collect();
    paths.sort();
    let mut out = String::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a case is text");
        let file = path.file_stem().expect("a case has a name").to_string_lossy().into_owned();
        for case in format!("\n{text}").split("\n=== ").skip(1) {
            let (name, body) = case.split_once('\n').expect("a case has a body");
            for (number, request) in requests(&format!("{body}\n")).into_iter().enumerate() {
                let answer = peer.ask(&request);
                let case = Map::from_iter([
                    ("name", Value::from(format!("{file}: {} {number}", name.trim()))),
                    ("request", request),
                    ("answer", answer),
                ]);
                writeln!(out, "{}", goyaml::json::to_string(&case.into())).expect("a String takes all");
            }
        }
    }
    for (name, request) in archives::requests() {
        let answer = peer.ask(&request);
        let case = Map::from_iter([
            ("name", Value::from(format!("archives: {name}"))),
            ("request", request),
            ("answer", answer),
        ]);
        writeln!(out, "{}", goyaml::json::to_string(&case.into())).expect("a String takes all");
    }
    fs::write(folder.join("golden.jsonl"), out).expect("the goldens can be written");
}

/// The requests of a case: one for each paragraph of its head, all with the same files.
fn requests(text: &str) -> Vec<Value> {
    let mut files = Map::new();
    let mut heads: Vec<Vec<(String, String)>> = vec![Vec::new()];
    let mut open: Option<(String, String)> = None;
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.trim_end().strip_prefix("-- ").and_then(|line| line.strip_suffix(" --")) {
            files.extend_with(open.replace((name.to_owned(), String::new())));
        } else if let Some((_, text)) = &mut open {
            text.push_str(line);
        } else if line.trim().is_empty() {
            heads.push(Vec::new());
        } else if let Some((key, value)) = line.trim_end_matches('\n').split_once(": ")
            && !line.starts_with('#')
        {
            heads.last_mut().expect("there is one").push((key.to_owned(), value.to_owned()));
        }
    }
    files.extend_with(open);
    let files = Value::from(files);
    let mut requests: Vec<Value> =
        heads.iter().filter(|head| !head.is_empty()).map(|head| request(head, &files)).collect();
    if requests.is_empty() {
        requests.push(request(&[], &files));
    }
    requests
}

trait Extend {
    fn extend_with(&mut self, file: Option<(String, String)>);
}

impl Extend for Map {
    fn extend_with(&mut self, file: Option<(String, String)>) {
        if let Some((name, text)) = file {
            self.insert(name, text);
        }
    }
}

fn request(head: &[(String, String)], files: &Value) -> Value {
    let mut request = Map::from_iter([("files", files.clone())]);
    let mut settings = Vec::new();
    for (key, value) in head {
        match key.as_str() {
            "values" => {
                let values = goyaml::json::parse(value.as_bytes()).expect("values are JSON");
                request.insert("values", values);
            }
            flag => settings.push(Value::from(vec![format!("--{flag}").into(), value.as_str().into()])),
        }
    }
    let is_chart = files.get("Chart.yaml").is_some() || settings.is_empty() && request.contains_key("values");
    request.insert("op", if is_chart { "chart" } else { "values" });
    if !is_chart {
        let names = files.as_map().into_iter().flat_map(Map::iter).map(|(name, _)| name);
        let given: Vec<Value> =
            names.filter(|name| name.rsplit_once('.').is_some_and(|(_, end)| end == "yaml")).map(Value::from).collect();
        request.insert("value_files", given);
        request.insert("settings", settings);
    }
    request.into()
}
