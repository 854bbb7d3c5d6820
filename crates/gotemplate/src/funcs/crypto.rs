//! Keys, certificates, encryption and password hashes. Randomness and time are the host's; the rest is arithmetic, done here.
//!
//! What takes long is counted against the budget of steps at what it costs, so that no template can hang in it.

mod certificate;
mod cipher;
mod key;
mod password;

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

use crate::host::Host;

pub(super) use self::certificate::TABLE as CERTIFICATES;
pub(super) use self::cipher::TABLE as CIPHERS;
pub(super) use self::key::TABLE as KEYS;
pub(super) use self::password::TABLE as PASSWORDS;

/// The host's randomness, as the libraries want it.
struct Random<'h>(&'h dyn Host);

impl TryRng for Random<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.random(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random<'_> {}
