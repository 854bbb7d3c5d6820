//! What Go made of each case, recorded by `examples/differential.rs`; the first line names the versions and the values.

#[path = "stand_ins.rs"]
mod stand_ins;

use std::collections::BTreeMap;
use std::process::ExitCode;

use gotemplate::{Functions, MapKind, NoHost, Options, Renderer, TemplateSet, Value, from_yaml, parse};
use libtest_mimic::{Arguments, Failed, Trial};

struct Case {
    helm: bool,
    /// Whether dot is all that Helm gives, not the values alone.
    top: bool,
    template: String,
    output: Vec<u8>,
    error: String,
}

fn rendered(case: &Case, values: &goyaml::Value) -> Result<Vec<u8>, String> {
    let functions = if case.helm { Functions::Helm } else { Functions::Sprig };
    let parsed = parse("t", case.template.as_bytes(), functions).map_err(|error| error.to_string())?;
    let mut set = TemplateSet::new(functions);
    set.add(&parsed);
    let mut data = from_yaml(values);
    if case.helm
        && let Value::Map(map) = &data
    {
        data = map.as_kind(MapKind::Values).into();
    }
    if case.top {
        data = stand_ins::top(data);
    }
    let mut renderer = Renderer::new(&set, &NoHost, Options::default());
    let output = renderer.render("t", &data).map_err(|error| error.to_string())?;
    if case.helm && String::from_utf8_lossy(output).contains("<no value>") {
        return Ok(String::from_utf8_lossy(output).replace("<no value>", "").into_bytes());
    }
    Ok(output.to_vec())
}

fn check(case: &Case, values: &goyaml::Value) -> Result<(), Failed> {
    let shown = |bytes: &[u8]| format!("{:?}", String::from_utf8_lossy(bytes));
    match rendered(case, values) {
        Ok(output) if case.error.is_empty() && output == case.output => Ok(()),
        Err(error) if error == case.error || case.helm && !case.error.is_empty() => Ok(()),
        Ok(output) => {
            Err(format!("{}\n go: {}{}\nours: {}", case.template, shown(&case.output), case.error, shown(&output))
                .into())
        }
        Err(error) => {
            Err(format!("{}\n go: {}{}\nours: {error}", case.template, shown(&case.output), case.error).into())
        }
    }
}

/// Each function that is registered has at least so many cases.
const CASES: usize = 3;

fn covered(counts: &BTreeMap<String, usize>, sprig: &str) -> Result<(), Failed> {
    let count = |name: &str| counts.get(name).copied().unwrap_or(0);
    let names = Functions::Helm.names();
    let poor: Vec<_> = names.iter().filter(|name| count(name) < CASES).collect();
    let missing: Vec<_> = sprig.split_whitespace().filter(|name| !names.contains(name)).collect();
    if poor.is_empty() && missing.is_empty() && sprig.split_whitespace().count() > 200 {
        return Ok(());
    }
    Err(format!("fewer than {CASES} cases: {poor:?}; not registered: {missing:?}").into())
}

fn main() -> ExitCode {
    let mut lines = include_str!("golden.jsonl").lines();
    let header = goyaml::json::parse(lines.next().unwrap_or_default().as_bytes()).expect("the header is JSON");
    let values = header.get("values").expect("the header has the values").clone();
    let sprig = header.str_at(&["names"]).unwrap_or_default().to_owned();
    let mut trials = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (number, line) in lines.enumerate() {
        let case = goyaml::json::parse(line.as_bytes()).expect("each line is JSON");
        let text = |key: &str| case.str_at(&[key]).unwrap_or_default().to_owned();
        let output =
            text("latin1").chars().map(|character| u8::try_from(u32::from(character)).expect("a byte")).collect();
        let name = format!("{}_{number:04}", text("name"));
        let case = Case {
            helm: text("engine") != "go",
            top: text("engine") == "top",
            template: text("template"),
            output,
            error: text("error"),
        };
        *counts.entry(text("name")).or_default() += 1;
        let values = values.clone();
        trials.push(Trial::test(name, move || check(&case, &values)));
    }
    trials.push(Trial::test("every_function_has_its_cases", move || covered(&counts, &sprig)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
