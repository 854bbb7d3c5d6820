//! Fields of a JSON object that was read.

use goyaml::{Kind, Value};

use super::Timestamp;

/// A field of a record that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} should be {wanted}")]
pub struct ShapeError {
    /// Which field.
    pub place: String,
    /// What it should be.
    pub wanted: &'static str,
}

/// What stands in the place of an object that is missing.
static NOTHING: Value = Value::NULL;

/// The fields of an object. One that is missing or null is empty, as in Go.
pub(super) struct Fields<'v> {
    value: &'v Value,
    place: &'static str,
}

impl<'v> Fields<'v> {
    pub(super) fn of(value: &'v Value, place: &'static str) -> Result<Self, ShapeError> {
        match value.kind() {
            Kind::Map(_) | Kind::Null => Ok(Self { value, place }),
            _ => Err(ShapeError { place: place.to_owned(), wanted: "an object" }),
        }
    }

    fn wrong(&self, name: &str, wanted: &'static str) -> ShapeError {
        ShapeError { place: format!("{name} of {}", self.place), wanted }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'v Value> {
        self.value.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<&'v str, ShapeError> {
        self.get(name).map_or(Ok(""), |value| value.as_str().ok_or_else(|| self.wrong(name, "text")))
    }

    pub(super) fn whole(&self, name: &str) -> Result<i64, ShapeError> {
        self.get(name).map_or(Ok(0), |value| value.as_i64().ok_or_else(|| self.wrong(name, "a whole number")))
    }

    /// An object; null if it is missing.
    pub(super) fn map(&self, name: &str) -> Result<&'v Value, ShapeError> {
        match self.get(name) {
            None => Ok(&NOTHING),
            Some(value) if value.as_map().is_some() => Ok(value),
            Some(_) => Err(self.wrong(name, "an object")),
        }
    }

    pub(super) fn list(&self, name: &str) -> Result<&'v [Value], ShapeError> {
        self.get(name).map_or(Ok(&[]), |value| value.as_list().ok_or_else(|| self.wrong(name, "a list")))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, ShapeError> {
        let text = |item: &Value| item.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name, "a list of texts"));
        self.list(name)?.iter().map(text).collect()
    }

    /// A time; older records have an empty text or Go's zero time where there is none.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, ShapeError> {
        match self.text(name)? {
            "" => Ok(None),
            text => {
                let time = Timestamp::parse(text).map_err(|_| self.wrong(name, "a time of RFC 3339"))?;
                Ok(Some(time).filter(|time| !time.is_zero()))
            }
        }
    }
}
