//! `index.yaml`, read as a stream: of all charts only the versions of one are kept, one item at a time.
//!
//! Bounded are the bytes of the index, of an item and of what is kept; so an index of any size costs the same memory.
//! What is wrong in the items of other charts is not seen.

mod json;
mod yaml;

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
};

use goyaml::{ParseOptions, Value};

/// Bytes of an index. The largest public ones have some 50 MB.
pub const MAX_INDEX: u64 = 4 << 30;
/// Bytes of one version's item, and of a line.
pub const MAX_ITEM: usize = 1 << 20;
/// Bytes of what is kept of all versions of a chart.
pub const MAX_LISTED: usize = 64 << 20;
/// Bytes of a chart's name that is compared with the wanted one.
const MAX_NAME: usize = 250;
/// Names that are offered where the wanted one is not there.
const MAX_NEAR: usize = 5;
/// How like another a name must be to be offered, from 0 to 1.
const NEAR: f64 = 0.8;
/// Bytes read from the disk at a time.
const BUFFER: usize = 256 << 10;

/// One version of a chart, as an index lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// As written.
    pub(super) version: String,
    /// The first of its addresses, which may be relative.
    pub(super) url: Option<String>,
    /// SHA-256 of the archive; empty where it is not told.
    pub(super) digest: String,
}

/// What an index says about one chart.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Its versions in the index's order; none if there is no such chart.
    pub(super) versions: Option<Vec<Listed>>,
    /// Names like the wanted one, where there is none.
    pub(super) near: Vec<String>,
    /// How many charts there are.
    pub(super) charts: u64,
}

/// Why an index cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file.
    Read(io::Error),
    /// Its content, with the line where that is known.
    Form(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Reads what an index says about the chart called `chart`.
pub(super) fn scan(index: impl Read, chart: &str) -> Result<Found, Fault> {
    let mut index = io::BufReader::with_capacity(BUFFER, index);
    let gathered = Gathered::new(chart);
    let is_json = loop {
        let start = index.fill_buf()?;
        let blank = start.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match start.get(blank) {
            Some(byte) => break *byte == b'{',
            None if start.is_empty() => return Err(Fault::Form("it is empty".to_owned())),
            None => index.consume(blank),
        }
    };
    if is_json { json::scan(index, gathered) } else { yaml::scan(index, gathered) }
}

/// What is kept while the index goes by.
struct Gathered<'w> {
    wanted: &'w str,
    api_version: bool,
    entries: bool,
    found: Found,
    kept: usize,
    near: Vec<(f64, String)>,
}

impl<'w> Gathered<'w> {
    fn new(wanted: &'w str) -> Self {
        let found = Found::default();
        Self { wanted, api_version: false, entries: false, found, kept: 0, near: Vec::new() }
    }

    /// Takes note of a chart's name; whether it is the wanted one.
    fn chart(&mut self, name: &str) -> bool {
        self.found.charts += 1;
        if name == self.wanted {
            self.found.versions.get_or_insert_default();
            return true;
        }
        let likeness = if name.len() > MAX_NAME { 0.0 } else { strsim::jaro_winkler(name, self.wanted) };
        if likeness >= NEAR && self.found.versions.is_none() {
            self.near.push((likeness, name.to_owned()));
            self.near.sort_by(|left, right| right.0.total_cmp(&left.0));
            self.near.truncate(MAX_NEAR);
        }
        false
    }

    /// Keeps a version of the wanted chart. Empty items and those without a version are skipped, as in Helm.
    fn keep(&mut self, item: Listed) -> Result<(), String> {
        if item.version.is_empty() {
            return Ok(());
        }
        let extra = item.url.as_ref().map_or(0, String::len) + item.version.len() + item.digest.len();
        self.kept += size_of::<Listed>() + extra;
        if self.kept > MAX_LISTED {
            return Err(format!("the versions of {} come to more than {MAX_LISTED} bytes", self.wanted));
        }
        self.found.versions.get_or_insert_default().push(item);
        Ok(())
    }

