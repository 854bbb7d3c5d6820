//! Keys that cannot be used say so by name, without telling themselves.

use sops::keys::{AgeKeys, PgpKeys};
use sops::{Fresh, Keyring, MasterKey, Selection};

use crate::both_ways::counting;
use crate::cases::{NOW, key};

pub(crate) const CASES: &[(&str, fn())] = &[
    ("identities_that_cannot_be_used_are_named", identities_that_cannot_be_used_are_named),
    ("ssh_keys_that_cannot_be_used_are_named", ssh_keys_that_cannot_be_used_are_named),
    ("pgp_keys_that_are_none_are_refused", pgp_keys_that_are_none_are_refused),
    ("recipients_that_cannot_be_used_are_named", recipients_that_cannot_be_used_are_named),
    ("thresholds_that_do_not_fit_are_refused", thresholds_that_do_not_fit_are_refused),
];

fn identities_that_cannot_be_used_are_named() {
    let mut keys = AgeKeys::new();
    let text = "# note\n\nAGE-PLUGIN-YUBIKEY-1QQQQ\nAGE-SECRET-KEY-PQ-1QQQQ\nAGE-SECRET-KEY-1SECRET\nrubbish\n";
    let wrong = keys.add_identities(text).expect_err("none is right");
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    assert!(wrong[0].starts_with("line 3:") && wrong[0].contains("\"yubikey\""), "{wrong:?}");
    assert!(wrong[1].contains("post-quantum"), "{wrong:?}");
    assert!(!wrong.iter().any(|why| why.contains("SECRET-KEY-1SECRET") || why.contains("rubbish")), "{wrong:?}");
    let good = String::from_utf8(key("age1.txt")).expect("text");
    keys.add_identities(&format!("{good}\nrubbish\n")).expect_err("one is wrong");
    assert!(!keys.is_empty(), "the good one counts");
}

fn ssh_keys_that_cannot_be_used_are_named() {
    let mut keys = AgeKeys::new();
    let told = keys.add_ssh(&key("passphrase")).expect_err("it has a passphrase");
    assert!(told.contains("passphrase"), "{told}");
    keys.add_ssh(b"rubbish").expect_err("it is none");
    assert!(keys.is_empty());
}

fn pgp_keys_that_are_none_are_refused() {
    for text in
        [&b""[..], b"rubbish", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n"]
    {
        PgpKeys::new().add(text).expect_err("it is none");
    }
}

fn seal(groups: Vec<Vec<MasterKey>>, threshold: usize) -> Result<(), String> {
    let keyring = Keyring::new(vec![Box::new(AgeKeys::new()), Box::new(PgpKeys::new())]);
    let mut random = counting(3);
    let fresh = Fresh { now: NOW, random: &mut random };
    let whom = (groups, threshold, Selection::default());
    sops::encrypt(b"a: b\n", sops::Format::Yaml, whom, (&keyring, fresh)).map(drop).map_err(|error| error.to_string())
}

fn recipients_that_cannot_be_used_are_named() {
    let check = |key: MasterKey, expected: &str| {
        let told = seal(vec![vec![key]], 0).expect_err(expected);
        assert!(told.contains(expected), "{told}");
    };
    check(MasterKey::age("age1yubikey1qqqq"), "plugin \"yubikey\"");
    check(MasterKey::age("age1pq1qqqq"), "post-quantum");
    check(MasterKey::age("age1rubbish"), "no age recipient");
    check(MasterKey::age("ssh-dss AAAA"), "Ed25519 or RSA");
    check(MasterKey::pgp("7C67C18BFB611671166C431CE84D903568CBAED0"), "public key is not given");
    let config = "creation_rules: [{hc_vault_transit_uri: 'https://vault.example.org/v1/transit/keys/dev'}]";
    let rule = sops::config::Config::parse(config).and_then(|config| config.rule_for("x")).expect("it is right");
    let told = seal(rule.expect("there is one").groups, 0).expect_err("it is not built");
    assert!(told.contains("Vault transit") && told.contains("not supported yet"), "{told}");
    assert!(seal(Vec::new(), 0).is_err() && seal(vec![Vec::new()], 0).is_err());
}

fn thresholds_that_do_not_fit_are_refused() {
    let public = String::from_utf8(key("age1.txt")).expect("text");
    let recipient = public.lines().next().and_then(|line| line.rsplit(' ').next()).expect("it is there");
    let groups = vec![vec![MasterKey::age(recipient)]; 2];
    for threshold in [1, 3, 1000] {
        let told = seal(groups.clone(), threshold).expect_err("it does not fit");
        assert!(told.contains("does not fit 2 key groups"), "{told}");
    }
    seal(groups, 0).expect("all groups are needed where nothing is said");
}
