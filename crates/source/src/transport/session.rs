//! A conversation with `git-upload-pack`: which references there are, and the objects that are missing.
//!
//! Version 2 of the protocol where the server has it, else version 0. Requests are whole in either: all
//! wants and haves and `done` at once, as the haves are the few commits fetched before.

use std::io::{self, BufReader, Read};

use gix::ObjectId;

use super::{
    Wire,
    packet::{self, PackReader, Packet},
};
use crate::error::SourceError;

/// References a server may have.
const MAX_REFS: usize = 2_000_000;
/// Lines of capabilities a server may send.
const MAX_CAPABILITIES: usize = 1000;
/// How we call ourselves.
const AGENT: &str = concat!("agent=setpoint/", env!("CARGO_PKG_VERSION"));

/// One reference of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ref {
    pub(crate) name: String,
    pub(crate) id: ObjectId,
    /// For an annotated tag the commit it stands for.
    pub(crate) peeled: Option<ObjectId>,
}

impl Ref {
    /// The commit meant.
    pub(crate) fn commit(&self) -> ObjectId {
        self.peeled.unwrap_or(self.id)
    }
}

/// What is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) want: ObjectId,
    /// The tag object that leads to it, where that is wanted too.
    pub(crate) tag: Option<ObjectId>,
    /// Commits that are here already, each without its history.
    pub(crate) haves: Vec<ObjectId>,
    /// Without the history; else with all of it.
    pub(crate) shallow: bool,
}

enum Version {
    /// With the references that came with the greeting.
    Zero(Vec<Ref>),
    Two,
}

/// An open conversation.
pub(crate) struct Session {
    wire: Box<dyn Wire>,
    version: Version,
    capabilities: Vec<String>,
    url: String,
}

impl Session {
    /// Reads the greeting.
    pub(crate) fn open(mut wire: Box<dyn Wire>, url: &str) -> Result<Self, SourceError> {
        let greeting = {
            let mut input = BufReader::new(wire.advertisement()?);
            greeting(&mut input)
        };
        let (version, capabilities) = greeting.map_err(|error| wire.explain("saying hello", &error))?;
        let session = Self { wire, version, capabilities, url: url.to_owned() };
        if session.capability("object-format").is_some_and(|format| format != "sha1") {
            return Err(session.wrong("saying hello", "its objects are named by SHA-256, which is not supported"));
        }
        Ok(session)
    }

    /// The references whose names start with one of `prefixes`.
    pub(crate) fn list(&mut self, prefixes: &[&str]) -> Result<Vec<Ref>, SourceError> {
        if let Version::Zero(refs) = &self.version {
            let wanted = |found: &&Ref| prefixes.iter().any(|prefix| found.name.starts_with(prefix));
            return Ok(refs.iter().filter(wanted).cloned().collect());
        }
        let mut request = Vec::new();
        packet::write(&mut request, "command=ls-refs\n");
        self.write_v2_head(&mut request);
        packet::write(&mut request, "peel\n");
        for prefix in prefixes {
            packet::write(&mut request, &format!("ref-prefix {prefix}\n"));
        }
        request.extend_from_slice(b"0000");
        let listed = {
            let mut input = BufReader::new(self.wire.call(request)?);
            v2_references(&mut input)
        };
        listed.map_err(|error| self.wire.explain("listing references", &error))
    }

    /// Whether a commit that no reference points at may be asked for.
    pub(crate) fn gives_any_commit(&self) -> bool {
        matches!(self.version, Version::Two)
            || ["allow-any-sha1-in-want", "allow-reachable-sha1-in-want"]
                .iter()
                .any(|name| self.capabilities.iter().any(|have| have == name))
    }

    /// Asks for objects and hands the pack to `consume`. Gives the pack's size in bytes.
    pub(crate) fn pack(
        &mut self,
        ask: &Ask,
        consume: impl FnOnce(&mut dyn io::BufRead) -> Result<(), SourceError>,
    ) -> Result<u64, SourceError> {
        let request = match self.version {
            Version::Two => self.v2_request(ask),
            Version::Zero(_) => self.v0_request(ask),
        };
        let is_v2 = matches!(self.version, Version::Two);
        let outcome = {
            let mut input = BufReader::new(self.wire.call(request)?);
            receive(&mut input, is_v2, ask.shallow, consume)
        };
        outcome.map_err(|stop| match stop {
            Stop::Wire(error) if error.to_string().contains("not our ref") => SourceError::NoSuchReference {
                url: self.url.clone(),
                kind: "commit",
                name: ask.want.to_string(),
                there_are: " that it lets us see".to_owned(),
            },
            Stop::Wire(error) => self.wire.explain("receiving objects", &error),
            Stop::Consumer(error) => error,
        })
    }

