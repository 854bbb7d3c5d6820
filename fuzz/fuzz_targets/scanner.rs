//! Any text through the scanner, both dialects, and what was read through both emitters and back.
#![no_main]

use goyaml::{Dialect, Duplicates, Limits, ParseOptions, Profile, emit_as, parse_documents, parse_first};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let limits = Limits { bytes: 1 << 16, depth: 100, nodes: 50_000 };
    for (dialect, duplicate_keys) in [(Dialect::V2, Duplicates::LastWins), (Dialect::V3, Duplicates::Refuse)] {
        let options = ParseOptions { dialect, duplicate_keys, limits, ..ParseOptions::default() };
        let _ = parse_first(text, &options);
        for document in parse_documents(text, &options).unwrap_or_default() {
            let _ = emit_as(&document.value, Profile::Pretty);
            let Ok(written) = emit_as(&document.value, Profile::ToYaml) else { continue };
            let again = parse_first(&written, &ParseOptions { dialect: Dialect::V2, ..ParseOptions::default() });
            assert!(again.is_ok(), "what was written is not read again: {written:?}");
        }
    }
});
