//! Any bytes as a document of any format: reading ends, and what is read as plain is written and read again the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sops::{Encrypted, Format, Fresh, Indents, Keyring, MacCheck, Selection, SopsError};

const FORMATS: [Format; 5] = [Format::Yaml, Format::Json, Format::Dotenv, Format::Ini, Format::Binary];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    let format = FORMATS[usize::from(*first) % FORMATS.len()];
    let keyring = Keyring::default();
    if let Ok(document) = Encrypted::read(text, format) {
        let _ = document.write(format, Indents::default());
        let _ = document.decrypt(&keyring, MacCheck::Ignore);
    }
    let mut random = |bytes: &mut [u8]| -> Result<(), SopsError> {
        bytes.fill(7);
        Ok(())
    };
    let fresh = Fresh { now: "2026-01-01T00:00:00Z", random: &mut random };
    // There is nobody to encrypt for, so that this ends behind the reader of plain texts.
    let _ = sops::encrypt(text, format, (Vec::new(), 0, Selection::default()), (&keyring, fresh));
});
