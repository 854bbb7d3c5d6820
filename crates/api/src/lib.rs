//! The custom resources that Setpoint reads, one file a kind.
