//! Rules over whole objects.
