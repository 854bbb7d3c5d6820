//! What became of a revision.

use goyaml::{Map, Value};

use super::fields::{Fields, ShapeError};
use super::{Status, Timestamp, put_text};

/// What became of a revision, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// When the release's first revision was made.
    pub first_deployed: Option<Timestamp>,
    /// When this revision was made.
    pub last_deployed: Option<Timestamp>,
    /// When it was taken away.
    pub deleted: Option<Timestamp>,
    /// Why it is as it is, for people.
    pub description: String,
    /// How it is doing.
    pub status: Status,
    /// What `NOTES.txt` said.
    pub notes: String,
}

impl Info {
    pub(super) fn to_value(&self) -> Value {
        let mut map = Map::new();
        put_time(&mut map, "first_deployed", self.first_deployed.as_ref());
        put_time(&mut map, "last_deployed", self.last_deployed.as_ref());
        put_time(&mut map, "deleted", self.deleted.as_ref());
        put_text(&mut map, "description", &self.description);
        put_text(&mut map, "status", self.status.name());
        put_text(&mut map, "notes", &self.notes);
        map.into()
    }

    pub(super) fn from_value(value: &Value) -> Result<Self, ShapeError> {
        let fields = Fields::of(value, "info")?;
        Ok(Self {
            first_deployed: fields.time("first_deployed")?,
            last_deployed: fields.time("last_deployed")?,
            deleted: fields.time("deleted")?,
            description: fields.text("description")?.to_owned(),
            status: Status::parse(fields.text("status")?),
            notes: fields.text("notes")?.to_owned(),
        })
    }
}

pub(super) fn put_time(map: &mut Map, key: &str, time: Option<&Timestamp>) {
    if let Some(time) = time {
        map.insert(key, time.as_str());
    }
}
