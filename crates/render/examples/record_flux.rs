//! Records what Flux's own library makes of every Kustomization among the cases:
//! `cargo run -p setpoint-render --example record_flux`. Also writes what our own errors say.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use goyaml::{Map, Value};
use oracle::{Batch, Oracle};

#[path = "../../kustomize/tests/support/cases.rs"]
#[expect(dead_code, reason = "shared with cases that have overlays")]
mod cases;
#[path = "../../kustomize/tests/support/disk.rs"]
#[expect(dead_code, reason = "shared with tests that print resources")]
mod disk;
#[path = "../tests/flux/render.rs"]
#[expect(dead_code, reason = "shared with the test, which asks for origins too")]
mod flux;

fn main() -> ExitCode {
    match record_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn record_all() -> Result<(), Box<dyn Error>> {
    let mut batch = Batch::start(&mut Command::new(oracle::find(Oracle::FluxBatch)?))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flux/cases");
    let only = std::env::args().nth(1).unwrap_or_default();
    for folder in cases::all(&root).iter().filter(|case| case.to_string_lossy().contains(&only)) {
        let word = record(&mut batch, folder)?;
        println!("{word} {}", folder.strip_prefix(&root).unwrap_or(folder).display());
    }
    Ok(())
}

/// Writes the expectations of one case. Gives a word on who could render it.
fn record(batch: &mut Batch, folder: &Path) -> Result<&'static str, Box<dyn Error>> {
    let [yaml, error, message] = ["expected.yaml", "expected.error", "expected.message"].map(|name| folder.join(name));
    for old in [&yaml, &error, &message] {
        if old.exists() {
            fs::remove_file(old)?;
        }
    }
    let case = flux::Case::read(folder)?;
    let ours = case.ours();
    if let Err(text) = &ours {
        fs::write(&message, text)?;
    }
    let text = |bytes: &[u8]| Value::from(&*String::from_utf8_lossy(bytes));
    let files: Map = case.files.0.iter().map(|(path, bytes)| (path.as_str(), text(bytes))).collect();
    let fields = [
        ("files", Value::from(files)),
        ("path", case.path().into()),
        ("spec", case.spec.clone()),
        ("strict", true.into()),
    ];
    let question: Value = fields.into_iter().collect();
    let answer = batch.ask(&goyaml::json::to_string(&question))?.ok_or("the driver died")?;
    let answer = goyaml::json::parse(answer.as_bytes()).map_err(|error| error.to_string())?;
    let said = answer.str_at(&["error"]).unwrap_or_default();
    if said.is_empty() {
        fs::write(&yaml, answer.str_at(&["output"]).unwrap_or_default())?;
    } else {
        fs::write(&error, stable(said))?;
    }
    Ok(match (said.is_empty(), ours.is_ok()) {
        (true, true) => "both   ",
        (true, false) => "refused",
        (false, false) => "error  ",
        (false, true) => "TOO LAX",
    })
}

/// The text without the folder that is another in every run.
fn stable(text: &str) -> String {
    let part = |(at, part): (usize, &str)| {
        let part = if at == 0 { part } else { part.trim_start_matches(|c: char| c.is_ascii_digit()) };
        part.to_owned()
    };
    let start = format!("{}/flux-oracle-", std::env::temp_dir().display());
    let parts: Vec<String> = text.split(&start).enumerate().map(part).collect();
    parts.join("TEMP") + "\n"
}
