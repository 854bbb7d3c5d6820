//! `setpoint secrets edit`.
//!
//! The plaintext lies in a folder of its own that only its owner can enter, and the folder goes when the editor ends, also when
//! this program is interrupted.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufRead, IsTerminal, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use sops::{Decrypted, Encrypted, Indents, Text};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::decrypt::mac_check;
use super::document::{self, Format, Now, draw, failed, format_of};
use super::keyring::{Found, KeyringArgs};
use super::recipients::{ConfigArgs, Located, RecipientArgs};
use crate::failure::Failure;
use crate::folder::cannot;
use crate::output;

/// Change a document in your editor
///
/// The editor is `SOPS_EDITOR`, `EDITOR`, or else vim, nano or vi. It gets the plaintext; when it ends, the document is
/// encrypted again, and what was not changed keeps its encrypted form. A file that is not there is made.
#[derive(Args, Debug)]
pub(super) struct EditArgs {
    /// The file
    path: PathBuf,
    /// Format of the document [default: by the ending of the file's name]
    #[arg(long, value_name = "FORMAT")]
    input_type: Option<Format>,
    /// Take a document whose message authentication code does not match
    #[arg(long)]
    ignore_mac: bool,
    #[command(flatten)]
    recipients: RecipientArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    keyring: KeyringArgs,
}

/// A plaintext in a folder of its own, which is removed with it.
struct Scratch {
    _folder: TempDir,
    path: PathBuf,
}

/// What is edited.
struct Task<'a> {
    args: &'a EditArgs,
    format: sops::Format,
    found: Found,
    located: Option<Located>,
}

pub(super) async fn edit(args: &EditArgs) -> Result<(), Failure> {
    let format = args.input_type.map_or_else(|| format_of(Some(&args.path)), Into::into);
    let task = Task { args, format, found: args.keyring.keyring()?, located: args.config.find()? };
    let (document, plain) = if args.path.exists() { task.open()? } else { task.start()? };
    let scratch = Scratch::new(&args.path, &plain)?;
    if let Some(document) = task.edited(document, &plain, &scratch).await? {
        let text = document.write(format, task.indents()).map_err(|error| task.told(&error))?;
        return document::replace(&args.path, &text, false);
    }
    output::note(format!("{}: nothing was changed", args.path.display()));
    Ok(())
}

impl Task<'_> {
    fn indents(&self) -> Indents {
        self.located.as_ref().map_or_else(Indents::default, |located| located.config.indents)
    }

    fn told(&self, error: &sops::SopsError) -> Failure {
        self.found.explain(error, failed(&self.args.path.display().to_string(), error))
    }

    fn open(&self) -> Result<(Decrypted, Text), Failure> {
        let text = document::read(&self.args.path)?;
        let document = Encrypted::read(&text, self.format).map_err(|error| self.told(&error))?;
        self.decrypt(document)
    }

    /// A new document, with an entry to be replaced.
    fn start(&self) -> Result<(Decrypted, Text), Failure> {
        let rule = self.located.as_ref().map(|located| located.rule_for(&self.args.path)).transpose()?.flatten();
        let rule = self.args.recipients.rule(rule)?;
        let (now, random) = (Now::new(), &mut draw);
        let example = match self.format {
            sops::Format::Yaml => "example: replace me\n",
            sops::Format::Json => "{\n\t\"example\": \"replace me\"\n}\n",
            sops::Format::Dotenv => "EXAMPLE=replace me\n",
            sops::Format::Ini => "[section]\nexample = replace me\n",
            sops::Format::Binary => "replace me\n",
        };
        // The data key is made here and used again for what the editor leaves.
        let made = (rule.groups, rule.threshold, rule.selection);
        sops::draft(example.as_bytes(), self.format, made, (&self.found.keyring, now.with(random)))
            .map(|document| (document, Text::new(example.as_bytes().to_vec())))
            .map_err(|error| self.told(&error))
    }

    fn decrypt(&self, document: Encrypted) -> Result<(Decrypted, Text), Failure> {
        let opened = document.decrypt(&self.found.keyring, mac_check(self.args.ignore_mac));
        let opened = opened.map_err(|error| self.told(&error))?;
        let plain = opened.write(self.format, self.indents()).map_err(|error| self.told(&error))?;
        Ok((opened, plain))
    }

    /// Runs the editor until the text can be encrypted; nothing if it did not change.
    async fn edited(
        &self,
        mut document: Decrypted,
        plain: &Text,
        scratch: &Scratch,
    ) -> Result<Option<Encrypted>, Failure> {
        loop {
            run_editor(&scratch.path).await?;
            let text = document::read(&scratch.path)?;
            if text == *plain {
                return Ok(None);
            }
            match document.replace(&text, self.format) {
                Ok(()) => {
                    let (now, random) = (Now::new(), &mut draw);
                    return document.encrypt(now.with(random)).map(Some).map_err(|error| self.told(&error));
                }
                Err(error) => again(self.told(&error))?,
            }
        }
    }
}

/// Lets the user go back to the editor, if there is one to ask.
fn again(failure: Failure) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(failure);
    }
    output::note(failure.report());
    output::note("Press Enter to go back to the editor, Ctrl-C to give the change up.");
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if read.is_ok_and(|bytes| bytes > 0) { Ok(()) } else { Err(failure) }
}

impl Scratch {
    fn new(path: &Path, plain: &Text) -> Result<Self, Failure> {
        let private = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("setpoint-").permissions(private).tempdir();
        let folder = folder.map_err(|error| Failure::task(format!("cannot make a temporary folder: {error}")))?;
        let path = folder.path().join(path.file_name().unwrap_or_default());
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(plain)).map_err(|error| cannot("write", &path, &error))?;
        Ok(Self { _folder: folder, path })
    }
}

/// Runs the editor. A signal that ends this program ends the editor first, so that the plaintext can be removed.
async fn run_editor(path: &Path) -> Result<(), Failure> {
    let mut command = editor_command()?;
    let cannot_run =
        |error: std::io::Error| Failure::task(format!("cannot run the editor: {error}")).hint("set EDITOR");
    let mut end = signal(SignalKind::terminate()).map_err(cannot_run)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(cannot_run)?;
    let mut child = command.arg(path).kill_on_drop(true).spawn().map_err(cannot_run)?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(cannot_run)?,
            // The terminal sends it to the editor as well, which decides what it means.
            _ = tokio::signal::ctrl_c() => {}
            _ = end.recv() => return Err(Failure::task("ended before the editor; nothing was changed")),
            _ = hang_up.recv() => return Err(Failure::task("ended before the editor; nothing was changed")),
        }
    };
    if status.success() {
        return Ok(());
    }
    Err(Failure::task(format!("the editor failed ({status}); nothing was changed")))
}

/// The editor's command line is for the shell, as with Git.
fn editor_command() -> Result<Command, Failure> {
    let named =
        ["SOPS_EDITOR", "EDITOR"].iter().filter_map(|name| std::env::var(name).ok()).find(|text| !text.is_empty());
    if let Some(line) = named {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{line} \"$@\""), "sh"]);
        return Ok(command);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let is_program = |file: &PathBuf| fs::metadata(file).is_ok_and(|found| found.is_file());
    let usual =
        ["vim", "nano", "vi"].iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(is_program));
    let none = || Failure::task("there is no editor: neither vim, nano nor vi is installed").hint("set EDITOR");
    usual.map(Command::new).ok_or_else(none)
}
