//! Base64, base32 and checksums. What cannot be decoded gives the words of the error as the value, as in Sprig.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::exec::Context;
use crate::registry::Type::Text;
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

const LETTERS32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn hex(bytes: &[u8]) -> Value {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    bytes.iter().flat_map(digits).collect::<Vec<u8>>().into()
}

fn b64enc(_: Cx, args: &[Value]) -> Outcome {
    Ok(STANDARD.encode(args.text(0)).into())
}

fn b64dec(_: Cx, args: &[Value]) -> Outcome {
    Ok(match decode64(args.text(0)) {
        Ok(bytes) => bytes.into(),
        Err(at) => format!("illegal base64 data at input byte {at}").into(),
    })
}

fn digit64(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// Newlines are skipped, bits behind the last byte are ignored. The error is the place where Go finds it.
pub(super) fn decode64(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut at = 0;
    let newlines = |mut at: usize| {
        while matches!(text.get(at), Some(b'\n' | b'\r')) {
            at += 1;
        }
        at
    };
    loop {
        let (mut bits, mut count) = (0u32, 0);
        while count < 4 {
            let Some(&byte) = text.get(at) else {
                return if count == 0 { Ok(out) } else { Err(at - count) };
            };
            at += 1;
            if let Some(digit) = digit64(byte) {
                bits = bits << 6 | digit;
                count += 1;
                continue;
            }
            if matches!(byte, b'\n' | b'\r') {
                continue;
            }
            if byte != b'=' || count < 2 {
                return Err(at - 1);
            }
            if count == 2 {
                at = newlines(at);
                match text.get(at) {
                    None => return Err(text.len()),
                    Some(b'=') => at += 1,
                    Some(_) => return Err(at - 1),
                }
            }
            at = newlines(at);
            if at < text.len() {
                return Err(at);
            }
            let bytes = (bits << (6 * (4 - count))).to_be_bytes();
            out.extend_from_slice(&bytes[1..count]);
            return Ok(out);
        }
        out.extend_from_slice(&bits.to_be_bytes()[1..]);
    }
}

fn b32enc(_: Cx, args: &[Value]) -> Outcome {
    let mut out = Vec::with_capacity(args.text(0).len() * 8 / 5 + 8);
    for chunk in args.text(0).chunks(5) {
        let mut block = [0u8; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let letters = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            let digit = usize::try_from(bits >> (35 - 5 * index) & 31).unwrap_or(0);
            out.push(if index < letters { LETTERS32[digit] } else { b'=' });
        }
    }
    Ok(out.into())
}

fn b32dec(_: Cx, args: &[Value]) -> Outcome {
    let text: Vec<u8> = args.text(0).iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    Ok(match decode32(&text) {
        Ok(bytes) => bytes.into(),
        Err(at) => format!("illegal base32 data at input byte {at}").into(),
    })
}

fn decode32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    let mut at = 0;
    while at < text.len() {
        let (mut bits, mut count) = (0u64, 0);
        while count < 8 {
            let Some(&byte) = text.get(at) else {
                return Err(at - count);
            };
            at += 1;
            let left = text.len() - at;
            if byte == b'=' && count >= 2 && left < 8 {
                padding32(text, at, count)?;
                at = text.len();
                break;
            }
            let Some(digit) = LETTERS32.iter().position(|letter| *letter == byte) else {
                return Err(at - 1);
            };
            bits = bits << 5 | digit as u64;
            count += 1;
        }
        let bytes = (bits << (5 * (8 - count))).to_be_bytes();
        out.extend_from_slice(&bytes[3..3 + count * 5 / 8]);
    }
    Ok(out)
}

fn padding32(text: &[u8], at: usize, count: usize) -> Result<(), usize> {
    let left = text.len() - at;
    if left + count < 7 {
        return Err(text.len());
    }
    for index in 0..7 - count {
        if text.get(at + index).is_some_and(|byte| *byte != b'=') {
            return Err(at + index - 1);
        }
    }
    if matches!(count, 1 | 3 | 6) { Err(at - 1) } else { Ok(()) }
}

fn sha1sum(_: Cx, args: &[Value]) -> Outcome {
    Ok(hex(&<Sha1 as sha1::Digest>::digest(args.text(0))))
}

fn sha256sum(_: Cx, args: &[Value]) -> Outcome {
    Ok(hex(&Sha256::digest(args.text(0))))
}

fn sha512sum(_: Cx, args: &[Value]) -> Outcome {
    Ok(hex(&Sha512::digest(args.text(0))))
}

fn adler32sum(_: Cx, args: &[Value]) -> Outcome {
    let (mut low, mut high) = (1u32, 0u32);
    for byte in args.text(0) {
        low = (low + u32::from(*byte)) % 65521;
        high = (high + low) % 65521;
    }
    Ok((high << 16 | low).to_string().into())
}

pub(super) const TABLE: &[Function] = &[
    fixed("b64enc", &[Text], b64enc),
    fixed("b64dec", &[Text], b64dec),
    fixed("b32enc", &[Text], b32enc),
    fixed("b32dec", &[Text], b32dec),
    fixed("sha1sum", &[Text], sha1sum),
    fixed("sha256sum", &[Text], sha256sum),
    fixed("sha512sum", &[Text], sha512sum),
    fixed("adler32sum", &[Text], adler32sum),
];
