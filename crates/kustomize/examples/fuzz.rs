//! Builds random trees with kustomize's own library and with this crate, and tells where they differ:
//! `cargo run -p setpoint-kustomize --example fuzz -- ORACLE COUNT [SEED]`, where ORACLE is the program of
//! `tools/oracle/kustomize`. Exit code 1 if any differs; the trees that do are printed.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::Instant;

use goyaml::Value;
use kustomize::{BuildOptions, MemoryFiles};

#[path = "../tests/support/disk.rs"]
#[expect(dead_code, reason = "the trees are in memory")]
mod disk;
#[path = "../tests/support/random.rs"]
mod random;

/// Trees printed; more would not be read.
const MAX_SHOWN: usize = 12;

/// The other side.
struct Oracle {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    fn start(program: &str) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().ok_or("no input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Self { child, input, output })
    }

    fn build(&mut self, tree: &random::Tree) -> Result<Result<String, String>, Box<dyn Error>> {
        let files: Value = tree.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let request: Value = [("files", files), ("path", Value::from(tree.path))].into_iter().collect();
        writeln!(self.input, "{}", goyaml::json::to_string(&request))?;
        self.input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let answer = goyaml::json::parse(line.as_bytes()).map_err(|error| error.to_string())?;
        let text = |key: &str| answer.str_at(&[key]).unwrap_or_default().to_owned();
        Ok(if text("error").is_empty() { Ok(text("output")) } else { Err(text("error")) })
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().ok_or("usage: fuzz ORACLE COUNT [SEED]")?;
    let count: u64 = arguments.next().map_or(Ok(1_000), |text| text.parse())?;
    let first: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let mut oracle = Oracle::start(&program)?;
    let (mut same, mut both_fail, mut differ) = (0, 0, 0);
    let start = Instant::now();
    for seed in first..first + count {
        let tree = random::Tree::new(seed);
        let real = oracle.build(&tree)?;
        let files: MemoryFiles = tree.files.iter().map(|(path, text)| (path.clone(), text.clone())).collect();
        let ours = kustomize::build(&files, tree.path, &BuildOptions::default());
        let found = disk::shown(&ours);
        let difference = match (&real, &ours) {
            (Ok(expected), Ok(_)) => disk::first_difference(expected, &found),
            (Err(_), Err(_)) => {
                both_fail += 1;
                continue;
            }
            (Ok(_), Err(_)) => Some(format!("only ours fails: {found}")),
            (Err(error), Ok(_)) => Some(format!("only the real one fails: {error}")),
        };
        let Some(difference) = difference else {
            same += 1;
            continue;
        };
        differ += 1;
        if differ <= MAX_SHOWN {
            println!("==== seed {seed}: {difference}");
            for (path, text) in &tree.files {
                println!("---- {path}\n{text}");
            }
        }
    }
    drop(oracle.input);
    oracle.child.wait()?;
    println!("{same} the same, {both_fail} fail in both, {differ} differ, {:.1} s", start.elapsed().as_secs_f64());
    Ok(if differ > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
