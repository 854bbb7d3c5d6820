//! Signatures by SSH keys, as `git` makes them with `gpg.format=ssh`.

use russh::keys::ssh_key::{Algorithm, HashAlg, PublicKey, SshSig};

/// The purpose that Git writes into its signatures: one made for something else is none.
const NAMESPACE: &str = "git";
/// Options of a line whose meaning is not honoured, so that the line cannot be either.
const NOT_HONOURED: [&str; 4] = ["cert-authority", "valid-after", "valid-before", "expiry-time"];

/// A public key that may sign.
pub(super) struct Key(PublicKey);

/// Reads lines as in `authorized_keys` or in the file of `gpg.ssh.allowedSignersFile`.
pub(super) fn read(content: &[u8]) -> Result<Vec<Key>, String> {
    let text = std::str::from_utf8(content).map_err(|_| "it is no text".to_owned())?;
    let mut keys = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let found = key(line).map_err(|cause| format!("line {}: {cause}", at + 1))?;
        keys.extend(found.map(Key));
    }
    if keys.is_empty() {
        return Err("it holds no key for Git's signatures".to_owned());
    }
    Ok(keys)
}

/// The key of a line; none if it is for other purposes only.
fn key(line: &str) -> Result<Option<PublicKey>, String> {
    let words = words(line);
    let is_kind = |word: &&str| word.parse::<Algorithm>().is_ok_and(|kind| !matches!(kind, Algorithm::Other(_)));
    let at = words.iter().position(|word| is_kind(&word.as_str()));
    let (options, rest) = words.split_at(at.ok_or("it names no kind of SSH key, such as ssh-ed25519")?);
    let options: Vec<&str> = options.iter().flat_map(|word| split(word)).collect();
    for option in &options {
        let name = option.split('=').next().unwrap_or(option).to_ascii_lowercase();
        if NOT_HONOURED.contains(&name.as_str()) {
            return Err(format!("the option '{name}' cannot be honoured; write the key without it, or leave it out"));
        }
        if name == "namespaces" {
            let purposes = option.split_once('=').map_or("", |(_, value)| value.trim_matches('"'));
            if !purposes.split(',').any(|purpose| matches!(purpose, NAMESPACE | "*")) {
                return Ok(None);
            }
        }
    }
    let [kind, encoded, ..] = rest else { return Err("the key itself is missing".to_owned()) };
    PublicKey::from_openssh(&format!("{kind} {encoded}")).map(Some).map_err(|_| "it is no SSH public key".to_owned())
}

/// The words of a line; spaces inside of quotes part none.
fn words(line: &str) -> Vec<String> {
    parts(line, char::is_whitespace).into_iter().map(str::to_owned).collect()
}

/// The options of a word; commas inside of quotes part none.
fn split(word: &str) -> Vec<&str> {
    parts(word, |letter| letter == ',')
}

fn parts(text: &str, separates: impl Fn(char) -> bool) -> Vec<&str> {
    let mut quoted = false;
    let found = text.split(move |letter: char| {
        quoted ^= letter == '"';
        !quoted && separates(letter)
    });
    found.filter(|part| !part.is_empty()).collect()
}

/// Who signed the text: the fingerprint of the key.
pub(super) fn check(signature: &str, payload: &[u8], keys: &[Key]) -> Result<String, String> {
    let text = format!("{}\n", signature.trim());
    let signature = SshSig::from_pem(text).map_err(|error| format!("the signature is damaged: {error}"))?;
    if signature.namespace() != NAMESPACE {
        return Err(format!("the signature was made for '{}', not for Git", shown(signature.namespace())));
    }
    for Key(key) in keys {
        if key.verify(NAMESPACE, payload, &signature).is_ok() {
            return Ok(key.fingerprint(HashAlg::Sha256).to_string());
        }
    }
    let signer = PublicKey::from(signature.public_key().clone()).fingerprint(HashAlg::Sha256);
    let known = keys.iter().any(|Key(key)| key.key_data() == signature.public_key());
    Err(if known {
        format!(
            "the signature by {signer} does not fit: what was signed was changed, or the signature is of something else"
        )
    } else {
        format!("no matching key. It is signed by {signer}; add that key to the Secret if you trust it")
    })
}

/// What a stranger wrote, fit for a message.
fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJbCOXiIbgDzqxIaRJBrVL8tBXBSUMz8dzuSkeKrWHQG";

    fn count(text: &str) -> Result<usize, String> {
        read(text.as_bytes()).map(|keys| keys.len())
    }

    #[test]
    fn lines_of_both_sorts_of_files_are_read() {
        assert_eq!(count(&format!("# people\n\n{KEY} ada@example.org\n{KEY}\n")), Ok(2));
        assert_eq!(count(&format!("ada@example.org,b@c {KEY}\n")), Ok(1));
        assert_eq!(count(&format!("ada@example.org namespaces=\"file,git\" {KEY} comment")), Ok(1));
        assert_eq!(count(&format!("no-pty,command=\"echo, a b\" {KEY}")), Ok(1));
    }

    #[test]
    fn lines_that_cannot_be_honoured_are_named() {
        assert!(count(&format!("a@b namespaces=\"file\" {KEY}")).is_err_and(|cause| cause.contains("no key for Git")));
        for option in ["cert-authority", "valid-before=\"20300101\"", "no-pty,expiry-time=\"20300101\""] {
            let refused = count(&format!("a@b {option} {KEY}")).expect_err(option);
            assert!(refused.starts_with("line 1") && refused.contains("cannot be honoured"), "{refused}");
        }
        assert!(count("nonsense").is_err_and(|cause| cause.contains("no kind of SSH key")));
        assert!(count("ssh-ed25519").is_err_and(|cause| cause.contains("missing")));
        assert!(count("ssh-ed25519 AAAA").is_err_and(|cause| cause.contains("no SSH public key")));
    }
}
