//! Renders charts with the real helm and with ours, one after the other in each round, and prints medians.
//!
//! `helm_bench [--rounds N] [--setpoint PATH] [NAME=FOLDER …]`; the real helm is `SETPOINT_HELM`. Without charts, those of the
//! tests are measured. As a process, ours is `setpoint template` where its path is given.
//!
//! Measured: a process each (time on the clock, CPU, peak memory); in this process cold (files read from disk, nothing
//! kept) and warm (the chart and its templates kept, values put together and everything run anew).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for developers")]

#[path = "helm_bench/inside.rs"]
mod inside;
#[path = "helm_bench/process.rs"]
mod process;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use self::inside::Inside;
use self::process::{Cost, measure};

/// Charts of our own that stand for small ones.
const OWN: [&str; 5] = ["web", "batch", "queue", "portal", "umbrella"];

struct Arguments {
    rounds: usize,
    setpoint: Option<PathBuf>,
    charts: Vec<(String, PathBuf)>,
}

fn main() -> ExitCode {
    if let Some(code) = process::measured() {
        return code;
    }
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(run);
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(message))) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
        _ => ExitCode::FAILURE,
    }
}

fn run() -> Result<(), String> {
    let arguments = arguments()?;
    let helm: PathBuf = std::env::var_os("SETPOINT_HELM").ok_or("SETPOINT_HELM is not set: the path of helm")?.into();
    println!(
        "| chart | output KB | helm ms | CPU ms | MiB | setpoint ms | CPU ms | MiB | times | cold ms | times | warm ms | times |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (name, folder) in &arguments.charts {
        println!("{}", row(name, folder, &helm, &arguments)?);
    }
    Ok(())
}

/// One chart.
fn row(name: &str, folder: &Path, helm: &Path, arguments: &Arguments) -> Result<String, String> {
    let mut rounds = Rounds::default();
    let inside = Inside::new(folder)?;
    for _ in 0..arguments.rounds {
        rounds.helm.push(measure(helm, folder)?);
        if let Some(setpoint) = &arguments.setpoint {
            rounds.ours.push(measure(setpoint, folder)?);
        }
        rounds.cold.push(inside.cold()?);
        rounds.warm.push(inside.warm()?);
    }
    let helm = Cost::median(&rounds.helm);
    let cold = median(&mut rounds.cold);
    let warm = median(&mut rounds.warm);
    let process = if rounds.ours.is_empty() {
        "– | – | – | –".to_owned()
    } else {
        let ours = Cost::median(&rounds.ours);
        format!("{:.1} | {:.1} | {:.0} | {:.0}×", ours.wall, ours.cpu, ours.memory, helm.wall / ours.wall)
    };
    Ok(format!(
        "| {name} | {:.0} | {:.1} | {:.1} | {:.0} | {process} | {cold:.2} | {:.0}× | {warm:.2} | {:.0}× |",
        kilobytes(inside.bytes),
        helm.wall,
        helm.cpu,
        helm.memory,
        helm.wall / cold,
        helm.wall / warm
    ))
}

#[derive(Default)]
struct Rounds {
    helm: Vec<Cost>,
    ours: Vec<Cost>,
    cold: Vec<f64>,
    warm: Vec<f64>,
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments { rounds: 15, setpoint: None, charts: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--rounds" => arguments.rounds = value()?.parse().map_err(|_| "--rounds takes a number")?,
            "--setpoint" => arguments.setpoint = Some(value()?.into()),
            _ => {
                let (name, folder) = word.split_once('=').ok_or_else(|| format!("{word} is no NAME=FOLDER"))?;
                arguments.charts.push((name.to_owned(), folder.into()));
            }
        }
    }
    if arguments.charts.is_empty() {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        arguments.charts = OWN.map(|name| (name.to_owned(), cases.join(name).join("chart"))).into();
    }
    Ok(arguments)
}
