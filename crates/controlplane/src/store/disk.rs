//! The file under the store: objects as JSON and the revision, in redb.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use redb::{Database, DatabaseError, ReadOnlyDatabase, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use super::tables::{Prepared, Tables};
use super::{Change, GroupResource, Name};

/// Version of the layout below. A file of a newer version is refused.
const FORMAT: u64 = 1;
/// Key: `group \0 resource \0 namespace \0 name`. Value: the object as JSON.
const OBJECTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("objects");
/// What stands in keys for the separator, should a name have it (those of roles may), and for the escape itself, first.
const ESCAPED: [(&str, &str); 2] = [("\u{1}", "\u{1}1"), ("\0", "\u{1}0")];
/// `format` and `revision`.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// What the file cannot do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum DiskError {
    /// Another process has it.
    #[error("{0} is in use by another process; stop the other instance, or choose another folder")]
    InUse(PathBuf),
    /// A newer program wrote it.
    #[error(
        "{path} was written by a newer version (format {found}, this one knows {FORMAT}); use that version, or choose another folder"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// It does not read as what it should be.
    #[error("{path} cannot be read: {cause}; restore it from a backup, or choose another folder")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        cause: String,
    },
    /// The system refused.
    #[error("{path} cannot be written: {cause}; is the disk full?")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
}

/// An open file.
#[derive(Debug)]
pub(super) struct Disk {
    path: PathBuf,
    database: Option<Database>,
    /// Objects whose write failed, as they were before. Some of it may have reached the file all the same, so the next
    /// commit writes them as readers know them.
    doubtful: BTreeMap<String, Option<Bytes>>,
}

impl Disk {
    /// Opens or makes the file.
    pub(super) fn open(path: &Path) -> Result<Self, DiskError> {
        let path = path.to_owned();
        // Opening for writing leaves traces. A file that was closed well can be asked before; others are asked after.
        if let Ok(closed) = guarded(&path, || Ok(ReadOnlyDatabase::open(&path)))
            && let Ok(closed) = closed
        {
            guarded(&path, || format(&path, &closed))?;
        }
        let mut database = guarded(&path, || open_database(&path))?;
        let known = guarded(&path, || format(&path, &database))?;
        guarded(&path, || check(&path, &mut database))?;
        let disk = Self { path, database: Some(database), doubtful: BTreeMap::new() };
        if known.is_none() {
            disk.begin()?;
        }
        Ok(disk)
    }

    /// Makes the tables of a new file.
    fn begin(&self) -> Result<(), DiskError> {
        let write = |database: &Database| -> Result<(), redb::Error> {
            let transaction = database.begin_write()?;
            transaction.open_table(OBJECTS)?;
            transaction.open_table(META)?.insert("format", FORMAT)?;
            transaction.commit()?;
            Ok(())
        };
        self.database.as_ref().map_or(Ok(()), write).map_err(|cause| self.write_error(&cause.to_string()))
    }

    /// Reads everything into memory.
    pub(super) fn load(&self, tables: &mut Tables) -> Result<(), DiskError> {
        let damaged = |cause| DiskError::Damaged { path: self.path.clone(), cause };
        guarded(&self.path, || self.load_all(tables).map_err(damaged))
    }

    fn load_all(&self, tables: &mut Tables) -> Result<(), String> {
        let Some(database) = &self.database else {
            return Err("closed".into());
        };
        let transaction = database.begin_read().map_err(|cause| cause.to_string())?;
        let meta = transaction.open_table(META).map_err(|cause| cause.to_string())?;
        if let Some(revision) = meta.get("revision").map_err(|cause| cause.to_string())? {
            tables.restore_revision(revision.value());
        }
        let objects = transaction.open_table(OBJECTS).map_err(|cause| cause.to_string())?;
        for entry in objects.iter().map_err(|cause| cause.to_string())? {
            let (key, value) = entry.map_err(|cause| cause.to_string())?;
            let (resource, name) = parse_key(key.value()).ok_or_else(|| format!("unknown key {:?}", key.value()))?;
            let value = goyaml::json::parse(value.value()).map_err(|cause| format!("{resource}: {cause}"))?;
            tables.restore(resource, name, value);
        }
        Ok(())
    }

