//! Passwords out of standard input.

use std::io::Read;

use crate::failure::Failure;

/// Standard input up to a limit of bytes, without its final line break. What cannot be read makes a failure of the kind that
/// `failed` makes of a message.
pub(crate) fn from_input(limit: u64, failed: fn(String) -> Failure) -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(limit).read_to_string(&mut text);
    read.map_err(|error| failed(format!("cannot read the password from standard input: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
