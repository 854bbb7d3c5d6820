//! Compares this crate with Go's YAML libraries on random values and texts, and on the files of a folder.
//!
//! `cargo run -p setpoint-goyaml --example yaml_differential -- --count 20000 [--seed 1] [--show 20] [--words] [--files FOLDER]`
//!
//! `--record` renews the golden answers in `tests/golden.json` instead.
//!
//! The oracle is `tools/oracle/yaml`: `cargo xtask oracle yaml` builds it. Ends with status 1 if a result differs.

#[path = "yaml_differential/compare.rs"]
mod compare;
#[path = "yaml_differential/generate.rs"]
mod generate;
#[path = "yaml_differential/oracle.rs"]
mod oracle;
#[path = "yaml_differential/record.rs"]
mod record;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use compare::Tally;
use generate::Random;
use oracle::Oracle;

struct Settings {
    count: u64,
    seed: u64,
    show: usize,
    words: bool,
    record: bool,
    files: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&settings()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "the comparison could not run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn settings() -> Settings {
    let arguments: Vec<String> = std::env::args().collect();
    let value =
        |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let number = |name: &str, default: u64| value(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    Settings {
        count: number("--count", 2_000),
        seed: number("--seed", 1),
        show: usize::try_from(number("--show", 20)).unwrap_or(20),
        words: arguments.iter().any(|argument| argument == "--words"),
        record: arguments.iter().any(|argument| argument == "--record"),
        files: value("--files").map(PathBuf::from),
    }
}

fn run(settings: &Settings) -> std::io::Result<usize> {
    let mut oracle = Oracle::start()?;
    if settings.record {
        return record::run(&mut oracle).map(|()| 0);
    }
    let mut tally = Tally::new(settings.show, settings.words);
    if let Some(folder) = &settings.files {
        read_folder(folder, &mut oracle, &mut tally)?;
    } else {
        let mut random = Random::new(settings.seed);
        for _ in 0..settings.count {
            compare::emitted(&random.value(4), &mut oracle, &mut tally)?;
            compare::scalar(&random.scalar_text(), &mut oracle, &mut tally)?;
            compare::parsed(&random.text(), &mut oracle, &mut tally)?;
        }
    }
    tally.print(&mut std::io::stdout())
}

fn read_folder(folder: &Path, oracle: &mut Oracle, tally: &mut Tally) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(&path, oracle, tally)?;
        } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            tally.name(&path.display().to_string());
            compare::parsed(&text, oracle, tally)?;
            compare::round_trip(&text, oracle, tally)?;
        }
    }
    Ok(())
}
