//! What Go made of each case, recorded by `examples/differential.rs`; the first line names the versions and the values.

#[path = "stand_ins.rs"]
mod stand_ins;

use std::collections::BTreeMap;
use std::process::ExitCode;

use gotemplate::{
    ExecError, Functions, Map, MapKind, NoHost, Options, Renderer, TemplateSet, Value, from_yaml, given, parse,
};
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

/// What two files of the same text come to, one after the other, if what one run came to may be used in the next one or not;
/// and what the first comes to apart from the other, if it can be run so.
fn twice(text: &str, top: bool, values: &goyaml::Value, keep: bool) -> Result<[String; 3], String> {
    let parsed = parse("t", text.as_bytes(), Functions::Helm).map_err(|error| error.to_string())?;
    let mut set = TemplateSet::new(Functions::Helm);
    set.add(&parsed);
    let data =
        |value: &goyaml::Value| if top { stand_ins::top(given(value, from_yaml)) } else { given(value, from_yaml) };
    let shown = |output: Result<&[u8], Box<ExecError>>| match output {
        Ok(output) => String::from_utf8_lossy(output).into_owned(),
        Err(error) => error.to_string(),
    };
    let seen = data(values);
    let mut renderer = Renderer::new(&set, &NoHost, Options::default());
    let [first, second] = [(); 2].map(|()| {
        if keep {
            shown(renderer.render_next("t", &seen, &Map::later(MapKind::Values, || [])))
        } else {
            shown(renderer.render("t", &seen))
        }
    });
    let mut apart = Renderer::apart(&set, Options::default());
    let alone = shown(apart.render("t", &data(values)));
    let alone = if apart.dependence().is_some() { first.clone() } else { alone };
    Ok([first, second, alone])
}

/// Nobody sees what a render keeps, nor whether a template was run apart from the others.
fn unseen(case: &Case, values: &goyaml::Value) -> Result<(), Failed> {
    let template = &case.template;
    // What it changes is seen in what is printed before, between and after.
    let calls =
        r#"{{ define "all" }}{{ toJson . }}{{ end }}{{ include "all" . }}{{ include "in" . }}{{ template "all" . }}"#;
    let calls = format!(r#"{calls}{{{{ template "in" . }}}}{{{{ include "all" . }}}}"#);
    for text in [template.clone(), format!(r#"{{{{ define "in" }}}}{template}{{{{ end }}}}{calls}"#)] {
        let run = |keep| twice(&text, case.top, values, keep);
        let (plain, kept) = (run(false), run(true));
        let is_same = plain == kept && plain.as_ref().is_ok_and(|[first, _, alone]| first == alone);
        // Where something lies in memory is another text each time.
        if !is_same && plain.is_ok() && plain == run(false) {
            return Err(format!("{text}\nplain: {plain:?}\n kept: {kept:?}").into());
        }
    }
    Ok(())
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
        trials.push(Trial::test(name, move || check(&case, &values).and_then(|()| unseen(&case, &values))));
    }
    trials.push(Trial::test("every_function_has_its_cases", move || covered(&counts, &sprig)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
