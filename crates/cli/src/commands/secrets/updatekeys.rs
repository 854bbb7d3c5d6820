//! `setpoint secrets updatekeys`.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use sops::{Encrypted, MasterKey};

use super::document::{self, Format, Now, draw, failed, format_of};
use super::keyring::{Found, KeyringArgs};
use super::recipients::{ConfigArgs, Located};
use crate::failure::Failure;
use crate::output;

/// Encrypt the data key of documents for those whom .sops.yaml names now
///
/// Values stay as they are: whoever could decrypt them may have kept the data key, see `rotate`.
#[derive(Args, Debug)]
pub(super) struct UpdatekeysArgs {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Format of the documents [default: by the ending of the file's name]
    #[arg(long, value_name = "FORMAT")]
    input_type: Option<Format>,
    /// How many of several key groups are needed
    #[arg(long, value_name = "NUMBER")]
    shamir_secret_sharing_threshold: Option<usize>,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    keyring: KeyringArgs,
}

pub(super) fn updatekeys(args: &UpdatekeysArgs) -> Result<(), Failure> {
    let missing = || Failure::usage("there is no .sops.yaml here or above; name it with --config");
    let located = args.config.find()?.ok_or_else(missing)?;
    let found = args.keyring.keyring()?;
    let mut failures = Vec::new();
    for path in &args.paths {
        if let Err(failure) = update(args, path, (&located, &found)) {
            failures.push(failure);
        }
    }
    // All files are tried; the last failure is told by whoever called.
    let last = failures.pop();
    for failure in &failures {
        output::note(failure.report());
    }
    last.map_or(Ok(()), Err)
}

fn update(args: &UpdatekeysArgs, path: &Path, (located, found): (&Located, &Found)) -> Result<(), Failure> {
    let name = path.display().to_string();
    let format = args.input_type.map_or_else(|| format_of(Some(path)), Into::into);
    let told = |error: &sops::SopsError| found.explain(error, failed(&name, error));
    let mut document = Encrypted::read(&document::read(path)?, format).map_err(|error| told(&error))?;
    let no_rules = || Failure::task(format!("{}: there are no creation rules", located.shown()));
    let rule = located.rule_for(path)?.ok_or_else(no_rules)?;
    let metadata = document.metadata();
    let threshold = args.shamir_secret_sharing_threshold.unwrap_or(metadata.threshold).min(rule.groups.len());
    let changes = changes(&metadata.groups, &rule.groups, (metadata.threshold, threshold));
    if changes.is_empty() {
        output::note(format!("{name}: already up to date"));
        return Ok(());
    }
    output::note(format!("{name}:"));
    changes.iter().for_each(output::note);
    if !args.yes && !agreed()? {
        output::note(format!("{name}: left as it is"));
        return Ok(());
    }
    let (now, random) = (Now::new(), &mut draw);
    let updated = document.update_keys(&found.keyring, (rule.groups, Some(threshold)), now.with(random));
    let text = updated.and_then(|()| document.write(format, located.config.indents)).map_err(|error| told(&error))?;
    document::replace(path, &text, false)
}

/// What changes, a line each; nothing if nothing does.
fn changes(old: &[Vec<MasterKey>], new: &[Vec<MasterKey>], (before, after): (usize, usize)) -> Vec<String> {
    let mut lines = Vec::new();
    for at in 0..old.len().max(new.len()) {
        let none = Vec::new();
        let (was, is) = (old.get(at).unwrap_or(&none), new.get(at).unwrap_or(&none));
        let lacks = |group: &[MasterKey], key: &MasterKey| !group.iter().any(|other| other.id() == key.id());
        let added = is.iter().filter(|key| lacks(was, key)).map(|key| format!("  + {}", key.shown()));
        let removed = was.iter().filter(|key| lacks(is, key)).map(|key| format!("  - {}", key.shown()));
        lines.extend(added.chain(removed));
    }
    if before != after {
        lines.push(format!("  shamir_threshold: {before} -> {after}"));
    }
    lines
}

fn agreed() -> Result<bool, Failure> {
    let mut input = std::io::stdin().lock();
    if !std::io::stdin().is_terminal() {
        return Err(
            Failure::usage("nobody can be asked: standard input is no terminal").hint("--yes does it without asking")
        );
    }
    output::note("Is this right? [y/N]");
    let mut answer = String::new();
    input.read_line(&mut answer).map_err(|error| Failure::task(format!("cannot read the answer: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
