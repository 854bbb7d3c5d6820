//! Git's packet lines (`gitprotocol-common`), and the pack inside the side band.

use std::io::{self, Read};

/// The longest packet, with its four digits.
const MAX_PACKET: usize = 65_520;
/// Bytes of a pack. More is not a repository to deploy from.
const MAX_PACK: u64 = 8 << 30;

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// With its bytes; a line's newline is cut off by [`Packet::line`].
    Data(Vec<u8>),
    /// `0000`: end of a message.
    Flush,
    /// `0001`: end of a section.
    Delimiter,
    /// `0002`: end of a stateless answer.
    End,
}

impl Packet {
    /// The text of a data packet, without its newline.
    pub(super) fn line(&self) -> Option<String> {
        match self {
            Self::Data(bytes) => Some(String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned()),
            _ => None,
        }
    }
}

/// Reads one packet. An `ERR` packet is an error of kind `Other` with the server's words.
pub(super) fn read(input: &mut dyn Read) -> io::Result<Packet> {
    let mut digits = [0; 4];
    input.read_exact(&mut digits)?;
    let malformed = || {
        let shown = String::from_utf8_lossy(&digits).into_owned();
        io::Error::new(io::ErrorKind::InvalidData, format!("{shown:?} is not the length of a packet"))
    };
    let text = std::str::from_utf8(&digits).map_err(|_| malformed())?;
    let length = usize::from_str_radix(text, 16).map_err(|_| malformed())?;
    match length {
        0 => return Ok(Packet::Flush),
        1 => return Ok(Packet::Delimiter),
        2 => return Ok(Packet::End),
        3 => return Err(malformed()),
        longer if longer > MAX_PACKET => return Err(malformed()),
        _ => {}
    }
    let mut bytes = vec![0; length - 4];
    input.read_exact(&mut bytes)?;
    match bytes.strip_prefix(b"ERR ") {
        Some(words) => Err(io::Error::other(ServerSays(String::from_utf8_lossy(words).trim().to_owned()))),
        None => Ok(Packet::Data(bytes)),
    }
}

/// Words of the server about why it will not go on.
#[derive(Debug, thiserror::Error)]
#[error("the server says: {0}")]
pub(super) struct ServerSays(pub(super) String);

/// Appends one data packet.
pub(super) fn write(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(format!("{:04x}", text.len() + 4).as_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The pack inside packets with a side band: band 1 is the pack, 2 progress, 3 the server's last words.
pub(super) struct PackReader<'a> {
    input: &'a mut dyn Read,
    rest: Vec<u8>,
    at: usize,
    total: u64,
    done: bool,
    /// Why reading stopped: whoever reads the pack wraps the error beyond recognition.
    pub(super) failure: Option<io::Error>,
}

impl<'a> PackReader<'a> {
    pub(super) fn new(input: &'a mut dyn Read) -> Self {
        Self { input, rest: Vec::new(), at: 0, total: 0, done: false, failure: None }
    }

    /// Bytes of the pack so far.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    fn fill(&mut self) -> io::Result<()> {
        while self.at == self.rest.len() && !self.done {
            let Packet::Data(mut bytes) = read(self.input)? else {
                self.done = true;
                return Ok(());
            };
            match bytes.first() {
                Some(1) => {
                    self.total += bytes.len() as u64 - 1;
                    self.rest = bytes;
                    self.at = 1;
                }
                Some(3) => {
                    bytes.remove(0);
                    return Err(io::Error::other(ServerSays(String::from_utf8_lossy(&bytes).trim().to_owned())));
                }
                _ => {}
            }
            if self.total > MAX_PACK {
                return Err(io::Error::other(format!("the pack is larger than {MAX_PACK} bytes")));
            }
        }
        Ok(())
    }
}

impl Read for PackReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Err(error) = self.fill() {
            let told = io::Error::new(error.kind(), error.to_string());
            self.failure = Some(error);
            return Err(told);
        }
        let left = &self.rest[self.at..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &[u8], expect: Result<Packet, &str>) {
        let got = read(&mut &*input).map_err(|error| error.to_string());
        assert_eq!(got, expect.map_err(str::to_owned), "{}", String::from_utf8_lossy(input));
    }

    #[test]
    fn packets() {
        check(b"0000", Ok(Packet::Flush));
        check(b"0001", Ok(Packet::Delimiter));
        check(b"0002", Ok(Packet::End));
        check(b"0004", Ok(Packet::Data(Vec::new())));
        check(b"0006a\n", Ok(Packet::Data(b"a\n".to_vec())));
        check(b"0003", Err("\"0003\" is not the length of a packet"));
        check(b"<htm", Err("\"<htm\" is not the length of a packet"));
        check(b"fff1", Err("\"fff1\" is not the length of a packet"));
        check(b"000cERR gone", Err("the server says: gone"));
        check(b"0009a", Err("failed to fill whole buffer"));
    }

    #[test]
    fn the_pack_is_what_band_one_carries() {
        let mut input: &[u8] = b"0006\x02p0007\x01ab0006\x01c0000";
        let mut pack = Vec::new();
        PackReader::new(&mut input).read_to_end(&mut pack).expect("a whole pack");
        assert_eq!(pack, b"abc");
    }
}
