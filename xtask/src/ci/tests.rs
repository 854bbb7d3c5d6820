//! Runs the tests, counts them over all binaries, and refuses skipped ones in CI, where every oracle is installed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::{At, Failure, say};

/// What the test binaries reported.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: Vec<String>,
}

/// Runs `cargo test --workspace`, passing its output on, and closes with one line of totals.
pub(super) fn run(root: &Path) -> Result<(), Failure> {
    let mut tests = Command::new("cargo");
    tests.current_dir(root).args(["test", "--workspace", "--locked", "--no-fail-fast"]).stdout(Stdio::piped());
    let mut child = tests.spawn().at(Path::new("cargo"))?;
    let mut count = Count::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.at(Path::new("cargo test"))?;
            let line = String::from_utf8_lossy(&line);
            say(&line);
            count.read(&line);
        }
    }
    let status = child.wait().at(Path::new("cargo"))?;
    let Count { passed, failed, skipped } = count;
    say(&format!("tests: {passed} passed, {failed} failed, {} skipped", skipped.len()));
    if !status.success() || failed > 0 {
        return Err(Failure::Refused(format!("`cargo test --workspace` failed ({status})")));
    }
    if !skipped.is_empty() && std::env::var_os("CI").is_some() {
        let names = skipped.join(", ");
        return Err(Failure::Refused(format!("CI skips nothing, but these were skipped: {names}")));
    }
    Ok(())
}

impl Count {
    /// Reads a line such as `test a::b ... ok`, whatever harness printed it.
    fn read(&mut self, line: &str) {
        let Some((name, result)) = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... ")) else {
            return;
        };
        match result.split([',', ' ']).next().unwrap_or_default() {
            "ok" => self.passed += 1,
            "FAILED" => self.failed += 1,
            "ignored" => self.skipped.push(name.trim().to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod unit {
    use super::Count;

    #[test]
    fn lines_of_all_harnesses_are_counted() {
        let mut count = Count::default();
        for line in [
            "running 3 tests",
            "test a::b ... ok",
            "test real_server  ... ignored",
            "test slow ... ignored, needs a cluster",
            "test x ... FAILED",
            "test src/lib.rs - parse (line 3) ... ok",
            "test result: ok. 3 passed; 0 failed",
        ] {
            count.read(line);
        }
        assert_eq!((count.passed, count.failed), (2, 1));
        assert_eq!(count.skipped, ["real_server", "slow"]);
    }
}
