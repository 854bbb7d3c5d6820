//! Git over its transports.
fn main() {}
