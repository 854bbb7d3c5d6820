//! Records what the real sops makes of the cases under `tests/cases` that have no recording yet.

use std::fs;

use oracle::Oracle;

#[path = "../tests/support/cases.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod cases;
#[path = "../tests/support/real.rs"]
mod real;

fn main() -> Result<(), String> {
    let program = oracle::find(Oracle::Sops).map_err(|error| error.to_string())?;
    let real = real::Real::new(&program);
    if !real.import() {
        return Err("gpg is needed to record OpenPGP cases".to_owned());
    }
    for case in cases::all() {
        let target = case.recorded();
        if target.exists() {
            continue;
        }
        let plain = fs::read(case.plain()).map_err(|error| error.to_string())?;
        let sealed = real.run(&case, "encrypt", &plain).map_err(|why| format!("{}: {why}", case.name()))?;
        let opened = real.run(&case, "decrypt", &sealed).map_err(|why| format!("{}: {why}", case.name()))?;
        fs::create_dir_all(target.parent().unwrap_or(&target)).map_err(|error| error.to_string())?;
        fs::write(&target, sealed).map_err(|error| error.to_string())?;
        fs::write(case.decrypted(), opened).map_err(|error| error.to_string())?;
    }
    Ok(())
}
