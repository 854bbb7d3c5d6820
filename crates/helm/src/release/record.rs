//! The text of a release: JSON, packed with gzip, as base64.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{Release, ShapeError};

/// Bytes of a record's JSON. Helm has no such limit; a Secret of 1 MiB could be unpacked to a thousand times that.
pub const MAX_RECORD_BYTES: u64 = 64 << 20;
/// What a packed record starts with. Early releases of Helm did not pack them.
const GZIP: [u8; 3] = [0x1F, 0x8B, 0x08];

/// A text that is no release.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// The outermost layer is broken.
    #[error("it is no base64: {0}")]
    Base64(#[source] base64::DecodeError),
    /// The middle layer is broken.
    #[error("it cannot be unpacked: {0}")]
    Gzip(#[source] std::io::Error),
    /// It grows too large.
    #[error("it unpacks to more than {MAX_RECORD_BYTES} bytes")]
    TooLarge,
    /// The innermost layer is broken.
    #[error(transparent)]
    Json(#[from] goyaml::json::JsonError),
    /// It is JSON of something else.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// The JSON of a release, as Go writes it.
pub fn to_json(release: &Release) -> String {
    goyaml::json::to_go_struct_string(&release.to_value())
}

/// Packs a release.
///
/// ```
/// use helm::release::{Release, record};
///
/// // Records without gzip are read too.
/// let text = "eyJuYW1lIjoid2ViIiwidmVyc2lvbiI6M30=";
/// let release: Release = record::decode(text).unwrap();
/// assert_eq!((release.name.as_str(), release.version), ("web", 3));
/// assert_eq!(record::decode(&record::encode(&release)).unwrap(), release);
/// ```
pub fn encode(release: &Release) -> String {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let _ = packed.write_all(to_json(release).as_bytes());
    BASE64.encode(packed.finish().unwrap_or_default())
}

/// Reads a release.
///
/// # Errors
/// Which layer is broken.
pub fn decode(text: &str) -> Result<Release, RecordError> {
    Ok(Release::from_value(&goyaml::json::parse(&unpack(text)?)?)?)
}

/// The JSON of a packed release.
///
/// # Errors
/// Which layer is broken.
pub fn unpack(text: &str) -> Result<Vec<u8>, RecordError> {
    if text.is_empty() {
        return Err(RecordError::Empty);
    }
    // Go's decoder skips line breaks.
    let text: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let data = BASE64.decode(text).map_err(RecordError::Base64)?;
    if data.len() > GZIP.len() && data.starts_with(&GZIP) { inflate(&data) } else { Ok(data) }
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, RecordError> {
    let mut data = Vec::new();
    MultiGzDecoder::new(packed).take(MAX_RECORD_BYTES + 1).read_to_end(&mut data).map_err(RecordError::Gzip)?;
    if data.len() as u64 > MAX_RECORD_BYTES {
        return Err(RecordError::TooLarge);
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(data: &[u8]) -> String {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(data).expect("into memory");
        BASE64.encode(packed.finish().expect("into memory"))
    }

    fn refused(text: &str, expect: &str) {
        let error = decode(text).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error}");
    }

    #[test]
    fn each_layer_can_be_broken() {
        refused("", "it is empty");
        refused("!", "no base64");
        refused(&BASE64.encode([0x1F, 0x8B, 0x08, 0, 1, 2]), "cannot be unpacked");
        refused(&packed(b"{"), "not valid JSON");
        refused(&packed(b"[]"), "the record should be an object");
        refused(&packed(br#"{"name":1}"#), "name of the record should be text");
        refused(&packed(br#"{"info":{"deleted":"soon"}}"#), "deleted of info should be a time");
        refused(&packed(br#"{"hooks":[{"events":[1]}]}"#), "events of a hook should be a list of texts");
        refused(&packed(br#"{"version":"1"}"#), "version of the record should be a whole number");
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = vec![b' '; usize::try_from(MAX_RECORD_BYTES).expect("small") + 1];
        refused(&packed(&bomb), "unpacks to more than 67108864 bytes");
    }

    #[test]
    fn line_breaks_do_not_count() {
        let text = packed(br#"{"name":"web"}"#);
        let broken = format!("{}\n{}\r\n", &text[..8], &text[8..]);
        assert_eq!(decode(&broken).expect("a record").name, "web");
    }
}