    fn finish(mut self) -> Result<Found, Fault> {
        if !self.api_version {
            let more = if self.entries { "" } else { " and no entries" };
            return Err(Fault::Form(format!("no API version specified{more}")));
        }
        self.found.near = self.near.into_iter().map(|(_, name)| name).collect();
        Ok(self.found)
    }
}

/// Reads a version's item out of a tree.
fn listed(item: &Value) -> Listed {
    let text = |value: &Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_null() => String::new(),
        None => goyaml::json::to_string(value),
    };
    let field = |name: &str| item.get(name).map(text).unwrap_or_default();
    let url = item.get("urls").and_then(Value::as_list).and_then(<[Value]>::first).map(text);
    Listed { version: field("version"), url: url.filter(|url| !url.is_empty()), digest: field("digest") }
}

/// Reads a piece of YAML; the error names the line in the index.
fn parse(text: &[u8], lines_before: u64) -> Result<Value, String> {
    let text = std::str::from_utf8(text).map_err(|_| format!("line {}: it is not UTF-8", lines_before + 1))?;
    match goyaml::parse_first(text, &ParseOptions::sigs()) {
        Ok(document) => Ok(document.map_or(Value::NULL, |document| document.value)),
        Err(errors) => Err(errors.first().map_or_else(String::new, |error| {
            format!("line {}: {}", lines_before + u64::from(error.pos.line), error.message)
        })),
    }
}

/// Counts bytes against [`MAX_INDEX`].
struct Counted<R> {
    inner: R,
    left: Cell<u64>,
}

impl<R> Counted<R> {
    fn new(inner: R) -> Self {
        Self { inner, left: Cell::new(MAX_INDEX) }
    }

