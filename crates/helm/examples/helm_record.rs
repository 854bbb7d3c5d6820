//! Asks the real helm about every case of the tests and writes down what it says. Run it after a case was added.

#![allow(clippy::print_stdout, reason = "a program for developers")]

use std::fs;

#[path = "../tests/support/cases.rs"]
mod cases;

fn main() -> Result<(), String> {
    let helm = oracle::find(oracle::Oracle::Helm).map_err(|missing| missing.to_string())?;
    let version = std::process::Command::new(&helm).args(["version", "--short"]).output();
    let version = version.map_err(|error| error.to_string())?.stdout;
    let at = |error: std::io::Error| error.to_string();
    fs::write(cases::root().join("VERSION"), version).map_err(at)?;
    for render in cases::all()? {
        let out = render.case.join("out");
        fs::create_dir_all(&out).map_err(at)?;
        let place = |ending: &str| out.join(format!("{}.{ending}", render.name));
        let _ = fs::remove_file(place("yaml"));
        let _ = fs::remove_file(place("err"));
        match render.ask(&helm)? {
            Ok(text) => fs::write(place("yaml"), text).map_err(at)?,
            Err(message) => fs::write(place("err"), message + "\n").map_err(at)?,
        }
        let recorded = render.recorded()?;
        let same = if render.run() == recorded { "" } else { " (we differ)" };
        println!("{}{same}", render.title());
    }
    Ok(())
}
