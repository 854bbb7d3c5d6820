//! Archives as they come, and as they should not.

use std::io::Write;

use base64::Engine;
use flate2::Compression;
use flate2::write::GzEncoder;
use goyaml::{Map, Value};
use tar::{Builder, EntryType, Header};

const CHART: &str = "{apiVersion: v2, name: b, version: 1.0.0}";

/// One entry: its name as it stands in the header, what it is, what it holds or leads to.
type Entry = (&'static str, EntryType, &'static str);

/// Requests by name: each archive as the whole chart and as one in `charts/`.
pub(crate) fn requests() -> Vec<(String, Value)> {
    let mut requests = Vec::new();
    for (name, archive) in archives() {
        let bytes = base64::engine::general_purpose::STANDARD.encode(&archive);
        let top = Map::from_iter([("Chart.yaml", "{apiVersion: v2, name: a, version: 1.0.0}")]);
        let binary = Map::from_iter([("charts/b.tgz", bytes.as_str())]);
        let inside = [("op", Value::from("chart")), ("files", top.into()), ("binary", binary.into())];
        requests.push((format!("{name}, in charts"), Map::from_iter(inside).into()));
    }
    requests
}

fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let file = EntryType::Regular;
    let good: Entry = ("b/Chart.yaml", file, CHART);
    let with = |entry: Entry| packed(&[good, entry]);
    let whole = with(("b/templates/a.yaml", file, "a: 1"));
    let mut twice = whole.clone();
    twice.extend_from_slice(b"rubbish");
    vec![
        ("files and folders", packed(&[("b/", EntryType::Directory, ""), good, ("b/values.yaml", file, "x: 1")])),
        ("another folder's name", packed(&[("c/Chart.yaml", file, CHART), ("d/values.yaml", file, "x: 1")])),
        ("old folders", with(("b/templates/", file, ""))),
        ("dots in names", with(("b/./templates/../values.yaml", file, "x: 1"))),
        ("backslashes", packed(&[("b\\Chart.yaml", file, CHART), ("b\\templates\\a.yaml", file, "a: 1")])),
        ("a mark before the text", with(("b/values.yaml", file, "\u{FEFF}x: 1"))),
        ("a hidden chart", with(("b/.helmignore", file, "values.yaml"))),
        ("climbing out", with(("b/../../x", file, ""))),
        ("climbing to the top", with(("b/..", file, ""))),
        ("nothing but the folder", with(("b", file, ""))),
        ("an absolute name", with(("b//etc/x", file, ""))),
        ("a drive", with(("b/c:/x", file, ""))),
        ("no folder", packed(&[("Chart.yaml", file, CHART)])),
        ("no chart", packed(&[("b/values.yaml", file, "x: 1")])),
        ("nothing", packed(&[])),
        ("a link", with(("b/templates/a.yaml", EntryType::Symlink, "b.yaml"))),
        ("cut off in its header", whole[..6].to_vec()),
        ("rubbish behind it", twice),
        ("not packed", CHART.as_bytes().to_vec()),
        ("a long name", with((LONG, file, "a: 1"))),
    ]
}

const LONG: &str = "b/templates/a-very-long-folder-name-that-does-not-fit-into-the-header-of-an-old-archive/and-another-one/\
                    and-then-some-more-of-them/deployment.yaml";

fn packed(entries: &[Entry]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        let data = if *kind == EntryType::Symlink { "" } else { content };
        header.set_size(data.len() as u64);
        if *kind == EntryType::Symlink {
            header.set_link_name(content).expect("the target fits");
        }
        if name.len() > 100 {
            tar.append_data(&mut header, name, data.as_bytes()).expect("a Vec takes all");
            continue;
        }
        // Straight into the header: the library refuses names that climb.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, data.as_bytes()).expect("a Vec takes all");
    }
    let bytes = tar.into_inner().expect("a Vec takes all");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&bytes).expect("a Vec takes all");
    gzip.finish().expect("a Vec takes all")
}
