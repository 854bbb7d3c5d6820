//! What a render asked of the world outside its chart, and what it was told.

use std::cell::RefCell;

use gotemplate::{Host, Instant, Value};

/// One question that a template asked, with its answer. Both belong to the result: another answer is another render.
#[derive(Clone, Debug, PartialEq)]
pub struct Inquiry {
    /// The question as a call: `lookup v1 Secret default name`.
    pub question: String,
    /// What came back: an object, a time, an address; for random bytes how many were drawn. Text where it failed.
    pub answer: Result<goyaml::Value, String>,
}

/// Hands questions on and writes them down.
pub(crate) struct Recorder<'h> {
    host: &'h dyn Host,
    asked: RefCell<Vec<Inquiry>>,
}

impl<'h> Recorder<'h> {
    pub(crate) fn new(host: &'h dyn Host) -> Self {
        Self { host, asked: RefCell::default() }
    }

    pub(crate) fn into_inquiries(self) -> Vec<Inquiry> {
        self.asked.into_inner()
    }

    fn note(&self, question: String, answer: Result<goyaml::Value, String>) {
        self.asked.borrow_mut().push(Inquiry { question, answer });
    }
}

impl Host for Recorder<'_> {
    fn now(&self) -> Instant {
        let now = self.host.now();
        let answer = format!("{}.{:09}", now.seconds, now.nanoseconds);
        self.note("now".to_owned(), Ok(answer.into()));
        now
    }

    fn random(&self, bytes: &mut [u8]) {
        self.host.random(bytes);
        let count = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.note("random".to_owned(), Ok(count.into()));
    }

    fn zone(&self, name: &str, at: Instant) -> Option<(i32, String)> {
        self.host.zone(name, at)
    }

    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let answer = self.host.lookup(api_version, kind, namespace, name);
        let told = answer.as_ref().map_err(Clone::clone).and_then(gotemplate::to_yaml);
        self.note(format!("lookup {api_version} {kind} {namespace} {name}"), told);
        answer
    }

    fn address(&self, name: &str) -> String {
        let address = self.host.address(name);
        self.note(format!("getHostByName {name}"), Ok(address.as_str().into()));
        address
    }
}
