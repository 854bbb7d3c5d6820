//! Compares values and charts with Helm's own: `helm_differential ORACLE settings|values|charts|match COUNT [SEED]` makes up so
//! many requests; `helm_differential ORACLE record FOLDER` records the goldens of the tests. ORACLE is the built
//! `tools/oracle/charts`. Lists what differs; exit code 1 if anything does.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

#[path = "helm_differential/archives.rs"]
mod archives;
#[path = "helm_differential/generate.rs"]
mod generate;
#[path = "../tests/charts/ours.rs"]
mod ours;
#[path = "helm_differential/peer.rs"]
mod peer;
#[path = "helm_differential/record.rs"]
mod record;

use std::process::ExitCode;

use generate::Generator;
use peer::Peer;

/// Differences that are shown; more are only counted.
const SHOWN: usize = 40;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [oracle, mode, what, rest @ ..] = args.as_slice() else {
        eprintln!("usage: differential ORACLE settings|values|charts|match COUNT [SEED] | ORACLE record FOLDER");
        return ExitCode::from(2);
    };
    let mut peer = Peer::start(oracle);
    if mode == "record" {
        record::write(&mut peer, what);
        return ExitCode::SUCCESS;
    }
    if !["settings", "values", "charts", "match"].contains(&mode.as_str()) {
        eprintln!("no such mode: {mode}");
        return ExitCode::from(2);
    }
    let count: usize = what.parse().expect("COUNT is a number");
    let seed = rest.first().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut generator = Generator::new(seed);
    let (mut failing, mut different) = (0, 0);
    for _ in 0..count {
        let request = generator.request(mode);
        let theirs = peer.ask(&request);
        failing += usize::from(theirs.str_at(&["error"]).is_some_and(|error| !error.is_empty()));
        let Some(difference) = ours::answer(&request).difference(&theirs) else {
            continue;
        };
        different += 1;
        if different <= SHOWN {
            println!("{}\n   {difference}", goyaml::json::to_string(&request));
        }
    }
    println!("{count} requests ({failing} of them errors), {different} differences");
    ExitCode::from(u8::from(different > 0))
}
