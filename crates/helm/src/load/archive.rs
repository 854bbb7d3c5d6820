//! Files out of `.tgz` archives.

use std::io::{self, Read};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry};

use super::{LoadError, Loading};
use crate::{ChartFile, Content};

/// The first bytes of a gzip stream.
const GZIP: [u8; 2] = [0x1F, 0x8B];
/// Where a header says what the entry is; very old ones say nothing, and mark folders by a slash behind their names.
const TYPE: usize = 156;
/// Bytes before what is compressed, at least.
const GZIP_HEADER: usize = 10;
/// Bytes that an archive needs beside those of a file: its headers and what fills up its last block.
const OVERHEAD: u64 = 4 << 10;

type Opened<'a> = Archive<Bounded<MultiGzDecoder<&'a [u8]>>>;

impl Loading {
    /// The files of an archive, without the folder that they all are in. `inside` is the archive's path in the chart.
    pub(super) fn unpack(&mut self, archive: &[u8], inside: &str) -> Result<Vec<ChartFile>, Vec<LoadError>> {
        let fault = |message: String, remedy| vec![LoadError { file: inside.to_owned(), line: 0, message, remedy }];
        if archive.len() < GZIP_HEADER {
            let message = if archive.is_empty() { "EOF" } else { "unexpected EOF" };
            return Err(fault(message.to_owned(), Some("the archive is cut off; fetch it again")));
        }
        if !archive.starts_with(&GZIP) {
            let remedy = "a packed chart is a .tgz file, as `helm package` makes it";
            return Err(fault("gzip: invalid header".to_owned(), Some(remedy)));
        }
        let limits = self.options.limits;
        let room = limits.archive_bytes.saturating_add(OVERHEAD * (1 + self.files_left as u64));
        let mut opened: Opened = Archive::new(Bounded { inner: MultiGzDecoder::new(archive), left: room });
        let entries = opened.entries().map_err(|error| fault(words(&error), None))?;
        let mut unpacking = Unpacking { loading: self, inside, left: limits.archive_bytes, faults: Vec::new() };
        let mut files = Vec::new();
        for entry in entries {
            let taken = entry.map_err(|error| Stop::End(words(&error))).and_then(|entry| unpacking.take(entry));
            match taken {
                Ok(file) => files.extend(file),
                Err(Stop::Entry) if unpacking.faults.len() < super::MAX_ERRORS => {}
                Err(Stop::Entry) => break,
                Err(Stop::End(message)) => {
                    unpacking.fault("", message, None);
                    break;
                }
            }
        }
        let faults = unpacking.faults;
        match (faults.is_empty(), files.is_empty()) {
            (false, _) => Err(faults),
            (true, true) => Err(fault("no files in chart archive".to_owned(), None)),
            (true, false) => Ok(files),
        }
    }
}

/// Why an entry gives no file.
enum Stop {
    /// It alone is wrong, which was noted.
    Entry,
    /// The archive cannot be read further.
    End(String),
}

struct Unpacking<'l> {
    loading: &'l mut Loading,
    inside: &'l str,
    left: u64,
    faults: Vec<LoadError>,
}

