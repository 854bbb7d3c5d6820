//! Who may see the pages: the one who has the printed address.
//!
//! The token is in the address that is printed at start. Opening it sets a session cookie, whose value is another
//! random text, and leaves the address bar without the token. All three secrets live as long as the program.

use std::fmt::Write as _;

/// Random bytes of each secret.
const SECRET_BYTES: usize = 16;

/// The secrets of one run.
pub(crate) struct Login {
    token: String,
    session: String,
    form: String,
    cookie: String,
}

impl Login {
    /// New secrets. Cookies do not tell ports apart, so that the cookie's name has to.
    pub(crate) fn new(port: u16) -> Result<Self, getrandom::Error> {
        Ok(Self { token: secret()?, session: secret()?, form: secret()?, cookie: format!("setpoint-{port}") })
    }

    /// The token of the printed address.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The token that every form carries, so that no other site can send one.
    pub(crate) fn form(&self) -> &str {
        &self.form
    }

    pub(crate) fn is_token(&self, text: &str) -> bool {
        same(&self.token, text)
    }

    pub(crate) fn is_form(&self, text: &str) -> bool {
        same(&self.form, text)
    }

    /// Whether the cookies of a request hold the session.
    pub(crate) fn is_session(&self, cookies: &str) -> bool {
        cookies
            .split(';')
            .filter_map(|cookie| cookie.trim().split_once('='))
            .any(|(name, value)| name == self.cookie && same(&self.session, value))
    }

    /// The value of `Set-Cookie` that starts the session.
    pub(crate) fn set_cookie(&self) -> String {
        format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie, self.session)
    }
}

fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    let mut text = String::with_capacity(2 * SECRET_BYTES);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// Compares in a time that does not tell where the texts differ.
fn same(secret: &str, given: &str) -> bool {
    let difference =
        secret.bytes().zip(given.bytes()).fold(0, |all, (left, right)| std::hint::black_box(all | (left ^ right)));
    difference == 0 && secret.len() == given.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_whole() {
        for (given, expect) in [("abc", true), ("abd", false), ("ab", false), ("abcd", false), ("", false)] {
            assert_eq!(same("abc", given), expect, "{given}");
        }
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let login = Login::new(9).expect("random numbers");
        let cookie = login.set_cookie();
        let pair = cookie.split(';').next().expect("a pair");
        assert!(login.is_session(pair));
        assert!(login.is_session(&format!("a=b; {pair}; setpoint-8=c")));
        assert!(!login.is_session(&pair.replace("setpoint-9", "setpoint-8")));
        assert!(!login.is_session(&format!("setpoint-9={}", login.token())));
        assert_ne!(login.token(), Login::new(9).expect("random numbers").token());
    }
}
