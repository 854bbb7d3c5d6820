//! Where a document is read from and written to, and in which format.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sops::{Fresh, MAX_BYTES, SopsError, Text};

use crate::failure::Failure;
use crate::folder::cannot;
use crate::output;

/// What stands for standard input in messages.
const INPUT: &str = "standard input";
/// Mode of files with plaintext.
const PRIVATE: u32 = 0o600;
/// Mode of new files that everybody may read, less what the umask takes.
const PUBLIC: u32 = 0o644;

/// A format as it can be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// YAML
    Yaml,
    /// JSON
    Json,
    /// NAME=value lines
    Dotenv,
    /// Sections of name = value lines
    Ini,
    /// Anything else, as one value
    Binary,
}

impl From<Format> for sops::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Yaml => Self::Yaml,
            Format::Json => Self::Json,
            Format::Dotenv => Self::Dotenv,
            Format::Ini => Self::Ini,
            Format::Binary => Self::Binary,
        }
    }
}

/// The document.
#[derive(Args, Debug)]
pub(super) struct DocumentArgs {
    /// The file; standard input without one
    #[arg(value_name = "FILE")]
    pub(super) path: Option<PathBuf>,
    /// Write back to the file
    #[arg(short, long, conflicts_with = "output")]
    in_place: bool,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Format of the document [default: by the ending of the file's name]
    #[arg(long, value_name = "FORMAT")]
    input_type: Option<Format>,
    /// Format to write [default: that of the document]
    #[arg(long, value_name = "FORMAT")]
    output_type: Option<Format>,
    /// Take this name for the format and for the rules of .sops.yaml; needed to encrypt standard input
    #[arg(long, value_name = "FILE")]
    filename_override: Option<PathBuf>,
}

impl DocumentArgs {
    /// The name that decides on formats and rules.
    pub(super) fn name(&self) -> Option<&Path> {
        self.filename_override.as_deref().or(self.path.as_deref())
    }

    /// The name for messages.
    fn shown(&self) -> String {
        self.path.as_ref().map_or_else(|| INPUT.to_owned(), |path| path.display().to_string())
    }

    pub(super) fn input_format(&self) -> sops::Format {
        self.input_type.map_or_else(|| format_of(self.name()), Into::into)
    }

    /// The format to write: as the input, by the name where only the input's is given.
    pub(super) fn output_format(&self) -> sops::Format {
        self.output_type.map_or_else(|| self.input_format(), Into::into)
    }

    pub(super) fn read(&self) -> Result<Text, Failure> {
        match &self.path {
            Some(path) => read(path),
            None if self.in_place => Err(Failure::usage("--in-place needs a file")),
            None => bounded(std::io::stdin().lock(), Path::new(INPUT)),
        }
    }

    /// A failure of the document with its place and remedy.
    pub(super) fn failed(&self, error: &SopsError) -> Failure {
        failed(&self.shown(), error)
    }

    /// Writes where the flags say. `private`: it is plaintext.
    pub(super) fn write(&self, text: &[u8], private: bool) -> Result<(), Failure> {
        let target = if self.in_place { self.path.as_deref() } else { self.output.as_deref() };
        if let Some(path) = target {
            return replace(path, text, private);
        }
        output::bytes(text);
        Ok(())
    }
}

/// The format by the ending of a file's name.
pub(super) fn format_of(name: Option<&Path>) -> sops::Format {
    sops::Format::of_path(&name.map(Path::to_string_lossy).unwrap_or_default())
}

/// A failure of a document: file, line, cause and remedy.
pub(super) fn failed(name: &str, error: &SopsError) -> Failure {
    let place = error.line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
    let failure = Failure::task(format!("{place}: {error}"));
    match error.remedy() {
        Some(remedy) => failure.hint(remedy),
        None => failure,
    }
}

pub(super) fn read(path: &Path) -> Result<Text, Failure> {
    let file = File::open(path).map_err(|error| cannot("read", path, &error))?;
    bounded(file, path)
}

/// Reads no more than a document may have.
fn bounded(input: impl Read, path: &Path) -> Result<Text, Failure> {
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX) + 1;
    let mut text = Text::default();
    input.take(limit).read_to_end(&mut text).map_err(|error| cannot("read", path, &error))?;
    Ok(text)
}

/// Writes a file whole or not at all. A file that is there keeps its mode; a new one with plaintext is its owner's alone.
pub(super) fn replace(path: &Path, text: &[u8], private: bool) -> Result<(), Failure> {
    // Through a link: the file it leads to is written, the link stays.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let failed = |error: std::io::Error| cannot("write", &path, &error);
    let mode = fs::metadata(&path).ok().map(|found| found.permissions().mode() & 0o777);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let scratch = path.with_file_name(format!(".{name}.{}.setpoint", std::process::id()));
    let open_mode = if private || mode.is_some() { PRIVATE } else { PUBLIC };
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(open_mode).open(&scratch)?;
        file.write_all(text)?;
        if let Some(mode) = mode {
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        file.sync_all()?;
        fs::rename(&scratch, &path)
    })();
    if written.is_err() {
        // Nothing of the text may stay behind.
        let _ = fs::remove_file(&scratch);
    }
    written.map_err(failed)
}

/// The time and the randomness of this run.
pub(super) struct Now(String);

impl Now {
    pub(super) fn new() -> Self {
        Self(jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    pub(super) fn with<'a>(&'a self, random: &'a mut dyn sops::Random) -> Fresh<'a> {
        Fresh { now: &self.0, random }
    }
}

/// The operating system's randomness.
pub(super) fn draw(bytes: &mut [u8]) -> Result<(), SopsError> {
    let why = |error: getrandom::Error| format!("the operating system has no randomness: {error}");
    getrandom::fill(bytes).map_err(|error| SopsError { line: None, fault: sops::Fault::Config(why(error)) })
}
