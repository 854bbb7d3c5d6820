//! Compares with Go: `cargo run -p setpoint-gotemplate --example differential -- ORACLE corpus FILE` runs the templates
//! of a file (one a line, or blocks between lines `---`), `… ORACLE random COUNT [SEED]` made-up ones, `… ORACLE values
//! COUNT [SEED]` made-up values. ORACLE is the built `tools/oracle/template`; `… ORACLE record FOLDER` records the goldens of the tests from it. Lists what differs; exit code 1 if anything does.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

#[path = "differential/functions.rs"]
mod functions;
#[path = "differential/generate.rs"]
mod generate;
#[path = "../tests/peer.rs"]
mod peer;
#[path = "differential/record.rs"]
mod record;
#[path = "differential/values.rs"]
mod values;
#[expect(dead_code, reason = "texts of YAML are the business of the YAML comparison")]
#[path = "../../goyaml/examples/yaml_differential/generate.rs"]
mod yaml;

use std::process::ExitCode;

use gotemplate::{Functions, MapKind, NoHost, Options, Renderer, TemplateSet, Value, from_yaml, parse};
use peer::{Answer, Peer};

/// Differences that are shown; more are only counted.
const SHOWN: usize = 60;

fn ours(template: &str, values: &goyaml::Value, engine: &str) -> Answer {
    let functions = if engine == "helm" { Functions::Helm } else { Functions::Sprig };
    let parsed = match parse("t", template.as_bytes(), functions) {
        Ok(parsed) => parsed,
        Err(error) => return Answer { output: Vec::new(), error: error.to_string() },
    };
    let mut set = TemplateSet::new(functions);
    set.add(&parsed);
    let mut renderer = Renderer::new(&set, &NoHost, Options::default());
    let mut data = from_yaml(values);
    if engine == "helm"
        && let Value::Map(map) = &data
    {
        data = map.as_kind(MapKind::Values).into();
    }
    match renderer.render("t", &data) {
        Ok(output) if engine == "helm" => Answer { output: without(output, b"<no value>"), error: String::new() },
        Ok(output) => Answer { output: output.to_vec(), error: String::new() },
        Err(error) => Answer { output: Vec::new(), error: error.to_string() },
    }
}

/// The bytes without each of these words.
fn without(mut text: &[u8], words: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    while let Some(at) = text.windows(words.len()).position(|window| window == words) {
        out.extend_from_slice(&text[..at]);
        text = &text[at + words.len()..];
    }
    out.extend_from_slice(text);
    out
}

/// Whether both say the same; the words of errors are only compared for Go's own engine.
fn same(ours: &Answer, theirs: &Answer, words: bool) -> bool {
    if ours.error.is_empty() != theirs.error.is_empty() {
        return false;
    }
    if !ours.error.is_empty() {
        return !words || ours.error == theirs.error;
    }
    ours.output == theirs.output
}

/// Whether both tell of a text that is no TOML, each in its own words (`docs/divergences.md`).
fn toml_refused(ours: &Answer, theirs: &Answer) -> bool {
    const WORDS: &[u8] = b"toml: ";
    let mut at = ours.output.windows(WORDS.len()).zip(theirs.output.windows(WORDS.len()));
    at.position(|(ours, theirs)| ours != theirs || ours == WORDS).is_some_and(|at| {
        let here = at..at + WORDS.len();
        ours.output.get(here.clone()) == Some(WORDS) && theirs.output.get(here) == Some(WORDS)
    })
}

/// Whether the template asks for more than ours gives anyone: Go has no bounds, and is not asked.
fn is_beyond_bounds(ours: &Answer) -> bool {
    ["took too many steps", "output of the template is too large"].iter().any(|words| ours.error.contains(words))
}

/// So much of an answer as can be read.
fn shown(answer: &Answer) -> String {
    const CHARACTERS: usize = 1_000;
    let text = answer.to_string();
    text.char_indices().nth(CHARACTERS).map_or_else(|| text.clone(), |(end, _)| format!("{}...", &text[..end]))
}

/// Whether another process of Go says something else: it printed where something lies in memory.
fn varies(oracle: &str, template: &str, engine: &str, first: &Answer) -> bool {
    let again = Peer::start(oracle).ask(template, generate::VALUES, engine);
    again.is_some_and(|again| again.output != first.output || again.error != first.error)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [oracle, mode, what, rest @ ..] = args.as_slice() else {
        eprintln!(
            "usage: differential ORACLE corpus FILE | ORACLE random COUNT [SEED] [helm] | ORACLE values COUNT [SEED]"
        );
        return ExitCode::from(2);
    };
    let mut peer = Peer::start(oracle);
    if mode == "values" {
        let seed = rest.first().and_then(|seed| seed.parse().ok()).unwrap_or(1);
        return values::compare(oracle, what.parse().expect("COUNT is a number"), seed);
    }
    if mode == "record" {
        record::write(&mut peer, what);
        return ExitCode::SUCCESS;
    }
    let forgotten = functions::forgotten();
    assert!(forgotten.is_empty(), "never called, and no reason is given: {forgotten:?}");
    let values = goyaml::json::parse(generate::VALUES.as_bytes()).expect("the values are JSON");
    let engine = if rest.iter().any(|word| word == "helm") { "helm" } else { "go" };
    let templates: Box<dyn Iterator<Item = String>> = if mode == "corpus" {
        let text = std::fs::read_to_string(what).expect("the corpus is readable");
        let lines: Vec<String> =
            text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect();
        Box::new(lines.into_iter())
    } else {
        let count: usize = what.parse().expect("COUNT is a number");
        let seed = rest.first().and_then(|seed| seed.parse().ok()).unwrap_or(1);
        Box::new(generate::Generator::new(seed, engine == "helm").take(count))
    };
    let (mut compared, mut different, mut failing, mut worded, mut varying, mut toml, mut large, mut unanswered) =
        (0, 0, 0, 0, 0, 0, 0, 0);
    for template in templates {
        let template = template.replace("\\n", "\n");
        let ours = ours(&template, &values, engine);
        if is_beyond_bounds(&ours) {
            large += 1;
            continue;
        }
        let Some(theirs) = peer.ask(&template, generate::VALUES, engine) else {
            peer = Peer::start(oracle);
            unanswered += 1;
            continue;
        };
        compared += 1;
        failing += usize::from(!theirs.error.is_empty());
        if same(&ours, &theirs, engine == "go") {
            continue;
        }
        if toml_refused(&ours, &theirs) {
            toml += 1;
            continue;
        }
        if varies(oracle, &template, engine, &theirs) {
            varying += 1;
            continue;
        }
        different += 1;
        worded += usize::from(!ours.error.is_empty() && !theirs.error.is_empty());
        if different <= SHOWN {
            println!("{template}\n   go:   {}\n   ours: {}", shown(&theirs), shown(&ours));
        }
    }
    println!(
        "{compared} templates ({failing} of them errors), {different} differences, {worded} of them only in the words of errors, {varying} where Go's own answer varies, {toml} in the words for what is no TOML, {large} beyond our bounds, {unanswered} that Go did not end or died of"
    );
    ExitCode::from(u8::from(different > 0))
}
