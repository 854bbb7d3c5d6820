//! What templates may ask of this machine: the time, randomness, time zones, and addresses where that is allowed.

use std::net::ToSocketAddrs;

use gotemplate::{Host, Instant};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// This machine, without a cluster.
pub(crate) struct World {
    /// Whether `getHostByName` asks the name servers.
    pub(crate) dns: bool,
}

impl Host for World {
    fn now(&self) -> Instant {
        let now = Timestamp::now();
        let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        Instant { seconds: now.as_second(), nanoseconds }
    }

    fn random(&self, bytes: &mut [u8]) {
        // Without randomness from the system no key could be trusted; getrandom fails on no system that we run on.
        getrandom::fill(bytes).expect("because every supported system has a source of randomness");
    }

    fn zone(&self, name: &str, at: Instant) -> Option<(i32, String)> {
        let zone = match name {
            "Local" => TimeZone::system(),
            "" | "UTC" => TimeZone::UTC,
            name => TimeZone::get(name).ok()?,
        };
        let at = Timestamp::new(at.seconds, i32::try_from(at.nanoseconds).ok()?).ok()?;
        let offset = zone.to_offset_info(at);
        Some((offset.offset().seconds(), offset.abbreviation().to_owned()))
    }

    fn address(&self, name: &str) -> String {
        if !self.dns {
            return String::new();
        }
        let found = (name, 0).to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
        found.map_or_else(String::new, |address| address.ip().to_string())
    }
}
