//! Keys, certificates, encryption and password hashes. Randomness and time are the host's; the rest is arithmetic, done here.
//!
//! What takes long is counted against the budget of steps at what it costs, so that no template can hang in it.

mod certificate;
mod cipher;
mod key;
mod password;

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};

use crate::host::Host;

pub(super) use self::certificate::TABLE as CERTIFICATES;
pub(super) use self::cipher::TABLE as CIPHERS;
pub(super) use self::key::TABLE as KEYS;
pub(super) use self::password::TABLE as PASSWORDS;

/// Random bytes as the libraries want them: SHA-256 over a seed of the host's and a counter. Making a key takes thousands of
/// draws until two primes are found; with a host whose draws repeat it would never end.
struct Random {
    seed: [u8; 32],
    counter: u64,
}

impl Random {
    fn new(host: &dyn Host) -> Self {
        let mut seed = [0; 32];
        host.random(&mut seed);
        Self { seed, counter: 0 }
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(32) {
            let block = Sha256::new().chain_update(self.seed).chain_update(self.counter.to_le_bytes()).finalize();
            part.copy_from_slice(&block[..part.len()]);
            self.counter = self.counter.wrapping_add(1);
        }
        Ok(())
    }
}

impl TryCryptoRng for Random {}