impl Unpacking<'_> {
    fn fault(&mut self, entry: &str, message: String, remedy: Option<&'static str>) {
        let file = match (self.inside, entry) {
            ("", entry) => entry.to_owned(),
            (inside, "") => inside.to_owned(),
            (inside, entry) => format!("{inside}:{entry}"),
        };
        self.faults.push(LoadError { file, line: 0, message, remedy });
    }

    fn refuse(&mut self, entry: &str, message: String, remedy: &'static str) -> Stop {
        self.fault(entry, message, Some(remedy));
        Stop::Entry
    }

    fn take(&mut self, mut entry: Entry<'_, Bounded<MultiGzDecoder<&[u8]>>>) -> Result<Option<ChartFile>, Stop> {
        let header = entry.header();
        let kind = header.entry_type();
        let marked_folder = header.mode().is_ok_and(|mode| mode & 0o170_000 == 0o040_000);
        let full = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let old_folder = header.as_bytes()[TYPE] == 0 && full.ends_with('/');
        if kind.is_dir() || marked_folder || old_folder || kind.is_pax_global_extensions() {
            return Ok(None);
        }
        let name = self.name(&full)?;
        if kind.is_symlink() || kind.is_hard_link() {
            self.link(&entry, &full)?;
        }
        let size = entry.size();
        self.room(&full, size)?;
        let mut data = Vec::new();
        // Reserved only as bytes come: the header's size is a claim.
        let read = entry.by_ref().take(size).read_to_end(&mut data);
        read.map_err(|error| Stop::End(words(&error)))?;
        if (data.len() as u64) < size && !kind.is_symlink() && !kind.is_hard_link() {
            return Err(Stop::End("unexpected EOF".to_owned()));
        }
        Ok(Some(ChartFile { name: name.into(), data: Content::from(Arc::from(data)).bare() }))
    }

    /// The path without the archive's own folder, if it is one inside it.
    fn name(&mut self, full: &str) -> Result<String, Stop> {
        let delimiter = if full.contains('\\') { '\\' } else { '/' };
        let (first, rest) = full.split_once(delimiter).unwrap_or((full, ""));
        let rest = rest.replace(delimiter, "/");
        let repack = "pack the chart again with `helm package`";
        if rest.starts_with('/') {
            return Err(self.refuse(full, "chart illegally contains absolute paths".to_owned(), repack));
        }
        let Some(name) = cleaned(&rest) else {
            return Err(self.refuse(full, "chart illegally references parent directory".to_owned(), repack));
        };
        if name.is_empty() {
            let message = format!("chart illegally contains content outside the base directory: {full:?}");
            return Err(self.refuse(full, message, "all files of an archive are in one folder, named like the chart"));
        }
        let drive = name.as_bytes();
        if matches!(drive, [letter, b':', b'/', ..] if letter.is_ascii_alphabetic()) {
            return Err(self.refuse(full, "chart contains illegally named files".to_owned(), repack));
        }
        if first == "Chart.yaml" {
            let message = "chart yaml not in base directory".to_owned();
            return Err(self.refuse(full, message, "all files of an archive are in one folder, named like the chart"));
        }
        Ok(name)
    }

    /// A link is an empty file, as for Helm; one that leads out of the archive is refused.
    fn link(&mut self, entry: &Entry<'_, impl Read>, full: &str) -> Result<(), Stop> {
        let target = entry.link_name_bytes().unwrap_or_default();
        let target = String::from_utf8_lossy(&target).replace('\\', "/");
        let folder = full.rsplit_once('/').map_or("", |(folder, _)| folder);
        let hard = entry.header().entry_type().is_hard_link();
        let reached = if hard { target.clone() } else { format!("{folder}/{target}") };
        if target.starts_with('/') || cleaned(&reached).is_none_or(|path| path.is_empty()) {
            let message = format!("chart illegally links to {target:?}, outside the archive");
            return Err(self.refuse(full, message, "put the file itself into the archive"));
        }
        let message = format!("{full} is a link to {target}; archives are read without links: it is taken as empty");
        self.loading.warnings.push(crate::Warning::new(self.inside, message));
        Ok(())
    }

    fn room(&mut self, full: &str, size: u64) -> Result<(), Stop> {
        let limits = self.loading.options.limits;
        let remedy = "leave large files out of the chart";
        if size > limits.file_bytes {
            let limit = limits.file_bytes;
            let message = format!("decompressed chart file {full:?} is larger than the maximum file size {limit}");
            return Err(self.refuse(full, message, remedy));
        }
        let Some(left) = self.left.checked_sub(size).filter(|left| *left > 0) else {
            let message = format!("decompressed chart is larger than the maximum size {}", limits.archive_bytes);
            self.fault(full, message, Some(remedy));
            return Err(Stop::End("the rest of the archive was not read".to_owned()));
        };
        self.left = left;
        self.loading.admit(size).map_err(|message| {
            self.fault(full, message, Some(remedy));
            Stop::End("the rest of the archive was not read".to_owned())
        })
    }
}

