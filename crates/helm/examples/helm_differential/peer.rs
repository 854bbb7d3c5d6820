//! Helm's side: a batch driver that answers a line of JSON with a line of JSON.

use std::process::Command;

use goyaml::Value;
use oracle::Batch;

/// The running driver.
pub(crate) struct Peer(Batch);

impl Peer {
    pub(crate) fn start(program: &str) -> Self {
        let started = Batch::start(&mut Command::new(program));
        Self(started.expect("the oracle starts; build tools/oracle/charts with `go build`"))
    }

    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        let line = self.0.ask(&goyaml::json::to_string(request)).expect("the oracle reads and answers");
        let line = line.expect("the oracle lives");
        goyaml::json::parse(line.as_bytes()).expect("the oracle answers in JSON")
    }
}
