//! The pages, one a file: functions of a [`View`](crate::view::View).

pub(crate) mod deliveries;
pub(crate) mod delivery;
pub(crate) mod delivery_past;
pub(crate) mod drawing;
pub(crate) mod drift;
pub(crate) mod layout;
pub(crate) mod object;
pub(crate) mod overview;
pub(crate) mod source;
pub(crate) mod tree;
pub(crate) mod trouble;
