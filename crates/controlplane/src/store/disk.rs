//! The file under the store: objects as JSON and the revision, in redb.

use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

use super::tables::{Prepared, Tables};
use super::{Change, GroupResource, Name};

/// Version of the layout below. A file of a newer version is refused.
const FORMAT: u64 = 1;
/// Key: `group \0 resource \0 namespace \0 name`. Value: the object as JSON.
const OBJECTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("objects");
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
    #[error("{path} was written by a newer version (format {found}, this one knows {FORMAT}); use that version, or choose another folder")]
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
}

impl Disk {
    /// Opens or makes the file.
    pub(super) fn open(path: &Path) -> Result<Self, DiskError> {
        let path = path.to_owned();
        let database = open_database(&path)?;
        let disk = Self { path, database: Some(database) };
        disk.check_format()?;
        Ok(disk)
    }

    fn check_format(&self) -> Result<(), DiskError> {
        let write = |cause: redb::Error| self.write_error(&cause);
        let Some(database) = &self.database else {
            return Ok(());
        };
        let transaction = database.begin_write().map_err(|cause| write(cause.into()))?;
        {
            let mut meta = transaction.open_table(META).map_err(|cause| write(cause.into()))?;
            transaction.open_table(OBJECTS).map_err(|cause| write(cause.into()))?;
            let found = meta.get("format").map_err(|cause| write(cause.into()))?.map(|found| found.value());
            match found {
                Some(found) if found > FORMAT => return Err(DiskError::Newer { path: self.path.clone(), found }),
                Some(_) => {}
                None => {
                    meta.insert("format", FORMAT).map_err(|cause| write(cause.into()))?;
                }
            }
        }
        transaction.commit().map_err(|cause| write(cause.into()))
    }

    /// Reads everything into memory.
    pub(super) fn load(&self, tables: &mut Tables) -> Result<(), DiskError> {
        self.load_all(tables).map_err(|cause| DiskError::Damaged { path: self.path.clone(), cause })
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
            self.database = Some(open_database(&self.path)?);
        }
        let Some(database) = &self.database else {
            return Ok(());
        };
        let outcome = write_all(database, changes, revision);
        outcome.map_err(|cause| {
            // After a failed write the database refuses everything until it is opened again.
            self.database = None;
            self.write_error(&cause)
        })
    }

    fn write_error(&self, cause: &redb::Error) -> DiskError {
        DiskError::Write { path: self.path.clone(), cause: cause.to_string() }
    }
}

fn open_database(path: &Path) -> Result<Database, DiskError> {
    let path = path.to_owned();
    Database::create(&path).map_err(|cause| match cause {
        DatabaseError::DatabaseAlreadyOpen => DiskError::InUse(path),
        DatabaseError::Storage(redb::StorageError::Io(cause)) => DiskError::Write { path, cause: cause.to_string() },
        other => DiskError::Damaged { path, cause: other.to_string() },
    })
}

fn write_all(database: &Database, changes: &[Prepared], revision: u64) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut objects = transaction.open_table(OBJECTS)?;
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
    format!("{}\0{}\0{}\0{}", resource.group, resource.resource, name.namespace, name.name)
}

fn parse_key(key: &str) -> Option<(GroupResource, Name)> {
    let mut parts = key.split('\0');
    let (group, resource, namespace, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then(|| (GroupResource::new(group, resource), Name::new(namespace, name)))
}
