//! Records what Go makes of the language's cases and of some calls of each function.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::generate::{Generator, VALUES};
use crate::peer::Peer;

/// Calls of each function that are kept.
const KEPT: usize = 4;

/// Calls of each function that are made up, of which most say the same.
const TRIES: usize = 60;

/// Writes `golden.jsonl`: a line with the versions and the values, then one a case.
pub(crate) fn write(peer: &mut Peer, folder: &str) {
    let names = peer.ask("", VALUES, "names").expect("the oracle tells names").output;
    let names = String::from_utf8_lossy(&names);
    let mut out = format!(
        "{{\"go\":\"1.26\",\"sprig\":\"3.3.0\",\"helm\":\"4.1.4\",\"names\":\"{names}\",\"values\":{VALUES}}}\n"
    );
    for (name, engine) in [("language", "go"), ("objects", "top")] {
        let cases = std::fs::read_to_string(format!("{folder}/cases/{name}.txt")).expect("the cases are there");
        for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            case(peer, name, engine, &line.replace("\\n", "\n"), &mut out);
        }
    }
    let cases = std::fs::read_to_string(format!("{folder}/cases/functions.txt")).expect("the cases are there");
    for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut parts = line.splitn(3, ' ');
        let mut part = || parts.next().expect("a name, an engine and a template in each line");
        let (name, engine, template) = (part(), part(), part());
        case(peer, name, engine, template, &mut out);
    }
    for engine in ["go", "helm"] {
        let mut kept: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, template) in Generator::new(11, engine == "helm").each(TRIES) {
            // Without a date of its own it would be today's.
            let dates = ["date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone"];
            if dates.contains(&name) && !template.contains("toDate") {
                continue;
            }
            let known = kept.entry(name).or_default();
            if known.len() >= KEPT || known.contains(&template) {
                continue;
            }
            let answer = peer.ask(&template, VALUES, engine);
            // What is no TOML is worded otherwise here.
            let worded = |output: &[u8]| output.windows(6).any(|words| words == b"toml: ");
            let fine = answer
                .is_some_and(|answer| answer.error.is_empty() && !answer.output.is_empty() && !worded(&answer.output));
            if fine || matches!(name, "fail" | "call") {
                case(peer, name, engine, &template, &mut out);
                known.push(template);
            }
        }
    }
    std::fs::write(format!("{folder}/golden.jsonl"), out).expect("the golden file is writable");
}

fn case(peer: &mut Peer, name: &str, engine: &str, template: &str, out: &mut String) {
    let Some(answer) = peer.ask(template, VALUES, engine) else { return };
    let quoted = |text: &str| goyaml::json::to_string(&text.into());
    let (template, error) = (quoted(template), quoted(&answer.error));
    let output: String = answer.output.iter().map(|byte| char::from(*byte)).collect();
    writeln!(
        out,
        "{{\"name\":\"{name}\",\"engine\":\"{engine}\",\"template\":{template},\"latin1\":{},\"error\":{error}}}",
        quoted(&output)
    )
    .expect("a text can be written to");
}
