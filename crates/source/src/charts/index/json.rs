//! An index in JSON, which Helm reads too; it may be one long line.

use std::{
    fmt,
    io::{self, Read},
};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{Counted, Fault, Found, Gathered, Listed, MAX_ITEM};

/// Levels of nesting.
const MAX_DEPTH: usize = 128;

pub(super) fn scan(index: impl Read, mut gathered: Gathered<'_>) -> Result<Found, Fault> {
    let mut reader = serde_json::Deserializer::from_reader(Guarded::new(index));
    let read = Top(&mut gathered).deserialize(&mut reader).and_then(|()| reader.end());
    match read {
        Ok(()) => gathered.finish(),
        Err(error) if error.is_io() && error.io_error_kind() != Some(io::ErrorKind::FileTooLarge) => {
            Err(Fault::Read(error.into()))
        }
        Err(error) => Err(Fault::Form(format!("line {}: as JSON it cannot be read: {error}", error.line()))),
    }
}

/// Refuses texts and nesting that would have to be held, before they are.
struct Guarded<R> {
    counted: Counted<R>,
    in_text: bool,
    escaped: bool,
    length: usize,
    depth: usize,
}

impl<R> Guarded<R> {
    fn new(inner: R) -> Self {
        Self { counted: Counted::new(inner), in_text: false, escaped: false, length: 0, depth: 0 }
    }

    fn see(&mut self, byte: u8) -> io::Result<()> {
        if self.in_text {
            self.length += 1;
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => (self.in_text, self.length) = (true, 0),
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        if self.length > MAX_ITEM || self.depth > MAX_DEPTH {
            let message = format!("a text has more than {MAX_ITEM} bytes, or it is nested more than {MAX_DEPTH} deep");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        Ok(())
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.counted.inner.read(buffer)?;
        self.counted.count(count)?;
        buffer[..count].iter().try_for_each(|byte| self.see(*byte))?;
        Ok(count)
    }
}

/// The index.
struct Top<'g, 'w>(&'g mut Gathered<'w>);
/// What stands below `entries`.
struct Entries<'g, 'w>(&'g mut Gathered<'w>);
/// The versions of the wanted chart.
struct Versions<'g, 'w>(&'g mut Gathered<'w>);

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    urls: Option<Vec<String>>,
    #[serde(default)]
    digest: Option<String>,
}

impl<'de> DeserializeSeed<'de> for Top<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an index of charts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "apiVersion" => self.0.api_version = !map.next_value::<String>()?.is_empty(),
                "entries" => {
                    self.0.entries = true;
                    map.next_value_seed(Entries(&mut *self.0))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("charts by name")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if self.0.chart(&name) {
                map.next_value_seed(Versions(&mut *self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Versions<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Versions<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of versions")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Option<Item>>()? {
            let Some(item) = item else {
                continue;
            };
            let url = item.urls.and_then(|urls| urls.into_iter().next()).filter(|url| !url.is_empty());
            let (version, digest) = (item.version.unwrap_or_default(), item.digest.unwrap_or_default());
            self.0.keep(Listed { version, url, digest }).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
