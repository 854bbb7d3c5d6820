//! The embedded control plane beside kube-apiserver with etcd.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{self, At, Failure, say};
use crate::programs;

/// How long a server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(3);
/// What a server program prints once its API answers.
const READY: &str = "export KUBECONFIG=";
/// The processes that are the API server, as the peer of the embedded one.
const PEER: [&str; 2] = ["kube-apiserver", "etcd"];

/// A server process that ends with its standard input.
struct Server {
    child: Child,
    /// Kept open: a server that cannot speak would end.
    _lines: Lines<BufReader<ChildStdout>>,
    kubeconfig: PathBuf,
    ready: Duration,
}

/// The figures of several starts.
#[derive(Default)]
struct Starts {
    ready: Vec<f64>,
    idle: Vec<f64>,
}

/// Measures and prints.
pub(super) fn run(root: &Path, load: (u32, u32), starts: u32) -> Result<(), Failure> {
    let examples = programs::examples(root, "setpoint-controlplane", &["serve", "load"])?;
    let real = programs::development(root)?.join("real-apiserver");
    let folder = std::env::temp_dir().join(format!("setpoint-bench-{}", std::process::id()));
    let mut number = 0;
    let mut embedded = || {
        number += 1;
        let state = folder.join(number.to_string());
        fs::create_dir_all(&state).at(&state)?;
        Server::start(Command::new(examples.join("serve")).arg(state))
    };
    let peer = || Server::start(Command::new(&real).arg("serve"));
    let (mut ours, mut theirs) = (Starts::default(), Starts::default());
    for _ in 0..starts.max(1) {
        ours.add(&embedded()?, false)?;
        theirs.add(&peer()?, true)?;
    }
    let (first, second) = (embedded()?, peer()?);
    let mut program = Command::new(examples.join("load"));
    program.args([first.named("embedded", false)?, second.named("kube-apiserver", true)?]);
    program.args(["--rounds", &load.0.to_string(), "--count", &load.1.to_string()]);
    let outcome = failure::run(&mut program);
    drop((first, second));
    fs::remove_dir_all(&folder).at(&folder)?;
    outcome?;
    say("\n| median of the starts | embedded | kube-apiserver with etcd |\n|---|---:|---:|");
    say(&format!("| start until ready | {:.0} ms | {:.0} ms |", median(&mut ours.ready), median(&mut theirs.ready)));
    say(&format!("| memory, idle | {:.0} MB | {:.0} MB |", median(&mut ours.idle), median(&mut theirs.idle)));
    Ok(())
}

impl Server {
    fn start(command: &mut Command) -> Result<Self, Failure> {
        let program = PathBuf::from(command.get_program());
        let start = Instant::now();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().at(&program)?;
        let stdout = child.stdout.take().ok_or_else(|| Failure::Form("no standard output of a server".into()))?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next() {
            if let Some(path) = line.at(&program)?.strip_prefix(READY) {
                let (kubeconfig, ready) = (path.into(), start.elapsed());
                return Ok(Self { child, _lines: lines, kubeconfig, ready });
            }
        }
        Err(Failure::Refused(format!("{} ended before it was ready", program.display())))
    }

    /// The processes whose memory counts: its own, or the API server's and its store's below it.
    fn processes(&self, is_peer: bool) -> Result<Vec<u32>, Failure> {
        if !is_peer {
            return Ok(vec![self.child.id()]);
        }
        let all = processes()?;
        let is_ours = |process: &u32| {
            let parent = |process: &u32| all.get(process).map(|(parent, _)| *parent);
            std::iter::successors(Some(*process), parent).any(|process| process == self.child.id())
        };
        // The name that the kernel tells is cut off after fifteen characters.
        let is_peer = |name: &str| PEER.iter().any(|peer| peer.starts_with(name));
        let found: Vec<u32> = all
            .iter()
            .filter(|(process, (_, name))| is_peer(name) && is_ours(process))
            .map(|(process, _)| *process)
            .collect();
        if found.len() == PEER.len() {
            return Ok(found);
        }
        Err(Failure::Refused(format!("not {} but {} processes of the API server were found", PEER.len(), found.len())))
    }

    /// `NAME=KUBECONFIG@PID,PID`
    fn named(&self, name: &str, is_peer: bool) -> Result<String, Failure> {
        let processes: Vec<String> = self.processes(is_peer)?.iter().map(u32::to_string).collect();
        Ok(format!("{name}={}@{}", self.kubeconfig.display(), processes.join(",")))
    }
}

/// All processes: the parent of each, and its name.
fn processes() -> Result<BTreeMap<u32, (u32, String)>, Failure> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir("/proc").at(Path::new("/proc"))?.flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that has ended meanwhile is none of ours.
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let (Some(name), Some(Ok(parent))) = (field("Name:"), field("PPid:").map(str::parse)) {
            found.insert(process, (parent, name.to_owned()));
        }
    }
    Ok(found)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its standard input; where that fails it is ended.
        drop(self.child.stdin.take());
        let deadline = Instant::now() + Duration::from_secs(20);
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Starts {
    fn add(&mut self, server: &Server, is_peer: bool) -> Result<(), Failure> {
        std::thread::sleep(IDLE);
        let resident = |process: &u32| {
            let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        };
        self.idle.push(server.processes(is_peer)?.iter().filter_map(resident).sum::<f64>() / 1024.0);
        self.ready.push(server.ready.as_secs_f64() * 1000.0);
        Ok(())
    }
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
