//! `lookup`: what templates ask of the cluster.
//!
//! A render does not wait, so it answers what is known and notes what is not. What was noted is asked, and the chart is
//! rendered again, until nothing new is asked.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use apply::Cluster;
use gotemplate::{Host, Instant};
use goyaml::{Map, Value};
use object::Gvk;

/// API version, kind, namespace and name.
pub(crate) type Question = (String, String, String, String);
/// An object or a list, an empty map where there is none; or why the cluster could not tell.
pub(crate) type Answers = BTreeMap<Question, Result<Value, String>>;

/// What templates see of the world during one render.
pub(crate) struct Known<'a> {
    pub(crate) answers: &'a Answers,
    pub(crate) now: jiff::Timestamp,
    /// What was asked and is not known.
    pub(crate) open: RefCell<BTreeSet<Question>>,
}

impl Host for Known<'_> {
    fn now(&self) -> Instant {
        let nanoseconds = u32::try_from(self.now.subsec_nanosecond()).unwrap_or(0);
        Instant { seconds: self.now.as_second(), nanoseconds }
    }

    fn random(&self, bytes: &mut [u8]) {
        // Without randomness from the system no key could be trusted; getrandom fails on no system that we run on.
        getrandom::fill(bytes).expect("because every supported system has a source of randomness");
    }

    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<gotemplate::Value, String> {
        let question = (api_version.to_owned(), kind.to_owned(), namespace.to_owned(), name.to_owned());
        if let Some(answer) = self.answers.get(&question) {
            return answer.as_ref().map(gotemplate::from_yaml).map_err(Clone::clone);
        }
        self.open.borrow_mut().insert(question);
        Ok(gotemplate::from_yaml(&Value::empty_map()))
    }
}

/// Asks a question.
pub(crate) async fn ask(cluster: &Cluster, (api_version, kind, namespace, name): &Question) -> Result<Value, String> {
    let gvk = Gvk::from_api_version(api_version, kind);
    let answer = if name.is_empty() {
        cluster.list(&gvk, namespace, "").await.map(|items| list(&gvk, items))
    } else {
        cluster.get(&gvk, namespace, name).await.map(|found| found.unwrap_or_else(Value::empty_map))
    };
    answer.map_err(|error| error.to_string())
}

fn list(gvk: &Gvk, items: Vec<Value>) -> Value {
    let mut list = Map::new();
    list.insert("apiVersion", gvk.api_version());
    list.insert("kind", format!("{}List", gvk.kind));
    list.insert("items", items);
    list.into()
}
