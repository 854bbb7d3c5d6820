//! A document of one tool in the hands of the other.

use std::fs;

use libtest_mimic::Failed;
use sops::{Encrypted, Fresh, MacCheck, SopsError, Text};

use crate::cases::{Case, NOW, keyring, normalized};
use crate::real::Real;

/// Bytes that are the same at every run.
pub(crate) fn counting(seed: u64) -> impl FnMut(&mut [u8]) -> Result<(), SopsError> {
    let mut state = seed | 1;
    move |bytes| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.to_be_bytes()[0];
        }
        Ok(())
    }
}

fn same(found: &[u8], expected: &[u8]) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (String::from_utf8_lossy(found), String::from_utf8_lossy(expected));
    Err(format!("expected\n{expected}\nfound\n{found}").into())
}

fn read(path: &std::path::Path) -> Vec<u8> {
    fs::read(path).expect("it was recorded")
}

fn open(text: &[u8], case: &Case) -> Result<Text, SopsError> {
    let document = Encrypted::read(text, case.format())?.decrypt(&keyring(), MacCheck::Require)?;
    document.write(case.format(), case.indents())
}

/// What the real sops encrypted comes out as it prints it.
pub(crate) fn decrypts(case: &Case) -> Result<(), Failed> {
    let found = open(&read(&case.recorded()), case).map_err(|error| error.to_string())?;
    same(&found, &read(&case.decrypted()))
}

fn seal(case: &Case) -> Result<Text, SopsError> {
    let config = case.config();
    let rule = config.rule_for(&case.file)?.expect("there are rules");
    let whom = (rule.groups, rule.threshold, rule.selection);
    let mut random = counting(7);
    let fresh = Fresh { now: NOW, random: &mut random };
    sops::encrypt(&read(&case.plain()), case.format(), whom, (&keyring(), fresh))?.write(case.format(), config.indents)
}

/// What we encrypt has the layout of what the real sops encrypted, and we read it.
pub(crate) fn encrypts(case: &Case) -> Result<(), Failed> {
    let sealed = seal(case).map_err(|error| error.to_string())?;
    same(normalized(&sealed).as_bytes(), normalized(&read(&case.recorded())).as_bytes())?;
    let found = open(&sealed, case).map_err(|error| error.to_string())?;
    // A comment that moved to another key by being written cannot be decrypted there, by neither tool.
    same(normalized(&found).as_bytes(), normalized(&read(&case.decrypted())).as_bytes())
}

/// The real sops reads what we encrypted, at first, with a new data key, and for other keys.
pub(crate) fn read_by(case: &Case, real: &Real) -> Result<(), Failed> {
    let told = |error: SopsError| error.to_string();
    let sealed = seal(case).map_err(told)?;
    let expected = normalized(&read(&case.decrypted()));
    let check = |text: &[u8]| same(normalized(&real.run(case, "decrypt", text)?).as_bytes(), expected.as_bytes());
    check(&sealed)?;
    let mut random = counting(11);
    let opened = Encrypted::read(&read(&case.recorded()), case.format()).map_err(told)?;
    let opened = opened.decrypt(&keyring(), MacCheck::Require).map_err(told)?;
    let rotated = opened.rotate(&keyring(), |_| {}, Fresh { now: NOW, random: &mut random }).map_err(told)?;
    check(&rotated.write(case.format(), case.indents()).map_err(told)?)?;
    let mut updated = Encrypted::read(&read(&case.recorded()), case.format()).map_err(told)?;
    let groups = case.config().rule_for(&case.file).map_err(told)?.expect("there are rules").groups;
    let fresh = Fresh { now: NOW, random: &mut random };
    updated.update_keys(&keyring(), (groups, None), fresh).map_err(told)?;
    check(&updated.write(case.format(), case.indents()).map_err(told)?)
}