    fn v2_request(&self, ask: &Ask) -> Vec<u8> {
        let mut request = Vec::new();
        packet::write(&mut request, "command=fetch\n");
        self.write_v2_head(&mut request);
        packet::write(&mut request, "no-progress\n");
        packet::write(&mut request, "ofs-delta\n");
        if !ask.haves.is_empty() {
            packet::write(&mut request, "thin-pack\n");
        }
        write_depth(&mut request, ask);
        for want in [Some(ask.want), ask.tag].into_iter().flatten() {
            packet::write(&mut request, &format!("want {want}\n"));
        }
        for have in &ask.haves {
            packet::write(&mut request, &format!("have {have}\n"));
        }
        packet::write(&mut request, "done\n");
        request.extend_from_slice(b"0000");
        request
    }

    fn v0_request(&self, ask: &Ask) -> Vec<u8> {
        let mut request = Vec::new();
        let wished = ["side-band-64k", "ofs-delta", "no-progress", "thin-pack"];
        let mut capabilities = String::new();
        for name in wished {
            if self.capabilities.iter().any(|have| have == name) && (name != "thin-pack" || !ask.haves.is_empty()) {
                capabilities.push(' ');
                capabilities.push_str(name);
            }
        }
        packet::write(&mut request, &format!("want {}{capabilities} {AGENT}\n", ask.want));
        if let Some(tag) = ask.tag {
            packet::write(&mut request, &format!("want {tag}\n"));
        }
        write_depth(&mut request, ask);
        request.extend_from_slice(b"0000");
        for have in &ask.haves {
            packet::write(&mut request, &format!("have {have}\n"));
        }
        packet::write(&mut request, "done\n");
        request
    }

    fn write_v2_head(&self, request: &mut Vec<u8>) {
        packet::write(request, &format!("{AGENT}\n"));
        if self.capability("object-format").is_some() {
            packet::write(request, "object-format=sha1\n");
        }
        request.extend_from_slice(b"0001");
    }

    fn capability(&self, name: &str) -> Option<&str> {
        self.capabilities.iter().find_map(|have| have.strip_prefix(name)?.strip_prefix('='))
    }

    fn wrong(&self, doing: &'static str, cause: &str) -> SourceError {
        SourceError::Protocol { url: self.url.clone(), doing, cause: cause.to_owned() }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.wire.is_persistent() {
            // The server then ends in peace instead of complaining in its log; no matter if it is gone.
            drop(self.wire.call(b"0000".to_vec()));
        }
    }
}

fn write_depth(request: &mut Vec<u8>, ask: &Ask) {
    for have in &ask.haves {
        packet::write(request, &format!("shallow {have}\n"));
    }
    if ask.shallow {
        packet::write(request, "deepen 1\n");
    }
}

/// Who stopped the reception.
enum Stop {
    Wire(io::Error),
    Consumer(SourceError),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Wire(error)
    }
}

fn receive(
    input: &mut dyn Read,
    is_v2: bool,
    shallow: bool,
    consume: impl FnOnce(&mut dyn io::BufRead) -> Result<(), SourceError>,
) -> Result<u64, Stop> {
    if is_v2 {
        skip_to_pack(input)?;
    } else {
        if shallow {
            while packet::read(input)? != Packet::Flush {}
        }
        packet::read(input)?; // ACK or NAK
    }
    let mut pack = BufReader::new(PackReader::new(input));
    let consumed = consume(&mut pack);
    let mut reader = pack.into_inner();
    if let Some(failure) = reader.failure.take() {
        return Err(Stop::Wire(failure));
    }
    consumed.map_err(Stop::Consumer)?;
    io::copy(&mut reader, &mut io::sink())?;
    Ok(reader.total())
}

/// Skips the sections before `packfile`.
fn skip_to_pack(input: &mut dyn Read) -> io::Result<()> {
    loop {
        match packet::read(input)? {
            packet if packet.line().as_deref() == Some("packfile") => return Ok(()),
            Packet::Flush | Packet::End => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer has no pack"));
            }
            _ => {}
        }
    }
}

