//! Helm's side: a batch driver that answers a line of JSON with a line of JSON.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use goyaml::Value;

/// The running driver.
pub(crate) struct Peer {
    child: Child,
    into: ChildStdin,
    out: BufReader<ChildStdout>,
}

impl Peer {
    pub(crate) fn start(program: &str) -> Self {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the oracle starts; build tools/oracle/charts with `go build`");
        let into = child.stdin.take().expect("stdin is piped");
        let out = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Self { child, into, out }
    }

    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.into, "{}", goyaml::json::to_string(request)).expect("the oracle reads");
        self.into.flush().expect("the oracle reads");
        let mut line = String::new();
        self.out.read_line(&mut line).expect("the oracle answers");
        goyaml::json::parse(line.as_bytes()).expect("the oracle answers in JSON")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
