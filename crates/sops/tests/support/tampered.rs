//! Documents that were changed by someone without the key, cut, or written by something else.

use std::fs;

use sops::{Encrypted, Fault, Format, Keyring, MacCheck, SopsError};

use crate::both_ways::counting;
use crate::cases::{age, all, keyring, root};

pub(crate) const CASES: &[(&str, fn())] = &[
    ("a_changed_value_is_named_with_its_line", a_changed_value_is_named_with_its_line),
    ("a_moved_value_is_named_with_its_line", a_moved_value_is_named_with_its_line),
    ("plain_text_in_an_encrypted_place_is_refused", plain_text_in_an_encrypted_place_is_refused),
    ("a_changed_value_that_is_not_encrypted_breaks_the_mac", a_changed_value_that_is_not_encrypted_breaks_the_mac),
    ("a_removed_value_breaks_the_mac", a_removed_value_breaks_the_mac),
    ("a_document_without_mac_is_refused", a_document_without_mac_is_refused),
    ("a_changed_time_breaks_the_mac", a_changed_time_breaks_the_mac),
    ("a_version_that_is_none_is_refused", a_version_that_is_none_is_refused),
    ("without_the_key_each_recipient_is_told", without_the_key_each_recipient_is_told),
    ("too_few_key_groups_are_counted", too_few_key_groups_are_counted),
    ("documents_cut_anywhere_lose_nothing_in_silence", documents_cut_anywhere_lose_nothing_in_silence),
    ("mutated_documents_never_panic", mutated_documents_never_panic),
    ("costly_documents_end_soon", costly_documents_end_soon),
    ("no_text_tells_a_secret", no_text_tells_a_secret),
];

fn recorded(name: &str) -> String {
    fs::read_to_string(root().join("recorded").join(name)).expect("it was recorded")
}

fn open(text: &str, format: Format, keyring: &Keyring) -> Result<Vec<u8>, SopsError> {
    let document = Encrypted::read(text.as_bytes(), format)?.decrypt(keyring, MacCheck::Require)?;
    document.write(format, sops::Indents::default()).map(|text| text.to_vec())
}

fn refused(text: &str) -> SopsError {
    open(text, Format::Yaml, &keyring()).expect_err("it must be refused")
}

/// The line of a key in the recorded document, from 1.
fn line_of(text: &str, key: &str) -> u32 {
    let at = text.lines().position(|line| line.trim_start().starts_with(key)).expect("the key is there");
    u32::try_from(at + 1).expect("few lines")
}

fn password(text: &str) -> &str {
    text.lines().find(|line| line.contains("password:")).expect("it is there")
}

fn a_changed_value_is_named_with_its_line() {
    let text = recorded("age/comments.yaml");
    let line = password(&text);
    let at = line.find("data:").expect("encrypted") + 5;
    let other = if line.as_bytes()[at] == b'A' { "B" } else { "A" };
    let changed = text.replace(line, &format!("{}{other}{}", &line[..at], &line[at + 1..]));
    let error = refused(&changed);
    assert_eq!(error.line, Some(line_of(&text, "password:")), "{error}");
    assert!(matches!(&error.fault, Fault::Value { path, .. } if path == "stringData.password"), "{error}");
    assert!(error.remedy().is_some());
}

fn a_moved_value_is_named_with_its_line() {
    let text = recorded("age/comments.yaml");
    let moved = text.replace("    password:", "    passphrase:");
    let error = refused(&moved);
    assert_eq!(error.line, Some(line_of(&moved, "passphrase:")), "{error}");
}

