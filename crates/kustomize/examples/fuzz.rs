//! Builds random trees with kustomize's own library and with this crate, and tells where they differ:
//! `cargo run -p setpoint-kustomize --example fuzz -- ORACLE COUNT [SEED [FOLDER]]`, where ORACLE is the program of
//! `tools/oracle/kustomize`. Trees that differ are made as small as they can be while they differ, and written below
//! FOLDER with both outputs. Exit code 1 if any differs.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use goyaml::Value;
use kustomize::{BuildOptions, MemoryFiles};

#[path = "../tests/support/batch.rs"]
mod batch;
#[path = "../tests/support/disk.rs"]
#[expect(dead_code, reason = "the trees are in memory")]
mod disk;
#[path = "../tests/support/random.rs"]
mod random;

/// Trees told of; more would not be read.
const MAX_SHOWN: u64 = 40;

/// Characters of a refusal that tell one kind from another.
const REASON: usize = 48;

/// Files by their paths.
type Files = BTreeMap<String, String>;

/// What two builds of one tree came to: both outputs, or why there is none.
struct Both {
    real: Result<String, String>,
    ours: Result<String, String>,
}

/// In which way two builds differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    OnlyOursFails,
    OnlyRealFails,
    Otherwise,
}

#[derive(Default)]
struct Counts {
    same: u64,
    both_fail: u64,
    /// Why both failed.
    reasons: BTreeMap<String, u64>,
    /// How many of the trees that are the same use a field of a kustomization.
    fields: BTreeMap<String, u64>,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let program = arguments.first().ok_or("usage: fuzz ORACLE COUNT [SEED [FOLDER]]")?;
    let number = |at: usize, usual| arguments.get(at).map_or(Ok(usual), |text| text.parse::<u64>());
    let (count, first) = (number(1, 1_000)?, number(2, 1)?);
    let mut oracle = batch::Batch::start(program)?;
    let (mut counts, mut differ) = (Counts::default(), 0);
    let start = Instant::now();
    for seed in first..first + count {
        let tree = random::Tree::new(seed);
        let both = Both::of(&mut oracle, &tree.files, tree.path)?;
        let Some(way) = both.way() else {
            counts.note(&tree, &both);
            continue;
        };
        differ += 1;
        if differ <= MAX_SHOWN {
            println!("seed {seed}: {}", both.difference());
            if let Some(folder) = arguments.get(3) {
                let small = smaller(&mut oracle, &tree, way)?;
                let both = Both::of(&mut oracle, &small, tree.path)?;
                println!("  smaller: {}", both.difference());
                write(&Path::new(folder).join(seed.to_string()), &small, &both)?;
            }
        }
    }
    let Counts { same, both_fail, reasons, fields } = counts;
    let fields: Vec<String> = fields.iter().map(|(field, count)| format!("{field} {count}")).collect();
    println!("  fields in trees that are the same: {}", fields.join(", "));
    let mut reasons: Vec<(u64, String)> = reasons.into_iter().map(|(reason, count)| (count, reason)).collect();
    reasons.sort_unstable_by(|one, other| other.cmp(one));
    for (count, reason) in reasons.iter().take(40) {
        println!("  {count} fail in both: {reason}");
    }
    println!("{same} the same, {both_fail} fail in both, {differ} differ, {:.1} s", start.elapsed().as_secs_f64());
    Ok(if differ > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Both {
    /// Builds a tree twice.
    fn of(oracle: &mut batch::Batch, files: &Files, path: &str) -> Result<Self, Box<dyn Error>> {
        let texts: Value = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let request: Value = [("files", texts), ("path", Value::from(path))].into_iter().collect();
        let real = oracle.ask(&request)?;
        let files: MemoryFiles = files.iter().map(|(path, text)| (path.clone(), text.clone())).collect();
        let ours = kustomize::build(&files, path, &BuildOptions::default());
        let shown = disk::shown(&ours);
        Ok(Self { real, ours: if ours.is_ok() { Ok(shown) } else { Err(shown) } })
    }

    fn way(&self) -> Option<Way> {
        match (&self.real, &self.ours) {
            (Ok(_), Err(_)) => Some(Way::OnlyOursFails),
            (Err(_), Ok(_)) => Some(Way::OnlyRealFails),
            (Ok(real), Ok(ours)) if real != ours => Some(Way::Otherwise),
            _ => None,
        }
    }

    fn difference(&self) -> String {
        match (&self.real, &self.ours) {
            (Ok(real), Ok(ours)) => disk::first_difference(real, ours).unwrap_or_default(),
            (Ok(_), Err(error)) => format!("only ours fails: {}", error.trim_end()),
            (Err(error), _) => format!("only the real one fails: {error}"),
        }
    }
}

impl Counts {
    /// Counts a tree whose builds do not differ.
    fn note(&mut self, tree: &random::Tree, both: &Both) {
        if let Err(reason) = &both.real {
            self.both_fail += 1;
            let reason = reason.rsplit(": ").next().unwrap_or_default().chars().take(REASON).collect();
            *self.reasons.entry(reason).or_default() += 1;
            return;
        }
        self.same += 1;
        for field in used(tree) {
            *self.fields.entry(field).or_default() += 1;
        }
    }
}

/// The tree without all files and lines that it can do without and still differ in the same way.
fn smaller(oracle: &mut batch::Batch, tree: &random::Tree, way: Way) -> Result<Files, Box<dyn Error>> {
    let mut files = tree.files.clone();
    let mut keep = |small: Files, files: &mut Files| -> Result<bool, Box<dyn Error>> {
        let differs = Both::of(oracle, &small, tree.path)?.way() == Some(way);
        if differs {
            *files = small;
        }
        Ok(differs)
    };
    loop {
        let before = files.clone();
        for path in before.keys() {
            let mut small = files.clone();
            small.remove(path);
            if keep(small, &mut files)? {
                continue;
            }
            let mut at = 0;
            while at < files[path].lines().count() {
                let lines = files[path].lines().enumerate().filter(|(number, _)| *number != at);
                let text: String = lines.flat_map(|(_, line)| [line, "\n"]).collect();
                let mut small = files.clone();
                small.insert(path.clone(), text);
                if !keep(small, &mut files)? {
                    at += 1;
                }
            }
        }
        if files == before {
            return Ok(files);
        }
    }
}

/// The fields that the kustomizations of a tree have.
fn used(tree: &random::Tree) -> BTreeSet<String> {
    let kustomizations = tree.files.iter().filter(|(path, _)| path.contains("/kustomization."));
    let lines = kustomizations.flat_map(|(_, text)| text.lines());
    let keys = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
    keys.filter_map(|line| line.split_once(':')).map(|(key, _)| key.to_owned()).collect()
}

fn write(folder: &Path, files: &Files, both: &Both) -> std::io::Result<()> {
    let text = |outcome: &Result<String, String>| match outcome {
        Ok(text) | Err(text) => text.clone(),
    };
    let outputs = [("expected".to_owned(), text(&both.real)), ("found".to_owned(), text(&both.ours))];
    let files = files.iter().map(|(path, text)| (path.clone(), text.clone()));
    for (path, text) in files.chain(outputs) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, text)?;
    }
    Ok(())
}
