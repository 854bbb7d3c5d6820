//! What a run of a program costs.
//!
//! A parent learns the memory of its largest child only, and what a child counts starts with what its parent has. So each
//! measured program gets a small parent of its own: the program that measures, started anew.

use std::ffi::OsStr;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

const MEASURE: &str = "--measure";

/// What one run cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Milliseconds on the clock.
    pub wall: f64,
    /// Milliseconds of CPU.
    pub cpu: f64,
    /// Peak of the memory in MiB.
    pub memory: f64,
}

impl Cost {
    /// The middle of each.
    ///
    /// # Panics
    ///
    /// Where there are none.
    pub fn median(costs: &[Self]) -> Self {
        let middle = |of: fn(&Self) -> f64| median(&mut costs.iter().map(of).collect::<Vec<_>>());
        Self { wall: middle(|cost| cost.wall), cpu: middle(|cost| cost.cpu), memory: middle(|cost| cost.memory) }
    }

    /// Runs `program` with `arguments`, its output thrown away. Only for programs whose `main` begins with [`measured`].
    ///
    /// # Errors
    ///
    /// What the program said where it fails, or why it could not be run.
    pub fn of(program: impl AsRef<OsStr>, arguments: &[&OsStr]) -> Result<Self, String> {
        let program = program.as_ref();
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new(own).arg(MEASURE).arg(program).args(arguments).output();
        let output = output.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match numbers.as_slice() {
            [wall, cpu, memory] if output.status.success() => Ok(Self { wall: *wall, cpu: *cpu, memory: *memory }),
            _ => Err(format!("{} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr))),
        }
    }
}

/// The middle of some values, which are put in order.
///
/// # Panics
///
/// Where there are none.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// If this is the parent of a measured program: runs it and prints what it cost.
#[expect(clippy::print_stdout, reason = "what the measuring program reads")]
pub fn measured() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != MEASURE {
        return None;
    }
    let mut command = Command::new(words.next()?);
    command.args(words).stdout(Stdio::null());
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
