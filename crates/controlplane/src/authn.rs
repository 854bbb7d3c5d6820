//! Who calls: client certificates, bearer tokens, impersonation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};

use crate::config::Identity;
use crate::status::{ApiError, ApiResult};

/// Makes tokens and reads them back: identity and a keyed hash over it, so nothing needs to be kept.
#[derive(Debug)]
pub(crate) struct Tokens {
    key: [u8; 32],
}

const SEPARATOR: &str = "\n";
/// Length of the inner block of SHA-256.
const BLOCK: usize = 64;

impl Tokens {
    /// Tokens under this key.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A token for an identity.
    pub(crate) fn token_for(&self, identity: &Identity) -> String {
        let parts: Vec<&str> = std::iter::once(&identity.user).chain(&identity.groups).map(String::as_str).collect();
        let text = parts.join(SEPARATOR);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(self.sign(text.as_bytes())))
    }

    /// Whose token this is.
    pub(crate) fn identity_of(&self, token: &str) -> Option<Identity> {
        let (text, signature) = token.split_once('.')?;
        let (text, signature) = (URL_SAFE_NO_PAD.decode(text).ok()?, URL_SAFE_NO_PAD.decode(signature).ok()?);
        let expected = self.sign(&text);
        let differs = expected.iter().zip(&signature).fold(0, |sum, (left, right)| sum | (left ^ right));
        if signature.len() != expected.len() || differs != 0 {
            return None;
        }
        let text = String::from_utf8(text).ok()?;
        let mut parts = text.split(SEPARATOR).map(str::to_owned);
        Some(Identity { user: parts.next()?, groups: parts.collect() })
    }

    /// HMAC-SHA-256 (RFC 2104).
    fn sign(&self, text: &[u8]) -> [u8; 32] {
        let pad = |with: u8| {
            let mut block = [with; BLOCK];
            block.iter_mut().zip(self.key).for_each(|(byte, key)| *byte ^= key);
            block
        };
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
        Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
    }
}

/// The caller: certificate, else token; then whom it acts as. No caller is 401.
pub(crate) fn authenticate(
    tokens: impl Fn(&str) -> Option<Identity>,
    certificate: Option<Identity>,
    headers: &HeaderMap,
) -> ApiResult<Identity> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")));
    let caller =
        certificate.or_else(|| bearer.and_then(|token| tokens(token.trim()))).ok_or_else(ApiError::unauthorized)?;
    impersonate(caller, headers)
}

fn impersonate(caller: Identity, headers: &HeaderMap) -> ApiResult<Identity> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let groups: Vec<_> = headers
        .get_all("impersonate-group")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(str::to_owned)
        .collect();
    let Some(user) = text("impersonate-user") else {
        if !groups.is_empty() {
            return Err(ApiError::bad_request("requested [{Group}] without impersonating a user"));
        }
        return Ok(caller);
    };
    let account = user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    let groups = match account {
        Some((namespace, _)) if groups.is_empty() => {
            vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]
        }
        _ => groups,
    };
    Ok(Identity { user, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stand_for_their_identity_only() {
        let tokens = Tokens::new([7; 32]);
        let identity = Identity { user: "a".into(), groups: vec!["g".into(), "h".into()] };
        let token = tokens.token_for(&identity);
        assert_eq!(tokens.identity_of(&token), Some(identity));
        assert_eq!(Tokens::new([8; 32]).identity_of(&token), None);
        assert_eq!(tokens.identity_of(&token[1..]), None);
        assert_eq!(tokens.identity_of("x.y"), None);
    }
}