/// A path without `.`, `..` and empty parts; `None` if it leads out of its folder.
pub(super) fn cleaned(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// What went wrong, in Go's words where they are known.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => format!("gzip: invalid data: {error}"),
        _ => format!("archive/tar: invalid tar header: {error}"),
    }
}

/// Ends with an error behind so many bytes: a small archive does not become an endless one.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("the decompressed archive is larger than allowed"));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, Header};

    use super::super::{Limits, LoadOptions, from_archive};

    fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, data) in files {
            let mut header = Header::new_ustar();
            header.set_size(data.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, *data).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    const CHART: (&str, &[u8]) = ("a/Chart.yaml", b"{apiVersion: v2, name: a, version: 1.0.0}");

    fn refused(archive: &[u8], options: &LoadOptions) -> String {
        let errors = from_archive(archive, options).expect_err("the archive is refused");
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn bombs_do_not_go_off() {
        let large = vec![0; 6 << 20];
        let message = refused(&packed(&[CHART, ("a/large", &large)]), &LoadOptions::default());
        assert!(message.contains("is larger than the maximum file size 5242880"), "{message}");
        let small = Limits { archive_bytes: 10_000, ..Limits::default() };
        let half: &[u8] = &[0; 6_000];
        let message = refused(
            &packed(&[CHART, ("a/b", half), ("a/c", half)]),
            &LoadOptions { limits: small, ..LoadOptions::default() },
        );
        assert!(message.contains("decompressed chart is larger than the maximum size 10000"), "{message}");
        let inner = packed(&[CHART, ("a/x", &[0; 4000])]);
        let outer =
            packed(&[CHART, ("a/charts/a.tgz", &inner), ("a/charts/b.tgz", &inner), ("a/charts/c.tgz", &inner)]);
        let limits = Limits { chart_bytes: 9_000, ..Limits::default() };
        let message = refused(&outer, &LoadOptions { limits, ..LoadOptions::default() });
        assert!(message.contains("decompressed chart is larger than the maximum size 9000"), "{message}");
        let limits = Limits { files: 5, ..Limits::default() };
        let message = refused(&outer, &LoadOptions { limits, ..LoadOptions::default() });
        assert!(message.contains("maximum number of files 5"), "{message}");
        let mut header = GzEncoder::new(Vec::new(), Compression::fast());
        let mut name = Header::new_gnu();
        name.set_entry_type(tar::EntryType::GNULongName);
        name.set_size(1 << 40);
        name.set_cksum();
        header.write_all(name.as_bytes()).unwrap();
        header.write_all(&vec![b'a'; 4 << 20]).unwrap();
        let limits = Limits { files: 10, archive_bytes: 1 << 20, ..Limits::default() };
        let message = refused(&header.finish().unwrap(), &LoadOptions { limits, ..LoadOptions::default() });
        assert!(message.contains("larger than allowed") || message.contains("invalid"), "{message}");
    }

    #[test]
    fn charts_in_charts_end() {
        let mut archive = packed(&[CHART]);
        for _ in 0..30 {
            archive = packed(&[CHART, ("a/charts/a.tgz", &archive)]);
        }
        let message = refused(&archive, &LoadOptions::default());
        assert!(message.contains("charts are nested deeper than 24"), "{message}");
    }

    #[test]
    fn links_out_of_the_archive_are_refused() {
        for (target, accepted) in [
            ("b.yaml", true),
            ("../b.yaml", true),
            ("../../b.yaml", true),
            ("../../../b.yaml", false),
            ("/etc/passwd", false),
        ] {
            let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
            let mut header = Header::new_ustar();
            header.set_size(CHART.1.len() as u64);
            tar.append_data(&mut header, CHART.0, CHART.1).unwrap();
            let mut header = Header::new_ustar();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            tar.append_link(&mut header, "a/templates/a.yaml", target).unwrap();
            let archive = tar.into_inner().unwrap().finish().unwrap();
            let loaded = from_archive(&archive, &LoadOptions::default());
            assert_eq!(loaded.is_ok(), accepted, "{target}");
            if let Ok(chart) = loaded {
                assert!(chart.templates[0].data.is_empty() && chart.warnings.len() == 1, "{target}");
            }
        }
    }
}
