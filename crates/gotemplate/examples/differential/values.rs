//! Random values through the functions that read and write them, many to a question.

use std::process::ExitCode;

use crate::peer::Peer;
use crate::yaml::Random;
use crate::{SHOWN, ours};

/// Values of one question.
const BATCH: u64 = 500;

/// What stands behind each result, and behind the results of each value.
const ENDS: [&str; 2] = ["<end of a result>", "<end of a value>"];

/// Times that Go is asked again where it differs: its order of some keys hangs on the order of its maps.
const AGAIN: usize = 80;

const CALLS: &[&str] = &[
    "toYaml .",
    "toJson .",
    "printf \"%v\" .",
    "fromYaml (toYaml .) | toJson",
    "toYamlPretty .",
    "fromYaml (toYamlPretty .) | toJson",
    "fromJson (toJson .) | toYaml",
    "toString . | len",
];

fn template() -> String {
    let calls: Vec<String> = CALLS.iter().map(|call| format!("{{{{ {call} }}}}{}", ENDS[0])).collect();
    let calls = calls.concat();
    format!("{{{{ range .items }}}}{calls}{}{{{{ end }}}}", ENDS[1])
}

struct Sides {
    oracle: String,
    peer: Peer,
    template: String,
}

impl Sides {
    /// The results of each value, Go's and ours.
    fn ask(&mut self, items: &[goyaml::Value]) -> Option<[Vec<String>; 2]> {
        let values = goyaml::Value::from_iter([("items", goyaml::Value::from(items.to_vec()))]);
        let text = goyaml::json::to_go_string(&values);
        let Some(theirs) = self.peer.ask(&self.template, &text, "helm") else {
            self.peer = Peer::start(&self.oracle);
            return None;
        };
        let ours = ours(&self.template, &values, "helm");
        assert!(theirs.error.is_empty() && ours.error.is_empty(), "go: {}\nours: {}", theirs.error, ours.error);
        let parts =
            |output: &[u8]| String::from_utf8_lossy(output).split(ENDS[1]).map(str::to_owned).collect::<Vec<_>>();
        Some([parts(&theirs.output), parts(&ours.output)])
    }

    /// Whether Go itself does not answer the same each time.
    fn varies(&mut self, item: &goyaml::Value, first: &str) -> bool {
        (0..AGAIN).any(|_| self.ask(std::slice::from_ref(item)).is_some_and(|[theirs, _]| theirs[0] != first))
    }
}

/// Compares so many values; exit code 1 if anything differs.
pub(crate) fn compare(oracle: &str, count: u64, seed: u64) -> ExitCode {
    let mut sides = Sides { oracle: oracle.to_owned(), peer: Peer::start(oracle), template: template() };
    let mut random = Random::new(seed);
    let (mut compared, mut different, mut varying) = (0_u64, 0_usize, 0_usize);
    while compared < count {
        let items: Vec<goyaml::Value> = (0..BATCH.min(count - compared)).map(|_| random.value(3)).collect();
        compared += items.len() as u64;
        let Some([theirs, ours]) = sides.ask(&items) else { continue };
        for (item, (theirs, ours)) in items.iter().zip(theirs.iter().zip(&ours)) {
            if theirs == ours {
                continue;
            }
            if sides.varies(item, theirs) {
                varying += 1;
                continue;
            }
            different += 1;
            if different <= SHOWN {
                show(item, theirs, ours);
            }
        }
    }
    println!(
        "{compared} values through {} calls, seed {seed}: {different} differences, {varying} where Go's own answer varies",
        CALLS.len()
    );
    ExitCode::from(u8::from(different > 0))
}

fn show(item: &goyaml::Value, theirs: &str, ours: &str) {
    let results = theirs.split(ENDS[0]).zip(ours.split(ENDS[0]));
    for (call, (theirs, ours)) in CALLS.iter().zip(results).filter(|(_, (theirs, ours))| theirs != ours) {
        println!("{call} of {}\n   go:   {theirs:?}\n   ours: {ours:?}", goyaml::json::to_go_string(item));
    }
}