/// Reads the first message: version, capabilities, and in version 0 all references.
fn greeting(input: &mut dyn Read) -> io::Result<(Version, Vec<String>)> {
    let mut first = packet::read(input)?;
    if first.line().is_some_and(|line| line.starts_with("# service=")) {
        while packet::read(input)? != Packet::Flush {}
        first = packet::read(input)?;
    }
    if first.line().as_deref() == Some("version 1") {
        first = packet::read(input)?;
    }
    if first.line().as_deref() != Some("version 2") {
        return v0_references(first, input);
    }
    let mut capabilities = Vec::new();
    while let Some(line) = packet::read(input)?.line() {
        capabilities.push(line);
        if capabilities.len() > MAX_CAPABILITIES {
            return Err(malformed("too many capabilities"));
        }
    }
    Ok((Version::Two, capabilities))
}

fn v0_references(first: Packet, input: &mut dyn Read) -> io::Result<(Version, Vec<String>)> {
    let mut refs: Vec<Ref> = Vec::new();
    let mut capabilities = Vec::new();
    let mut packet = first;
    while let Some(line) = packet.line() {
        let reference = match line.split_once('\0') {
            Some((reference, list)) => {
                capabilities = list.split_whitespace().map(str::to_owned).collect();
                reference
            }
            None => &line,
        };
        let (id, name) = reference.split_once(' ').ok_or_else(|| malformed(reference))?;
        let id = object_id(id)?;
        match name.strip_suffix("^{}") {
            Some("capabilities") => {}
            Some(tag) => {
                if let Some(tag) = refs.last_mut().filter(|last| last.name == tag) {
                    tag.peeled = Some(id);
                }
            }
            None => refs.push(Ref { name: name.to_owned(), id, peeled: None }),
        }
        bounded(refs.len())?;
        packet = packet::read(input)?;
    }
    Ok((Version::Zero(refs), capabilities))
}

fn v2_references(input: &mut dyn Read) -> io::Result<Vec<Ref>> {
    let mut refs = Vec::new();
    while let Some(line) = packet::read(input)?.line() {
        let mut words = line.split(' ');
        let (Some(id), Some(name)) = (words.next(), words.next()) else {
            return Err(malformed(&line));
        };
        if id == "unborn" {
            continue;
        }
        let peeled = words.find_map(|word| word.strip_prefix("peeled:")).map(object_id).transpose()?;
        refs.push(Ref { name: name.to_owned(), id: object_id(id)?, peeled });
        bounded(refs.len())?;
    }
    Ok(refs)
}

fn bounded(count: usize) -> io::Result<()> {
    if count > MAX_REFS {
        return Err(malformed(&format!("more than {MAX_REFS} references")));
    }
    Ok(())
}

fn object_id(text: &str) -> io::Result<ObjectId> {
    ObjectId::from_hex(text.as_bytes()).map_err(|_| malformed(text))
}

fn malformed(what: &str) -> io::Error {
    let what: String = what.chars().take(80).collect();
    io::Error::new(io::ErrorKind::InvalidData, format!("it sent {what:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_zero_tells_references_at_once() {
        let id = "1".repeat(40);
        let tag = "2".repeat(40);
        let mut text = Vec::new();
        packet::write(&mut text, &format!("{id} HEAD\0thin-pack side-band-64k\n"));
        packet::write(&mut text, &format!("{tag} refs/tags/v1\n"));
        packet::write(&mut text, &format!("{id} refs/tags/v1^{{}}\n"));
        text.extend_from_slice(b"0000");
        let (version, capabilities) = greeting(&mut text.as_slice()).expect("a greeting");
        assert_eq!(capabilities, ["thin-pack", "side-band-64k"]);
        let Version::Zero(refs) = version else { panic!("version 0") };
        assert_eq!(refs.len(), 2);
        assert_eq!(refs[1].commit().to_string(), id);
    }

    #[test]
    fn an_empty_repository_has_no_references() {
        let mut text = Vec::new();
        packet::write(&mut text, &format!("{} capabilities^{{}}\0thin-pack\n", "0".repeat(40)));
        text.extend_from_slice(b"0000");
        let (version, _) = greeting(&mut text.as_slice()).expect("a greeting");
        assert!(matches!(version, Version::Zero(refs) if refs.is_empty()));
    }
}
