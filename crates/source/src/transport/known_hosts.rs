//! OpenSSH's `known_hosts` (sshd(8), "`SSH_KNOWN_HOSTS` FILE FORMAT"): which key a server must show.
//!
//! Plain, `[host]:port`, wildcard, negated and hashed names; `@revoked`. Lines with `@cert-authority` are
//! left aside: host certificates are not asked for.

use base64::{Engine, prelude::BASE64_STANDARD};
use gix::{
    bstr::ByteSlice,
    glob::{wildmatch, wildmatch::Mode},
};
use hmac::{Hmac, KeyInit, Mac};
use russh::keys::{Algorithm, HashAlg, PublicKey, parse_public_key_base64};
use sha1::Sha1;

use crate::address::SSH_PORT;

/// One line that is about the server.
#[derive(Debug)]
struct Known {
    /// From 1.
    line: usize,
    key: PublicKey,
    revoked: bool,
}

/// What `known_hosts` says of one server.
#[derive(Debug)]
pub(super) struct KnownHosts {
    known: Vec<Known>,
}

/// Whether a key shown by the server is the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Trusted,
    /// No line about this server.
    Unknown,
    /// This line names another key, or revokes this one.
    Changed(usize),
}

impl KnownHosts {
    /// Reads the lines of `text` about `host` and `port`.
    pub(super) fn parse(text: &str, host: &str, port: u16) -> Self {
        let name = display_name(host, port);
        let known = text.lines().enumerate().filter_map(|(index, line)| parse_line(line, &name, index + 1)).collect();
        Self { known }
    }

    /// Whether no line is about the server.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Judges a key.
    pub(super) fn verdict(&self, shown: &PublicKey) -> Verdict {
        let same = |known: &&Known| known.key.key_data() == shown.key_data();
        if let Some(revoked) = self.known.iter().filter(|known| known.revoked).find(same) {
            return Verdict::Changed(revoked.line);
        }
        let mut good = self.known.iter().filter(|known| !known.revoked);
        if good.clone().any(|known| same(&known)) {
            return Verdict::Trusted;
        }
        good.next().map_or(Verdict::Unknown, |known| Verdict::Changed(known.line))
    }

    /// The key types to ask the server for: those that are known, if any, so that a server with several
    /// keys shows the one that can be compared.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        let mut found = Vec::new();
        for known in self.known.iter().filter(|known| !known.revoked) {
            let offered = match known.key.algorithm() {
                Algorithm::Rsa { .. } => {
                    vec![Algorithm::Rsa { hash: Some(HashAlg::Sha512) }, Algorithm::Rsa { hash: Some(HashAlg::Sha256) }]
                }
                other => vec![other],
            };
            for algorithm in offered {
                if !found.contains(&algorithm) {
                    found.push(algorithm);
                }
            }
        }
        found
    }
}

/// The server's name as `known_hosts` has it.
pub(super) fn display_name(host: &str, port: u16) -> String {
    if port == SSH_PORT { host.to_owned() } else { format!("[{host}]:{port}") }
}

fn parse_line(line: &str, name: &str, number: usize) -> Option<Known> {
    let mut words = line.split_whitespace();
    let mut hosts = words.next().filter(|word| !word.starts_with('#'))?;
    let revoked = match hosts {
        "@revoked" => {
            hosts = words.next()?;
            true
        }
        marker if marker.starts_with('@') => return None,
        _ => false,
    };
    if !matches(hosts, name) {
        return None;
    }
    let key = parse_public_key_base64(words.nth(1)?).ok()?;
    Some(Known { line: number, key, revoked })
}

/// Whether the comma-separated patterns cover `name`: one must, and no negated one may.
fn matches(patterns: &str, name: &str) -> bool {
    let mut covered = false;
    for pattern in patterns.split(',') {
        if let Some(hashed) = pattern.strip_prefix("|1|") {
            covered |= hashed_matches(hashed, name);
            continue;
        }
        let (negated, pattern) = pattern.strip_prefix('!').map_or((false, pattern), |rest| (true, rest));
        if pattern_matches(pattern, name) {
            if negated {
                return false;
            }
            covered = true;
        }
    }
    covered
}

fn pattern_matches(pattern: &str, name: &str) -> bool {
    if pattern.eq_ignore_ascii_case(name) {
        return true;
    }
    // Only `*` and `?` are special here; brackets belong to `[host]:port`.
    if !pattern.contains(['*', '?']) {
        return false;
    }
    let escaped = pattern.to_ascii_lowercase().replace('[', "\\[");
    wildmatch(escaped.as_bytes().as_bstr(), name.as_bytes().as_bstr(), Mode::empty())
}

fn hashed_matches(hashed: &str, name: &str) -> bool {
    let Some((salt, hash)) = hashed.split_once('|') else {
        return false;
    };
    let (Ok(salt), Ok(hash)) = (BASE64_STANDARD.decode(salt), BASE64_STANDARD.decode(hash)) else {
        return false;
    };
    Hmac::<Sha1>::new_from_slice(&salt).is_ok_and(|mac| mac.chain_update(name).verify_slice(&hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const TWO: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILIG2T/B0l0gaqj3puu510tu9N1OkQ4znY3LYuEm5zCF";

    fn check(line: &str, host: &str, port: u16, expect: Verdict) {
        let shown = parse_public_key_base64(ONE.split(' ').nth(1).expect("a key")).expect("a key");
        assert_eq!(KnownHosts::parse(line, host, port).verdict(&shown), expect, "{line} for {host}:{port}");
    }

    #[test]
    fn verdicts() {
        check(&format!("git.example.org {ONE}"), "git.example.org", 22, Verdict::Trusted);
        check(&format!("git.example.org {ONE}"), "git.example.org", 2222, Verdict::Unknown);
        check(&format!("[git.example.org]:2222 {ONE}"), "git.example.org", 2222, Verdict::Trusted);
        check(&format!("# git.example.org {ONE}"), "git.example.org", 22, Verdict::Unknown);
        check(&format!("\ngit.example.org {TWO}"), "git.example.org", 22, Verdict::Changed(2));
        check(&format!("git.example.org {TWO}\ngit.example.org {ONE}"), "git.example.org", 22, Verdict::Trusted);
        check(&format!("@revoked * {ONE}\ngit.example.org {ONE}"), "git.example.org", 22, Verdict::Changed(1));
        check(&format!("*.example.org {ONE}"), "git.example.org", 22, Verdict::Trusted);
        check(&format!("[*.example.org]:2222 {ONE}"), "git.example.org", 2222, Verdict::Trusted);
        check(&format!("*.example.org,!git.example.org {ONE}"), "git.example.org", 22, Verdict::Unknown);
        check(&format!("@cert-authority * {ONE}"), "git.example.org", 22, Verdict::Unknown);
    }
}
