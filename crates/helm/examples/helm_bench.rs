//! Renders charts with the real helm and with ours, one after the other in each round, and prints medians.
//!
//! `helm_bench [--rounds N] [--setpoint PATH] [NAME=FOLDER …]`; the real helm and its library are the oracles `helm` and
//! `charts`. Without charts, those of the tests are measured. As a process, ours is `setpoint template` where its path is
//! given.
//!
//! Measured: a process each (time on the clock, CPU, peak memory); in a process that runs already, five renders of one and then
//! of the other. Cold: the files are read from disk, nothing is kept. Warm: the chart is in memory, ours with its templates
//! parsed and its values put together by the render before; each render is for another revision of the release, so that
//! everything is run. Again: the same revision once more, as where a chart looks into the cluster; only what asks the host is
//! run. Helm's library keeps nothing between renders, and its chart must be read anew for each, which does not count where it
//! is warm.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for developers")]

#[path = "helm_bench/inside.rs"]
mod inside;
#[path = "helm_bench/peer.rs"]
mod peer;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use oracle::{Cost, Oracle, median};

use self::inside::Inside;
use self::peer::Peer;

/// Charts of our own that stand for small ones.
const OWN: [&str; 5] = ["web", "batch", "queue", "portal", "umbrella"];

/// The chart whose time goes into keys.
const CERTIFICATES: &str = "certificates";

/// Renders of one and then of the other in a process that runs already: what renders once seldom renders once.
const TURN: usize = 5;

struct Arguments {
    rounds: usize,
    setpoint: Option<PathBuf>,
    charts: Vec<(String, PathBuf)>,
}

fn main() -> ExitCode {
    if let Some(code) = oracle::measured() {
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
    let helm = oracle::find(Oracle::Helm).map_err(|missing| missing.to_string())?;
    let mut peer = Peer::start()?;
    let mut all = Vec::new();
    for (name, folder) in &arguments.charts {
        let rounds = Rounds::measure(folder, (&helm, &mut peer), &arguments)?;
        println!("measured {name}");
        all.push((name, rounds));
    }
    if arguments.setpoint.is_some() {
        println!("\nA process each, from start to end:\n");
        println!("| chart | output KB | helm ms | CPU ms | MiB | setpoint ms | CPU ms | MiB | time | memory |");
        println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        for (name, rounds) in &all {
            println!("{}", rounds.processes(name));
        }
    }
    println!("\nIn a process that runs already:\n");
    println!(
        "| chart | helm cold ms | setpoint cold ms | time | helm warm ms | setpoint warm ms | time | again ms | time |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (name, rounds) in &mut all {
        println!("{}", rounds.inside(name));
    }
    Ok(())
}

/// What was measured of one chart.
#[derive(Default)]
struct Rounds {
    bytes: usize,
    helm: Vec<Cost>,
    ours: Vec<Cost>,
    peer_cold: Vec<f64>,
    peer_warm: Vec<f64>,
    cold: Vec<f64>,
    warm: Vec<f64>,
    again: Vec<f64>,
}

impl Rounds {
    fn measure(folder: &Path, (helm, peer): (&Path, &mut Peer), arguments: &Arguments) -> Result<Self, String> {
        let inside = Inside::new(folder)?;
        let first = peer.time(folder)?;
        // Bytes may differ: each tells how it was built, and certificates are not of one length.
        if first.lines != inside.lines {
            let (ours, theirs) = (inside.lines, first.lines);
            return Err(format!("{}: {ours} lines, of Helm's library {theirs}", folder.display()));
        }
        let mut rounds = Self { bytes: first.bytes, ..Self::default() };
        for _ in 0..arguments.rounds {
            rounds.helm.push(process(helm, folder)?);
            if let Some(setpoint) = &arguments.setpoint {
                rounds.ours.push(process(setpoint, folder)?);
            }
            for _ in 0..TURN {
                let took = peer.time(folder)?;
                rounds.peer_cold.push(took.loaded + took.rendered);
                rounds.peer_warm.push(took.rendered);
            }
            for _ in 0..TURN {
                rounds.cold.push(inside.cold()?);
            }
            for _ in 0..TURN {
                rounds.warm.push(inside.warm()?);
            }
            for _ in 0..TURN {
                rounds.again.push(inside.again()?);
            }
        }
        Ok(rounds)
    }

    fn processes(&self, name: &str) -> String {
        let (helm, ours) = (Cost::median(&self.helm), Cost::median(&self.ours));
        let row = |cost: &Cost| format!("{:.1} | {:.1} | {:.0}", cost.wall, cost.cpu, cost.memory);
        format!(
            "| {name} | {:.0} | {} | {} | {:.0}× | {:.2} |",
            kilobytes(self.bytes),
            row(&helm),
            row(&ours),
            helm.wall / ours.wall,
            ours.memory / helm.memory
        )
    }

    fn inside(&mut self, name: &str) -> String {
        let (peer_cold, cold) = (median(&mut self.peer_cold), median(&mut self.cold));
        let (peer_warm, warm) = (median(&mut self.peer_warm), median(&mut self.warm));
        let again = median(&mut self.again);
        format!(
            "| {name} | {peer_cold:.1} | {cold:.2} | {:.0}× | {peer_warm:.1} | {warm:.3} | {:.0}× | {again:.3} | {:.0}× |",
            peer_cold / cold,
            peer_warm / warm,
            peer_warm / again
        )
    }
}

/// Runs `PROGRAM template bench CHART`.
fn process(program: &Path, chart: &Path) -> Result<Cost, String> {
    Cost::of(program, &["template".as_ref(), "bench".as_ref(), chart.as_os_str()])
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
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let cases = own.join("tests/cases");
        arguments.charts = OWN.map(|name| (name.to_owned(), cases.join(name).join("chart"))).into();
        arguments.charts.push((CERTIFICATES.to_owned(), own.join("examples/helm_bench").join(CERTIFICATES)));
    }
    Ok(arguments)
}
