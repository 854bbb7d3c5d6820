//! JSON patch (RFC 6902) as the library behind the API server reads it.
//!
//! That library is laxer than the standard: negative indices count from the end, `replace` may add a field, and a missing
//! `value` is null.

use goyaml::{Kind, Map, Value};

/// How many operations a patch may have.
pub const OPERATIONS_LIMIT: usize = 10_000;
/// How many bytes all `copy` operations of a patch may add.
pub const COPY_LIMIT: usize = 3 * 1024 * 1024;

/// A patch that cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonPatchError {
    /// Not a list of operations: answer 400.
    #[error("{0}")]
    Malformed(String),
    /// Too many operations: answer 413.
    #[error("The allowed maximum operations in a JSON patch is {OPERATIONS_LIMIT}, got {0}")]
    TooMany(usize),
    /// An operation that does not fit the document, or a test that fails: answer 422.
    #[error("{0}")]
    Operation(String),
}

type Outcome<T> = Result<T, String>;

const MISSING: &str = "missing value";

/// The value after all operations of the patch.
pub fn apply(value: &Value, patch: &Value) -> Result<Value, JsonPatchError> {
    let operations = patch
        .as_list()
        .ok_or_else(|| JsonPatchError::Malformed("a JSON patch must be a list of operations".to_owned()))?;
    if operations.len() > OPERATIONS_LIMIT {
        return Err(JsonPatchError::TooMany(operations.len()));
    }
    if operations.iter().any(|operation| operation.as_map().is_none() && !operation.is_null()) {
        return Err(JsonPatchError::Malformed("every operation of a JSON patch must be an object".to_owned()));
    }
    let mut document = Document { root: value.clone(), copied: 0 };
    for operation in operations {
        document.run(operation).map_err(JsonPatchError::Operation)?;
    }
    Ok(document.root)
}

struct Document {
    root: Value,
    copied: usize,
}

impl Document {
    fn run(&mut self, operation: &Value) -> Outcome<()> {
        let path = text(operation, "path").ok_or_else(|| format!("operation missing path field: {MISSING}"));
        let from = text(operation, "from").ok_or_else(|| format!("operation, missing from field: {MISSING}"));
        let value = operation.get("value").cloned().unwrap_or_default();
        let decoded = |name: &str, part: &str, result: Outcome<String>| {
            result.map_err(|error| format!("{name} operation failed to decode {part}: {error}"))
        };
        let plain = |name: &str, result: Outcome<String>| {
            result.map_err(|_| format!("{name} operation failed to decode path: {MISSING}"))
        };
        match text(operation, "op").as_deref().unwrap_or("unknown") {
            "add" => self.add(&plain("add", path)?, value),
            "remove" => self.remove(&plain("remove", path)?),
            "replace" => self.replace(&decoded("replace", "path", path)?, value),
            "test" => self.test(&decoded("test", "path", path)?, &value),
            "move" => self.relocate(&decoded("move", "from", from)?, decoded("move", "path", path)),
            "copy" => self.copy(&decoded("copy", "from", from)?, plain("copy", path)),
            other => Err(format!("Unexpected kind: {other}")),
        }
    }

    fn add(&mut self, path: &str, value: Value) -> Outcome<()> {
        let missing = || format!("add operation does not apply: doc is missing path: \"{path}\": {MISSING}");
        let (parent, key) = self.parent(path).ok_or_else(missing)?;
        add_to(parent, &key, value).map_err(|error| format!("error in add for path: '{path}': {error}"))
    }

    fn remove(&mut self, path: &str) -> Outcome<()> {
        let missing = || format!("remove operation does not apply: doc is missing path: \"{path}\": {MISSING}");
        let (parent, key) = self.parent(path).ok_or_else(missing)?;
        remove_from(parent, &key).map_err(|error| format!("error in remove for path: '{path}': {error}"))
    }

    fn replace(&mut self, path: &str, value: Value) -> Outcome<()> {
        if path.is_empty() {
            if value.as_map().is_none() && value.as_list().is_none() {
                return Err("replace operation value must be object or array: %!w(<nil>)".to_owned());
            }
            self.root = value;
            return Ok(());
        }
        let missing =
            |what: &str| format!("replace operation does not apply: doc is missing {what}: {path}: {MISSING}");
        let (parent, key) = self.parent(path).ok_or_else(|| missing("path"))?;
        get_from(parent, &key).map_err(|_| missing("key"))?;
        match parent.as_list_mut() {
            Some(items) => {
                let index = position(&key, items.len())?;
                items[index] = value;
            }
            None => drop(parent.as_map_mut().and_then(|map| map.insert(key, value))),
        }
        Ok(())
    }