    /// Makes changes durable, all or none.
    pub(super) fn commit(&mut self, changes: &[Prepared], revision: u64) -> Result<(), DiskError> {
        if self.database.is_none() {
            let path = &self.path;
            self.database = Some(guarded(path, || open_database(path))?);
        }
        let Some(database) = &self.database else {
            return Ok(());
        };
        let write = || write_all(database, &self.doubtful, changes, revision);
        let outcome = guarded(&self.path, || write().map_err(|cause| self.write_error(&cause.to_string())));
        if outcome.is_ok() {
            self.doubtful.clear();
            return outcome;
        }
        // After a failed write the database refuses everything until it is opened again.
        self.database = None;
        for Prepared { resource, event } in changes {
            let before = || event.previous.as_ref().map(|previous| previous.json().clone());
            self.doubtful.entry(format_key(resource, &event.name)).or_insert_with(before);
        }
        outcome
    }

    fn write_error(&self, cause: &str) -> DiskError {
        DiskError::Write { path: self.path.clone(), cause: cause.to_owned() }
    }
}

/// The database is not ours: where a damaged file makes it panic, that is a damaged file and no more.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, DiskError>) -> Result<T, DiskError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(DiskError::Damaged { path: path.to_owned(), cause: "its pages contradict each other".into() })
    })
}

/// Compares every page with its checksum: a flipped bit is found here and not in an object.
fn check(path: &Path, database: &mut Database) -> Result<(), DiskError> {
    match database.check_integrity() {
        Ok(true) => Ok(()),
        Ok(false) => {
            tracing::warn!(path = %path.display(), "the store was damaged and has been repaired");
            Ok(())
        }
        Err(cause) => Err(DiskError::Damaged { path: path.to_owned(), cause: cause.to_string() }),
    }
}

/// The version of the layout, which must be a known one; `None` for a new file.
fn format(path: &Path, database: &impl ReadableDatabase) -> Result<Option<u64>, DiskError> {
    let damaged = |cause: redb::Error| DiskError::Damaged { path: path.to_owned(), cause: cause.to_string() };
    let transaction = database.begin_read().map_err(|cause| damaged(cause.into()))?;
    let meta = match transaction.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(cause) => return Err(damaged(cause.into())),
    };
    let found = meta.get("format").map_err(|cause| damaged(cause.into()))?.map(|found| found.value());
    match found {
        Some(found) if found > FORMAT => Err(DiskError::Newer { path: path.to_owned(), found }),
        found => Ok(found),
    }
}

fn open_database(path: &Path) -> Result<Database, DiskError> {
    let path = path.to_owned();
    Database::create(&path).map_err(|cause| match cause {
        DatabaseError::DatabaseAlreadyOpen => DiskError::InUse(path),
        DatabaseError::Storage(redb::StorageError::Io(cause))
            if !matches!(cause.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) =>
        {
            DiskError::Write { path, cause: cause.to_string() }
        }
        other => DiskError::Damaged { path, cause: other.to_string() },
    })
}

fn write_all(
    database: &Database,
    doubtful: &BTreeMap<String, Option<Bytes>>,
    changes: &[Prepared],
    revision: u64,
) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut objects = transaction.open_table(OBJECTS)?;
        for (key, before) in doubtful {
            match before {
                Some(json) => drop(objects.insert(&**key, &json[..])?),
                None => drop(objects.remove(&**key)?),
            }
        }
        for Prepared { resource, event } in changes {
            let key = format_key(resource, &event.name);
            if event.change == Change::Deleted {
                objects.remove(&*key)?;
            } else {
                objects.insert(&*key, &event.object.json()[..])?;
            }
        }
        transaction.open_table(META)?.insert("revision", revision)?;
    }
    transaction.commit()?;
    Ok(())
}

fn format_key(resource: &GroupResource, name: &Name) -> String {
    let parts = [&resource.group, &resource.resource, &name.namespace, &name.name];
    parts
        .map(|part| ESCAPED.iter().fold(part.to_string(), |text, (plain, escaped)| text.replace(*plain, escaped)))
        .join("\0")
}

fn parse_key(key: &str) -> Option<(GroupResource, Name)> {
    let plain =
        |part: &str| ESCAPED.iter().rev().fold(part.to_owned(), |text, (plain, escaped)| text.replace(escaped, plain));
    let mut parts = key.split('\0').map(plain);
    let (group, resource, namespace, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then(|| (GroupResource::new(&group, &resource), Name::new(&namespace, &name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_were_written() {
        for name in ["plain", "system:a", "nul\0inside", "\u{1}\0\u{1}0", ""] {
            let (resource, name) = (GroupResource::new("apps", "deployments"), Name::new("n", name));
            let key = format_key(&resource, &name);
            assert_eq!(parse_key(&key), Some((resource, name)), "{key:?}");
        }
    }
}
