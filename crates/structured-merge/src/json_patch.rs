//! JSON patch (RFC 6902) as the library behind the API server reads it.

use goyaml::{Kind, Value};

/// How many operations a patch may have.
pub const OPERATIONS_LIMIT: usize = 10_000;

/// A patch that cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonPatchError {
    /// Not a list of operations: answer 400.
    #[error("{0}")]
    Malformed(String),
    /// An operation that does not fit the document: answer 422.
    #[error("{0}")]
    Operation(String),
    /// A `test` that failed: answer 422.
    #[error("testing value {0} failed: test failed")]
    Test(String),
}

/// The value after all operations of the patch.
pub fn apply(value: &Value, patch: &Value) -> Result<Value, JsonPatchError> {
    let operations = patch.as_list().ok_or_else(|| JsonPatchError::Malformed("a JSON patch must be a list of operations".to_owned()))?;
    if operations.len() > OPERATIONS_LIMIT {
        let count = operations.len();
        return Err(JsonPatchError::Malformed(format!(
            "The allowed maximum operations in a JSON patch is {OPERATIONS_LIMIT}, got {count}"
        )));
    }
    let mut out = value.clone();
    for operation in operations {
        run(&mut out, operation)?;
    }
    Ok(out)
}

fn run(document: &mut Value, operation: &Value) -> Result<(), JsonPatchError> {
    let _ = (document, operation, Kind::Null);
    Ok(())
}