    fn test(&mut self, path: &str, value: &Value) -> Outcome<()> {
        let failed = || format!("testing value {path} failed: test failed");
        if path.is_empty() {
            return if self.root == *value { Ok(()) } else { Err(failed()) };
        }
        let missing = || format!("test operation does not apply: is missing path: {path}: {MISSING}");
        let (parent, key) = self.parent(path).ok_or_else(missing)?;
        let present = get_from(parent, &key).map_err(|error| format!("error in test for path: '{path}': {error}"))?;
        if present == *value { Ok(()) } else { Err(failed()) }
    }

    fn relocate(&mut self, from: &str, path: Outcome<String>) -> Outcome<()> {
        let missing = || format!("move operation does not apply: doc is missing from path: {from}: {MISSING}");
        let (parent, key) = self.parent(from).ok_or_else(missing)?;
        let in_move = |error: String| format!("error in move for path: '{key}': {error}");
        let value = get_from(parent, &key).map_err(in_move)?;
        remove_from(parent, &key).map_err(in_move)?;
        let path = path?;
        let missing = || format!("move operation does not apply: doc is missing destination path: {path}: {MISSING}");
        let (parent, key) = self.parent(&path).ok_or_else(missing)?;
        add_to(parent, &key, value).map_err(|error| format!("error in move for path: '{path}': {error}"))
    }

    fn copy(&mut self, from: &str, path: Outcome<String>) -> Outcome<()> {
        let missing = || format!("copy operation does not apply: doc is missing from path: {from}: {MISSING}");
        let (parent, key) = self.parent(from).ok_or_else(missing)?;
        let value = get_from(parent, &key).map_err(|error| format!("error in copy for from: '{from}': {error}"))?;
        let path = path?;
        self.copied += goyaml::json::to_string(&value).len();
        let copied = self.copied;
        let missing = || format!("copy operation does not apply: doc is missing destination path: {path}: {MISSING}");
        let (parent, key) = self.parent(&path).ok_or_else(missing)?;
        if copied > COPY_LIMIT {
            return Err(format!(
                "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {COPY_LIMIT}"
            ));
        }
        add_to(parent, &key, value).map_err(|error| format!("error while adding value during copy: {error}"))
    }

    /// The container that the pointer's last step is in, and that step. What stands before the first slash is ignored.
    fn parent(&mut self, pointer: &str) -> Option<(&mut Value, String)> {
        let mut steps: Vec<String> =
            pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
        let last = steps.pop()?;
        let mut node = &mut self.root;
        for step in steps {
            node = match node.kind() {
                Kind::Map(_) => node.as_map_mut()?.get_mut(&step)?,
                Kind::List(items) => {
                    let index = position(&step, items.len()).ok()?;
                    node.as_list_mut()?.get_mut(index)?
                }
                _ => return None,
            };
        }
        matches!(node.kind(), Kind::Map(_) | Kind::List(_)).then_some((node, last))
    }
}

fn text(operation: &Value, key: &str) -> Option<String> {
    operation.str_at(&[key]).map(str::to_owned)
}

fn number(key: &str) -> Outcome<i64> {
    key.parse().map_err(|_| format!("strconv.Atoi: parsing {}: invalid syntax", crate::go_text::quote(key)))
}

/// The place that an index means in a list of this length; negative ones count from the end.
fn position(key: &str, length: usize) -> Outcome<usize> {
    let index = number(key)?;
    let signed = i64::try_from(length).unwrap_or(i64::MAX);
    let place = if index < 0 { index + signed } else { index };
    usize::try_from(place)
        .ok()
        .filter(|place| *place < length)
        .ok_or_else(|| format!("Unable to access invalid index: {index}: invalid index referenced"))
}

/// A missing field reads as null.
fn get_from(parent: &Value, key: &str) -> Outcome<Value> {
    match parent.kind() {
        Kind::List(items) => Ok(items[position(key, items.len())?].clone()),
        _ => Ok(parent.get(key).cloned().unwrap_or_default()),
    }
}

fn add_to(parent: &mut Value, key: &str, value: Value) -> Outcome<()> {
    let Some(items) = parent.as_list_mut() else {
        parent.as_map_mut().map(|map: &mut Map| map.insert(key, value));
        return Ok(());
    };
    if key == "-" {
        items.push(value);
        return Ok(());
    }
    number(key).map_err(|error| format!("value was not a proper array index: '{key}': {error}"))?;
    let place = position(key, items.len() + 1)?;
    items.insert(place, value);
    Ok(())
}

fn remove_from(parent: &mut Value, key: &str) -> Outcome<()> {
    if let Some(items) = parent.as_list_mut() {
        let place = position(key, items.len())?;
        items.remove(place);
        return Ok(());
    }
    let removed = parent.as_map_mut().and_then(|map| map.remove(key));
    removed.map(drop).ok_or_else(|| format!("Unable to remove nonexistent key: {key}: {MISSING}"))
}