    fn count(&self, bytes: usize) -> io::Result<()> {
        match self.left.get().checked_sub(bytes as u64) {
            Some(left) => self.left.set(left),
            None => {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {MAX_INDEX} bytes")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = include_str!("../../tests/charts/index.yaml");

    fn found(index: &str, chart: &str) -> Found {
        scan(index.as_bytes(), chart).unwrap_or_else(|fault| panic!("{fault:?}\n{index}"))
    }

    fn versions(index: &str, chart: &str) -> Option<Vec<String>> {
        found(index, chart).versions.map(|all| all.into_iter().map(|item| item.version).collect())
    }

    /// What goyaml makes of the whole text, which is what Helm does.
    fn whole(index: &str, chart: &str) -> Option<Vec<Listed>> {
        let all = parse(index.as_bytes(), 0).expect("the index is YAML");
        let items = all.at(&["entries", chart])?.as_list().unwrap_or_default().iter().map(listed);
        Some(items.filter(|item| !item.version.is_empty()).collect())
    }

    #[test]
    fn a_stream_says_what_the_whole_says() {
        for chart in ["web", "web-proxy", "quoted name", "7", "redis", "block", "folded", "flow", "empty", "none"] {
            assert_eq!(found(INDEX, chart).versions, whole(INDEX, chart), "{chart}");
        }
        let web = found(INDEX, "web").versions.unwrap();
        assert_eq!(web[0].url.as_deref(), Some("charts/web-1.10.0.tgz"));
        assert_eq!(web[0].digest, "0f5cbd0a0a3d2a3b1cb86e8b9b4a5ab6d4f0ac9ff6b4c9f93d5b3d7c9d2a41ce");
    }

    #[test]
    fn other_indentations_are_read_too() {
        let plain = "entries:\n  web:\n  - name: web\n    version: 1.0.0\n  x:\n  - version: 2.0.0\napiVersion: v1\n";
        let deep = "apiVersion: v1\nentries:\n      web:\n        -\n          version: 1.0.0\n      x:\n      -   version: 2\n";
        let flush = "---\r\napiVersion: v1\r\nentries:\r\n web:\r\n - version: 1.0.0\r\n   urls: []\r\n";
        for text in [plain, deep, flush] {
            assert_eq!(versions(text, "web"), Some(vec!["1.0.0".to_owned()]), "{text}");
        }
        assert_eq!(versions(deep, "x"), Some(vec!["2".to_owned()]));
        let flow = "apiVersion: v1\nentries:\n  web: [{version: 1.0.0},\n    {version: 2.0.0}]\n  x: []\n";
        assert_eq!(versions(flow, "web").unwrap().len(), 2);
        assert_eq!(versions(flow, "x"), Some(Vec::new()));
        assert_eq!(versions("apiVersion: v1\nentries: {}\ngenerated: now\n", "x"), None);
        assert_eq!(versions("apiVersion: v1\nentries:\ngenerated: now\n", "x"), None);
    }

    #[test]
    fn json_is_read_too() {
        let json = goyaml::json::to_string(&parse(INDEX.as_bytes(), 0).unwrap());
        for chart in ["web", "redis", "block", "flow", "empty", "none"] {
            assert_eq!(found(&json, chart).versions, whole(INDEX, chart), "{chart}");
        }
        assert_eq!(found(&json, "wep").near, found(INDEX, "wep").near);
    }

    #[test]
    fn near_names_are_offered() {
        let none = found(INDEX, "web-prox");
        assert_eq!(none.versions, None);
        assert_eq!(none.near, ["web-proxy", "web"]);
        assert!(found(INDEX, "zzz").near.is_empty());
        assert_eq!(none.charts, 10);
    }

    #[test]
    fn what_is_no_index() {
        let cases = [
            ("", "empty"),
            (" \n ", "empty"),
            ("<!DOCTYPE html>\n<html><body>Not here</body></html>\n", "no API version specified and no entries"),
            ("entries: {}\n", "no API version specified"),
            ("{\"entries\": {}}", "no API version specified"),
            ("{\"apiVersion\": \"v1\", \"entries\": [1]}", "line 1"),
            ("{apiVersion: v1, entries: {}}", "line 1"),
            ("apiVersion: v1\nentries: {web: []}\n", "line 2"),
            ("apiVersion: v1\nentries: [1]\n", "line 2"),
            ("apiVersion: v1\nentries:\n  web:\n  - version: \"1\n", "line 5"),
            ("apiVersion: v1\nentries:\n  web:\n  - version: *x\n", "line 4"),
        ];
        for (text, expected) in cases {
            let fault = scan(text.as_bytes(), "web").unwrap_err();
            assert!(matches!(&fault, Fault::Form(said) if said.contains(expected)), "{text:?}: {fault:?}");
        }
    }

    /// Text that is repeated without end.
    struct Endless<'a> {
        head: &'a [u8],
        body: &'a [u8],
        at: usize,
    }

    impl Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let source = if self.at < self.head.len() {
                &self.head[self.at..]
            } else {
                &self.body[(self.at - self.head.len()) % self.body.len()..]
            };
            let count = source.len().min(buffer.len());
            buffer[..count].copy_from_slice(&source[..count]);
            self.at += count;
            Ok(count)
        }
    }

    #[test]
    fn what_grows_without_end_is_refused() {
        let yaml = |rest: &str| format!("apiVersion: v1\nentries:\n  web:\n{rest}");
        let json = |rest: &str| format!("{{\"apiVersion\": \"v1\", \"entries\": {rest}");
        let large = format!("  - version: 1\n    digest: {}\n", "a".repeat(MAX_ITEM / 2));
        let cases = [
            (yaml("  - version: \""), "aaaaaaaaaaaaaaaa"),
            (yaml("  - version: 1\n"), "    # one more line\n"),
            (yaml(""), large.as_str()),
            (json("{\"web\": [{\"version\": \""), "aaaaaaaaaaaaaaaa"),
            (json("{\""), "aaaaaaaaaaaaaaaa"),
            (json("{\"other\": "), "["),
        ];
        for (head, body) in cases {
            let endless = Endless { head: head.as_bytes(), body: body.as_bytes(), at: 0 };
            let fault = scan(endless, "web").unwrap_err();
            assert!(matches!(&fault, Fault::Form(said) if said.contains("more than")), "{head}: {fault:?}");
        }
    }
}
