//! Asks Go again for every golden case and writes its answers down.

use std::io::Error;
use std::path::Path;

use goyaml::{Value, json};

use crate::oracle::Oracle;

/// Renews `tests/golden.json`: the inputs stay, the answers are Go's.
pub(crate) fn run(oracle: &mut Oracle) -> std::io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden.json");
    let mut golden = json::parse(&std::fs::read(&path)?).map_err(Error::other)?;
    let cases = golden.as_map_mut().and_then(|map| map.get_mut("cases")).and_then(Value::as_list_mut);
    for case in cases.ok_or_else(|| Error::other("the golden file has no cases"))? {
        let op = case.str_at(&["op"]).unwrap_or_default().to_owned();
        let answer = match case.str_at(&["text"]) {
            Some(text) => oracle.read(&op, text)?,
            None => oracle.write(&op, case.get("value").unwrap_or(&Value::NULL))?,
        };
        case.remove_at(&["documents"]);
        case.remove_at(&["output"]);
        case.remove_at(&["error"]);
        if !answer.error.is_empty() {
            case.set_at(&["error"], answer.error);
        } else if op.starts_with("emit") {
            case.set_at(&["output"], answer.text);
        } else {
            case.set_at(&["documents"], answer.documents.into_iter().map(Value::from).collect::<Value>());
        }
    }
    std::fs::write(path, layout(&golden))
}

/// One case a line, so that a change shows as one.
fn layout(golden: &Value) -> String {
    let about = golden.get("recorded").map(json::to_string).unwrap_or_default();
    let cases = golden.get("cases").and_then(Value::as_list).unwrap_or_default();
    let lines: Vec<String> = cases.iter().map(|case| format!("    {}", json::to_string(case))).collect();
    format!("{{\n  \"recorded\": {about},\n  \"cases\": [\n{}\n  ]\n}}\n", lines.join(",\n"))
}
