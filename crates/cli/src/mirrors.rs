//! `--mirror`: where an address is fetched from instead, for networks that reach no other.

use std::path::PathBuf;

use clap::Args;

use crate::chart::bounded;
use crate::failure::Failure;

/// Bytes of a file of mirrors.
const MAX_FILE: u64 = 1 << 20;

/// An address's beginning, and what it is fetched from instead.
pub(crate) type Mirror = (String, String);

/// Where what has an address is fetched from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct MirrorArgs {
    /// Fetch addresses that begin with the first PREFIX from the second instead: Git, charts and registries; may be given
    /// several times, the longest match counts
    #[arg(long = "mirror", value_name = "PREFIX=PREFIX", value_parser = parse)]
    mirrors: Vec<Mirror>,
    /// A file of mirrors, PREFIX=PREFIX on each line; # starts a comment
    #[arg(long, value_name = "FILE")]
    mirror_file: Option<PathBuf>,
}

impl MirrorArgs {
    /// All mirrors, those of the file among them.
    pub(crate) fn read(&self) -> Result<Vec<Mirror>, Failure> {
        let mut mirrors = self.mirrors.clone();
        let Some(path) = &self.mirror_file else { return Ok(mirrors) };
        let text = String::from_utf8_lossy(&bounded(path, MAX_FILE)?).into_owned();
        let mut wrong = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            match line.trim() {
                line if line.is_empty() || line.starts_with('#') => {}
                line => match parse(line) {
                    Ok(mirror) => mirrors.push(mirror),
                    Err(why) => wrong.push(format!("{}:{number}: {why}", path.display())),
                },
            }
        }
        if wrong.is_empty() { Ok(mirrors) } else { Err(Failure::usage(wrong.join("\n"))) }
    }
}

fn parse(text: &str) -> Result<Mirror, String> {
    match text.split_once('=') {
        Some((from, to)) if from.contains("://") && !to.trim().is_empty() => {
            Ok((from.trim().to_owned(), to.trim().to_owned()))
        }
        _ => Err(format!("'{text}' is no mirror: write https://github.com/=https://git.institute.example/github/")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_each_line_that_is_wrong() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            MirrorArgs { mirrors: Vec::new(), mirror_file: Some(file.path().to_owned()) }.read()
        };
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(read("# ours\n\nhttps://a/ = oci://b/\n").unwrap(), [pair("https://a/", "oci://b/")]);
        let failure = read("https://a/\nhttps://a/=b\nx=y\n").unwrap_err();
        assert!(failure.message().contains(":1: 'https://a/' is no mirror") && failure.message().contains(":3: 'x=y'"));
    }
}