fn plain_text_in_an_encrypted_place_is_refused() {
    let text = recorded("age/comments.yaml");
    for value in ["hunter2", "5", "[1]"] {
        let error = refused(&text.replace(password(&text), &format!("    password: {value}")));
        assert!(matches!(error.fault, Fault::Value { .. }), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

fn a_changed_value_that_is_not_encrypted_breaks_the_mac() {
    let text = recorded("age/suffix.yaml");
    let changed = text.replace("a_unencrypted: 1", "a_unencrypted: 2");
    assert_ne!(changed, text);
    assert!(matches!(refused(&changed).fault, Fault::MacMismatch));
    let ignored = Encrypted::read(changed.as_bytes(), Format::Yaml).expect("it can be read");
    ignored.decrypt(&keyring(), MacCheck::Ignore).expect("it is not looked at");
}

fn a_removed_value_breaks_the_mac() {
    let text = recorded("age/comments.yaml");
    let removed = text.replace(&format!("{}\n", password(&text)), "");
    assert!(matches!(refused(&removed).fault, Fault::MacMismatch));
}

fn a_document_without_mac_is_refused() {
    let text = recorded("age/comments.yaml");
    let mac = text.lines().find(|line| line.trim_start().starts_with("mac:")).expect("it is there");
    assert!(matches!(refused(&text.replace(mac, "")).fault, Fault::MacMissing));
    assert!(matches!(refused(&text.replace(mac, "    mac: x")).fault, Fault::MacUnreadable(_)));
}

fn a_changed_time_breaks_the_mac() {
    let text = recorded("age/comments.yaml");
    let line = text.lines().find(|line| line.contains("lastmodified:")).expect("it is there");
    let changed = text.replace(line, "    lastmodified: \"2001-01-01T00:00:00Z\"");
    assert!(matches!(refused(&changed).fault, Fault::MacUnreadable(_)));
    let error = refused(&text.replace(line, "    lastmodified: yesterday"));
    assert!(error.line.is_some() && error.to_string().contains("yesterday"), "{error}");
}

fn a_version_that_is_none_is_refused() {
    let text = recorded("age/comments.yaml");
    for version in ["next", "\"\"", "3", "3.x.1"] {
        let error = refused(&text.replace("version: 3.13.3", &format!("version: {version}")));
        assert!(matches!(error.fault, Fault::Version(_)), "{error}");
        assert_eq!(error.line, Some(line_of(&text, "version:")), "{error}");
    }
}

fn without_the_key_each_recipient_is_told() {
    let text = recorded("age/comments.yaml");
    let other = Keyring::new(vec![Box::new(age(&["age2.txt"]))]);
    for (keyring, why) in
        [(Keyring::default(), "no age identity is given"), (other, "no age identity that was given is for it")]
    {
        let error = open(&text, Format::Yaml, &keyring).expect_err("the key is another");
        let told = error.to_string();
        assert!(matches!(error.fault, Fault::NoDataKey(_)), "{told}");
        assert!(told.contains("age age1") && told.contains(why), "{told}");
    }
}

fn too_few_key_groups_are_counted() {
    let text = recorded("groups/comments.yaml");
    let one = Keyring::new(vec![Box::new(age(&["age2.txt"]))]);
    let told = open(&text, Format::Yaml, &one).expect_err("one group is not enough").to_string();
    assert!(told.contains("needs 2 of 3 key groups, and 1 can be opened"), "{told}");
    assert!(told.contains("pgp 7C67C18BFB611671166C431CE84D903568CBAED0"), "{told}");
    let two = Keyring::new(vec![Box::new(age(&["age2.txt", "age3.txt"]))]);
    open(&text, Format::Yaml, &two).expect("two groups are enough");
}

/// Places at which each recorded document is cut.
const CUTS: usize = 24;

fn documents_cut_anywhere_lose_nothing_in_silence() {
    let keyring = keyring();
    for case in all().into_iter().filter(|case| case.rule == "age") {
        let text = fs::read(case.recorded()).expect("it was recorded");
        for cut in 0..CUTS {
            let part = &text[..text.len() * cut / CUTS];
            let opened = Encrypted::read(part, case.format());
            let opened = opened.and_then(|document| document.decrypt(&keyring, MacCheck::Require));
            let Ok(document) = opened else { continue };
            // Each of several YAML documents carries the metadata, of which the first counts: the last can be cut unharmed.
            let found = document.write(case.format(), sops::Indents::default()).expect("it has a form");
            let whole = fs::read(case.decrypted()).expect("it was recorded");
            assert!(found.as_slice() == whole, "{} cut at {cut}/{CUTS} was decrypted", case.name());
        }
    }
}

/// Mutations of each recorded document of the age rule.
const MUTATIONS: usize = 60;

/// Bytes that mean something to one of the readers, or to none.
const MARKS: &[u8] = b"\n:#-[]{}\"'|&*!= \t\0\xFF";

fn mutated_documents_never_panic() {
    let keyring = Keyring::new(vec![Box::new(age(&["age1.txt"]))]);
    let mut random = counting(5);
    let mut draw = |below: usize| {
        let mut bytes = [0; 4];
        random(&mut bytes).expect("it has more");
        u32::from_be_bytes(bytes) as usize % below.max(1)
    };
    for case in all().into_iter().filter(|case| case.rule == "age") {
        let text = fs::read(case.recorded()).expect("it was recorded");
        for _ in 0..MUTATIONS {
            let mut changed = text.clone();
            for _ in 0..=draw(3) {
                let at = draw(changed.len());
                let to = (at + draw(40)).min(changed.len());
                match draw(5) {
                    0 if at < changed.len() => changed[at] = u8::try_from(draw(256)).expect("a byte"),
                    1 => drop(changed.drain(at..to)),
                    2 => changed.insert(at, MARKS[draw(MARKS.len())]),
                    3 => {
                        let copy = changed[at..to].to_vec();
                        let into = draw(changed.len());
                        changed.splice(into..into, copy);
                    }
                    _ => changed.truncate(at.max(1)),
                }
            }
            for format in [case.format(), Format::Yaml] {
                exercise(&changed, format, &keyring);
            }
        }
    }
}

/// Reads, decrypts and writes, whatever comes of it.
fn exercise(text: &[u8], format: Format, keyring: &Keyring) {
    let opened = Encrypted::read(text, format).and_then(|document| document.decrypt(keyring, MacCheck::Ignore));
    let Ok(document) = opened else { return };
    for format in [Format::Yaml, Format::Json, Format::Dotenv, Format::Ini, Format::Binary] {
        let _ = document.write(format, sops::Indents::default());
    }
}

fn no_text_tells_a_secret() {
    let text = recorded("age/comments.yaml");
    let document = Encrypted::read(text.as_bytes(), Format::Yaml).expect("it is right");
    let document = document.decrypt(&keyring(), MacCheck::Require).expect("it is ours");
    let told = format!("{document:?} {:?}", document.branches);
    assert!(!told.contains("hunter2") && !told.contains("c1"), "{told}");
}

/// Far more than any of them takes where it is read once.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

fn costly_documents_end_soon() {
    let mut random = counting(1);
    let mut plain = |name: &str, text: &str, format: Format, refused: bool| {
        let start = std::time::Instant::now();
        let fresh = sops::Fresh { now: crate::cases::NOW, random: &mut random };
        let whom = (Vec::new(), 0, sops::Selection::default());
        let error = sops::encrypt(text.as_bytes(), format, whom, (&Keyring::default(), fresh)).expect_err(name);
        // There is nobody to encrypt for: that is told of what could be read.
        assert_eq!(!matches!(error.fault, Fault::NoRecipients), refused, "{name}: {error}");
        assert!(start.elapsed() < PATIENCE, "{name} took {:?}", start.elapsed());
    };
    let levels =
        (1..9).map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(",")));
    let bomb = "a0: &a0 x\n".to_owned() + &levels.collect::<String>();
    plain("aliases", &bomb, Format::Yaml, true);
    let small =
        "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n";
    plain("aliases of many documents", &vec![small; 1_000].join("---\n"), Format::Yaml, true);
    let names = numbered(200_000, |number| format!("n{number} = 1"));
    plain("names of a section", &names, Format::Ini, false);
    plain("nested objects", &"{\"a\":".repeat(10_000), Format::Json, true);
    plain("nested lists", &format!("a: {}", "[".repeat(100_000)), Format::Yaml, true);
    plain("comments", &format!("a: 1\n{}b: 2\n", "# c\n\n".repeat(50_000)), Format::Yaml, false);
    plain(
        "dedented comments",
        &format!("a:\n  b:\n    c: 1\n{}d: 2\n", "   # c\n # d\n".repeat(50_000)),
        Format::Yaml,
        false,
    );
    let pieces = numbered(100_000, |number| format!("sops_age__list_{number}__map_enc=x"));
    let start = std::time::Instant::now();
    let read = Encrypted::read(pieces.as_bytes(), Format::Dotenv);
    assert!(read.is_err() && start.elapsed() < PATIENCE, "metadata took {:?}", start.elapsed());
}

/// So many lines.
fn numbered(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().join("\n")
}
