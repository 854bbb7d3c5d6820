//! Documents of the real sops decrypted, and ours read by it; and what happens to documents that were tampered with.
//!
//! What was recorded is under `cases/`; see the README there.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use oracle::Oracle;

#[path = "support/both_ways.rs"]
mod both_ways;
#[path = "support/cases.rs"]
mod cases;
#[path = "support/keys.rs"]
mod keys;
#[path = "support/random.rs"]
mod random;
#[path = "support/real.rs"]
mod real;
#[path = "support/tampered.rs"]
mod tampered;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for case in cases::all() {
        let (one, other) = (case.clone(), case.clone());
        trials.push(Trial::test(format!("decrypts/{}", case.name()), move || both_ways::decrypts(&one)));
        trials.push(Trial::test(format!("encrypts/{}", case.name()), move || both_ways::encrypts(&other)));
    }
    trials.extend(tampered::CASES.iter().chain(keys::CASES).map(|(name, body)| {
        Trial::test(*name, move || {
            body();
            Ok(())
        })
    }));
    trials.extend(with_sops());
    libtest_mimic::run(&arguments, trials).exit();
}

/// Without the real sops, or without gpg for `OpenPGP` keys, these are reported as ignored, by name.
fn with_sops() -> impl Iterator<Item = Trial> {
    let program = oracle::find(Oracle::Sops).ok();
    let has_gpg =
        std::process::Command::new("gpg").arg("--version").output().is_ok_and(|output| output.status.success());
    let random = program.clone().unwrap_or_default();
    let random = Trial::test("sops-reads/random", move || random::same_as(&real::Real::new(&random)));
    let random = random.with_ignored_flag(program.is_none());
    let recorded = cases::all().into_iter().map(move |case| {
        let name = format!("sops-reads/{}", case.name());
        let ready = program.is_some() && (has_gpg || !uses_pgp(&case));
        let program = program.clone().unwrap_or_default();
        Trial::test(name, move || sops_reads(&case, &program)).with_ignored_flag(!ready)
    });
    recorded.chain([random])
}

fn uses_pgp(case: &cases::Case) -> bool {
    case.rule.starts_with("pgp") || case.rule == "groups"
}

fn sops_reads(case: &cases::Case, program: &Path) -> Result<(), Failed> {
    let real = real::Real::new(program);
    if uses_pgp(case) && !real.import() {
        return Err("gpg does not import the keys".into());
    }
    both_ways::read_by(case, &real)
}
