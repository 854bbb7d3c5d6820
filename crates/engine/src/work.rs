//! The work on deliveries: what the index orders is done here, and told back to the loop.

pub(crate) mod deliver;
pub(crate) mod heal;
mod ignored;
pub(crate) mod remove;
pub(crate) mod rendering;
pub(crate) mod report;
pub(crate) mod settle;
