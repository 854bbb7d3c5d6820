//! What Helm made of charts and values that we wrote, recorded by `examples/helm_differential.rs`.

#[path = "charts/ours.rs"]
mod ours;

use std::process::ExitCode;

use goyaml::Value;
use libtest_mimic::{Arguments, Failed, Trial};

fn check(case: &Value) -> Result<(), Failed> {
    let part = |key: &str| case.get(key).cloned().unwrap_or_default();
    ours::answer(&part("request")).difference(&part("answer")).map_or(Ok(()), |difference| Err(difference.into()))
}

fn main() -> ExitCode {
    let trial = |line: &str| {
        let case = goyaml::json::parse(line.as_bytes()).expect("each line is JSON");
        let name = case.str_at(&["name"]).expect("each case has a name").to_owned();
        Trial::test(name, move || check(&case))
    };
    let trials = include_str!("charts/golden.jsonl").lines().map(trial).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
