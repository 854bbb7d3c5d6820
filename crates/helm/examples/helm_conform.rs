//! Renders every chart below a folder with the real Helm and with ours, and lists what differs.
//!
//! `helm_conform DIR [--mask FILE] [--only TEXT] [--cache DIR] [--compat 3|4.1|4.2] [--show]`; the real helm is
//! `SETPOINT_HELM`, and ours is like the release that `--compat` names.
//!
//! Each chart is rendered with its defaults and with each file of its `ci/`; by ours twice, the second time with what is known
//! of the first. A mask gives fixed values to what a chart makes up by chance: a YAML map from names of charts to values that
//! are set over all others. Where Helm differs from itself, that is told and not counted as a difference. Helm's output can be
//! kept between runs (`--cache`), by the hash of all it was made from.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for developers")]

#[path = "helm_conform/case.rs"]
mod case;
#[path = "helm_conform/compare.rs"]
mod compare;
#[path = "helm_conform/peer.rs"]
mod peer;

use std::path::PathBuf;
use std::process::ExitCode;

use helm::HelmCompat;

use self::case::Case;
use self::compare::{Outcome, Tally};
use self::peer::Peer;

/// What was asked for.
struct Arguments {
    dir: PathBuf,
    mask: Option<PathBuf>,
    only: Option<String>,
    cache: Option<PathBuf>,
    compat: HelmCompat,
    show: bool,
}

fn main() -> ExitCode {
    let worker = std::thread::Builder::new().stack_size(256 << 20).spawn(run);
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(true))) => ExitCode::SUCCESS,
        Ok(Ok(Ok(false))) => ExitCode::FAILURE,
        Ok(Ok(Err(message))) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(2),
    }
}

fn run() -> Result<bool, String> {
    let arguments = arguments()?;
    let helm = std::env::var_os("SETPOINT_HELM").ok_or("SETPOINT_HELM is not set: the path of the real helm")?;
    let peer = Peer::new(helm.into(), arguments.cache.clone());
    let cases = Case::find(&arguments.dir, arguments.mask.as_deref())?;
    let cases: Vec<Case> = cases
        .into_iter()
        .filter(|case| arguments.only.as_ref().is_none_or(|only| case.name.contains(only.as_str())))
        .collect();
    let mut tally = Tally::default();
    for case in &cases {
        let outcome = compare::compare(case, &peer, arguments.compat)?;
        if let Outcome::Differs { ours, theirs, place } = &outcome {
            println!("DIFFERS {}: {place}", case.name);
            if arguments.show {
                println!("--- helm\n{theirs}\n--- ours\n{ours}\n---");
            }
        }
        if let Outcome::Chance(place) = &outcome {
            println!("CHANCE  {}: helm differs from itself at {place}", case.name);
        }
        tally.add(&outcome);
    }
    println!("{tally}");
    Ok(tally.differ == 0)
}

fn arguments() -> Result<Arguments, String> {
    let mut dir = None;
    let (mask, only, cache, compat) = (None, None, None, HelmCompat::default());
    let mut arguments = Arguments { dir: PathBuf::new(), mask, only, cache, compat, show: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--mask" => arguments.mask = Some(value()?.into()),
            "--only" => arguments.only = Some(value()?),
            "--cache" => arguments.cache = Some(value()?.into()),
            "--compat" => arguments.compat = compat_of(&value()?)?,
            "--show" => arguments.show = true,
            _ if word.starts_with("--") => return Err(format!("unknown option {word}")),
            _ => dir = Some(PathBuf::from(word)),
        }
    }
    arguments.dir = dir.ok_or("which folder?")?;
    Ok(arguments)
}

fn compat_of(version: &str) -> Result<HelmCompat, String> {
    match version {
        "3" => Ok(HelmCompat::V3),
        "4.1" => Ok(HelmCompat::V4_1),
        "4.2" => Ok(HelmCompat::V4_2),
        _ => Err(format!("--compat is 3, 4.1 or 4.2, not {version}")),
    }
}
