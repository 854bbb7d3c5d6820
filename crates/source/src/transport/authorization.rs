//! The header that says who asks.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::header::HeaderValue;

use super::client::SettingFault;
use crate::request::Auth;

/// The value of `Authorization`; what an address says of user and password counts where there are no other credentials.
pub(crate) fn authorization(
    auth: &Auth,
    userinfo: Option<&(String, String)>,
) -> Result<Option<HeaderValue>, SettingFault> {
    let basic = |user: &str, password: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
    let text = match (auth, userinfo) {
        (Auth::Basic { username, password }, _) => basic(username, password),
        (Auth::Bearer(token), _) => format!("Bearer {}", token.trim()),
        (_, Some((user, password))) => basic(user, password),
        (_, None) => return Ok(None),
    };
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| SettingFault { what: "`bearerToken`", cause: "it has characters that no token has".to_owned() })?;
    value.set_sensitive(true);
    Ok(Some(value))
}
