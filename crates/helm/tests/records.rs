//! Records that the real helm wrote, read and written again, and made anew from the same chart. They were recorded by
//! `examples/record_releases.rs` of the crate `release`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use goyaml::{Map, Value};
use helm::load::{self, LoadOptions};
use helm::release::lifecycle::{self, Draft, Installing};
use helm::release::{ApplyMethod, History, RecordedChart, RecordedHook, Release, Timestamp, manifest_text, record};
use helm::values::{self, Setting};
use helm::{HelmCompat, RenderOptions, Session, TemplateCache};
use libtest_mimic::{Arguments, Failed, Trial};

#[path = "support/tree.rs"]
mod tree;

/// One recorded release.
#[derive(Clone)]
struct Case {
    name: String,
    chart: PathBuf,
    set: Vec<Setting>,
}

fn main() {
    let arguments = Arguments::from_args();
    let cases = cases();
    assert!(!cases.is_empty(), "there are no records");
    let mut trials = Vec::new();
    for case in cases {
        let again = case.clone();
        trials.push(Trial::test(format!("{}/again", case.name), move || written_again(&again)));
        trials.push(Trial::test(format!("{}/anew", case.name), move || made_anew(&case)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn cases() -> Vec<Case> {
    let list = fs::read_to_string(folder().join("records/records.txt")).expect("the list of records");
    let lines = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let case = |line: &str| {
        let (name, command) = line.split_once(": ").expect("NAME: FOLDER FLAGS");
        let mut words = command.split_whitespace();
        let chart = folder().join(words.next().expect("a folder"));
        let set = words.filter(|word| !word.starts_with("--")).map(|set| Setting::Set(set.to_owned())).collect();
        Case { name: name.to_owned(), chart, set }
    };
    lines.map(case).collect()
}

fn recorded(case: &Case) -> Result<String, Failed> {
    let path = folder().join(format!("records/{}.json", case.name));
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Byte for byte, through the packed form.
fn written_again(case: &Case) -> Result<(), Failed> {
    let text = recorded(case)?;
    let release = Release::from_value(&goyaml::json::parse(text.as_bytes())?)?;
    let packed = record::encode(&release);
    same(&String::from_utf8(record::unpack(&packed)?)?, &text)?;
    same(&record::to_json(&record::decode(&packed)?), &text)
}

/// The same but for times, and what running its hooks adds.
fn made_anew(case: &Case) -> Result<(), Failed> {
    let expected = goyaml::json::parse(recorded(case)?.as_bytes())?;
    // A template needs more stack than a test's thread has.
    let (owned, found) = (case.clone(), Release::from_value(&expected)?);
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(move || install(&owned, &found));
    let made = worker?.join().map_err(|_| "it panicked")??;
    same(&masked(&made.to_value()), &masked(&expected))
}

fn install(case: &Case, found: &Release) -> Result<Release, String> {
    let chart =
        load::from_files(tree::read(&case.chart)?, &LoadOptions::default()).map_err(|errors| errors[0].to_string())?;
    let none = |_: &str| Err("no files here".to_owned());
    let user = values::collect(&[], &case.set, &none, HelmCompat::default()).map_err(|errors| errors[0].to_string())?;
    let options = RenderOptions::install(&found.name, &found.namespace);
    let cache = TemplateCache::new();
    let outcome = Session::new(&cache).render_with_chart(&chart, &user, &options, &gotemplate::NoHost);
    let (rendered, chart) = outcome.map_err(|error| error.to_string())?;
    let draft = Draft {
        name: found.name.clone(),
        namespace: found.namespace.clone(),
        chart: RecordedChart::of(&chart),
        config: user.values,
        manifest: manifest_text(&rendered).into(),
        hooks: rendered.hooks.iter().map(RecordedHook::of).collect(),
        notes: rendered.notes,
        labels: BTreeMap::new(),
        apply_method: ApplyMethod::ServerSide,
        now: Timestamp::parse("2026-01-01T00:00:00Z").map_err(|error| error.to_string())?,
    };
    let Installing { mut release, .. } =
        lifecycle::install(&History::default(), draft, false).map_err(|error| error.to_string())?;
    release.set_status(found.info.status.clone(), found.info.description.clone());
    Ok(release)
}

/// A line for each field, in their order.
fn masked(value: &Value) -> String {
    goyaml::json::to_go_struct_string(&mask(value)).replace(",\"", ",\n\"")
}

fn mask(value: &Value) -> Value {
    const TIMES: [&str; 3] = ["first_deployed", "last_deployed", "schemamodtime"];
    const OF_RUNS: [&str; 3] = ["modtime", "last_run", "delete_policies"];
    if let Some(items) = value.as_list() {
        return items.iter().map(mask).collect();
    }
    let Some(map) = value.as_map() else { return value.clone() };
    let kept = map.iter().filter(|(key, _)| !OF_RUNS.contains(key));
    let masked = kept.map(|(key, item)| (key, if TIMES.contains(&key) { "-".into() } else { mask(item) }));
    masked.collect::<Map>().into()
}

fn same(found: &str, expected: &str) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    let line = found.lines().zip(expected.lines()).take_while(|(found, expected)| found == expected).count();
    let at = |text: &str| text.lines().skip(line.saturating_sub(1)).take(4).collect::<Vec<_>>().join("\n");
    Err(format!("line {}\n--- expected:\n{}\n--- found:\n{}", line + 1, at(expected), at(found)).into())
}
