//! What a process costs.
//!
//! A parent learns the memory of its largest child only, so each measured process gets a parent of its own: this program,
//! started anew.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

const MEASURE: &str = "--measure";

/// What one run cost.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Milliseconds on the clock.
    pub(crate) wall: f64,
    /// Milliseconds of CPU.
    pub(crate) cpu: f64,
    /// Peak of the memory in MiB.
    pub(crate) memory: f64,
}

impl Cost {
    /// The middle of each.
    pub(crate) fn median(costs: &[Self]) -> Self {
        let middle = |of: fn(&Self) -> f64| crate::median(&mut costs.iter().map(of).collect::<Vec<_>>());
        Self { wall: middle(|cost| cost.wall), cpu: middle(|cost| cost.cpu), memory: middle(|cost| cost.memory) }
    }
}

/// Runs `PROGRAM template bench CHART`.
pub(crate) fn measure(program: &Path, chart: &Path) -> Result<Cost, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(own).arg(MEASURE).arg(program).arg(chart).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [wall, cpu, memory] if output.status.success() => Ok(Cost { wall: *wall, cpu: *cpu, memory: *memory }),
        _ => Err(format!("{} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr))),
    }
}

/// If this is the parent of a measured process: runs it and prints what it cost.
pub(crate) fn measured() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != MEASURE {
        return None;
    }
    let (program, chart) = (words.next()?, words.next()?);
    let mut command = Command::new(program);
    command.args(["template", "bench"]).arg(chart).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status();
    let wall = start.elapsed().as_secs_f64() * 1000.0;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN);
    let (Ok(status), Ok(usage)) = (status, usage) else {
        return Some(ExitCode::FAILURE);
    };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    println!("{wall} {} {}", precise(micros) / 1000.0, precise(usage.max_rss()) / 1024.0);
    Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn precise(number: i64) -> f64 {
    number as f64
}
