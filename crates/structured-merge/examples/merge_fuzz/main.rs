//! Random writes by several managers, answered by this crate and by Kubernetes' own code; every difference is printed.
//!
//! `cargo run --release --example merge_fuzz -- <oracle program> <schema.json.gz> [seed] [sequences] [ops]`, where the program
//! is built from `tools/oracle/merge` and `ops` is a comma list of `managed`, `smp`, `merge`, `jsonpatch`. With a file as
//! sixth argument, requests and upstream's answers are written there, for the tests to replay.

mod generate;
mod oracle;
mod patches;

use std::io::{Read, Write};

use goyaml::Value;
use structured_merge::managed::{Actor, ApplyError, Manager};
use structured_merge::{Duplicates, FieldSet, Gvk, Schema, Type};

use generate::{Random, mutate, object};
use oracle::Oracle;

type Failure = Box<dyn std::error::Error>;

/// How many differences are shown before giving up.
const SHOWN: usize = 5;
/// How often a question with another answer is asked again: where Go walks a map, its answer depends on chance.
const ASKED_AGAIN: usize = 100;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |index: usize, default: &str| arguments.get(index).cloned().unwrap_or_else(|| default.to_owned());
    let schema = load(&text(1, "crates/controlplane/data/schema-1.36.json.gz"))?;
    let mut run = Run {
        oracle: Oracle::start(&text(0, "merge-oracle"), &text(1, "crates/controlplane/data/schema-1.36.json.gz"))?,
        schema,
        random: Random(text(2, "1").parse::<u64>()? | 1),
        clock: 1_577_836_800,
        record: arguments.get(5).map(std::fs::File::create).transpose()?,
        compared: 0,
        refused: 0,
        different: 0,
    };
    let ops = text(4, "managed,smp,merge,jsonpatch");
    for _ in 0..text(3, "200").parse::<usize>()? {
        if ops.contains("managed") {
            run.sequence()?;
        }
        for op in ["smp", "merge", "jsonpatch"].into_iter().filter(|op| ops.split(',').any(|wanted| wanted == *op)) {
            run.patch(op)?;
        }
        if run.different >= SHOWN {
            break;
        }
    }
    let (compared, refused, different) = (run.compared, run.refused, run.different);
    writeln!(std::io::stdout(), "{compared} compared, {refused} of them refused by both, {different} different")?;
    if different > 0 { Err("there are differences".into()) } else { Ok(()) }
}

fn load(path: &str) -> Result<Schema, Failure> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut text)?;
    let data = goyaml::json::parse(&text)?;
    let mut schema = Schema::new();
    let documents = data.get("openapi").and_then(Value::as_map).ok_or("no documents")?;
    for (name, document) in documents
        .iter()
        .filter(|(name, document)| *name != "/openapi/v3" && document.at(&["components", "schemas"]).is_some())
    {
        schema.add_openapi(document).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(schema)
}

struct Run {
    oracle: Oracle,
    schema: Schema,
    random: Random,
    clock: i64,
    record: Option<std::fs::File>,
    compared: usize,
    refused: usize,
    different: usize,
}

/// One request to a field manager.
struct Step {
    apply: bool,
    gvk: Gvk,
    subresource: &'static str,
    manager: &'static str,
    force: bool,
    now: String,
    live: Option<Value>,
    object: Value,
}

impl Run {
    /// A new object, then writes to it.
    fn sequence(&mut self) -> Result<(), Failure> {
        let kinds = [
            ("apps", "v1", "Deployment"),
            ("", "v1", "Service"),
            ("", "v1", "ConfigMap"),
            ("", "v1", "Pod"),
            ("deduced.test", "v1", "Thing"),
        ];
        let (group, version, kind) = self.random.pick(&kinds);
        let gvk = Gvk::new(group, version, kind);
        let mut live: Option<Value> = None;
        let length = if self.random.chance(5) { 30 } else { 10 };
        for _ in 0..length {
            let step = self.step(&gvk, live.clone());
            let (ours, theirs) = (self.ours(&step), self.oracle.ask(&request(&step))?);
            if self.beyond(&step) {
                continue;
            }
            if self.differ(&ours, &theirs, &request(&step))? {
                return Ok(());
            }
            if let Ok(mut object) = theirs {
                if live.is_none() || self.random.chance(2) {
                    object.set_at(&["metadata", "uid"], "5e1f");
                }
                let valid = self.type_of(&gvk).validate(&object, Duplicates::Allow).is_ok();
                if valid || self.random.chance(10) {
                    live = Some(object);
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, gvk: &Gvk, live: Option<Value>) -> Step {
        let random = &mut self.random;
        let apply = random.chance(60);
        self.clock += 1 + i64::from(random.chance(30)) * 70;
        let object = match &live {
            Some(live) if !apply => mutate(random, gvk, live),
            _ => object(random, gvk),
        };
        Step {
            apply,
            gvk: gvk.clone(),
            subresource: if random.chance(85) { "" } else { random.pick(&["status", "scale"]) },
            manager: if apply { random.pick(&["kubectl", "alice", "bob"]) } else { random.pick(&MANAGERS) },
            force: random.chance(40),
            now: rfc3339(self.clock),
            live,
            object,
        }
    }

    fn ours(&self, step: &Step) -> Result<Value, String> {
        let of = self.type_of(&step.gvk);
        let reset = FieldSet::of_fields(&[&[reset_of(step)]]);
        let manager = Manager { of, gvk: &step.gvk, subresource: step.subresource, reset: Some(&reset), convert: None };
        let actor = Actor { manager: step.manager, now: &step.now };
        if !step.apply {
            return Ok(manager.update(step.live.as_ref(), step.object.clone(), &actor));
        }
        let applied = manager.apply(step.live.as_ref(), &step.object, &actor, step.force);
        applied.map(|applied| applied.object).map_err(|error: ApplyError| error.to_string())
    }

    /// Upstream cannot see an object with duplicate list items in another version; it then gives up on its owners.
    fn beyond(&self, step: &Step) -> bool {
        let of = self.type_of(&step.gvk);
        let doubled = |object: &Value| {
            of.validate(object, Duplicates::Refuse).is_err() && of.validate(object, Duplicates::Allow).is_ok()
        };
        let own = step.gvk.api_version();
        let older = |object: &Value| {
            let entries = object.at(&["metadata", "managedFields"]).and_then(Value::as_list).unwrap_or_default();
            entries.iter().any(|entry| entry.str_at(&["apiVersion"]) != Some(&own))
        };
        let both = || step.live.iter().chain([&step.object]);
        both().any(older) && both().any(doubled)
    }

    fn type_of(&self, gvk: &Gvk) -> Type<'_> {
        self.schema.type_of(gvk).unwrap_or_else(Schema::deduced)
    }

    fn patch(&mut self, op: &'static str) -> Result<(), Failure> {
        let (gvk, live, patch) = patches::case(&mut self.random, op);
        let of = self.type_of(&gvk);
        let ours = match op {
            "smp" => structured_merge::strategic::apply(of, &live, &patch).map_err(|error| error.to_string()),
            "merge" => Ok(structured_merge::json_merge::apply(&live, &patch)),
            _ => structured_merge::json_patch::apply(&live, &patch).map_err(|error| error.to_string()),
        };
        let request: Value =
            [("op", Value::from(op)), ("kind", gvk.kind.clone().into()), ("live", live), ("object", patch)]
                .into_iter()
                .collect();
        let theirs = self.oracle.ask(&request)?;
        self.differ(&ours, &theirs, &request)?;
        Ok(())
    }

    fn differ(
        &mut self,
        ours: &Result<Value, String>,
        theirs: &Result<Value, String>,
        request: &Value,
    ) -> Result<bool, Failure> {
        self.compared += 1;
        self.refused += usize::from(ours.is_err() && theirs.is_err());
        let mut same = agree(ours, theirs);
        for _ in 0..ASKED_AGAIN {
            if same {
                break;
            }
            same = agree(ours, &self.oracle.ask(request)?);
        }
        let settled = !theirs.as_ref().is_err_and(|error| error.contains("errors:") || error.starts_with("panic: "));
        if let Some(file) = self.record.as_mut().filter(|_| same && settled && agree(ours, theirs)) {
            let (kind, answer) = match theirs {
                Ok(object) => ("object", object.clone()),
                Err(error) => ("error", Value::from(error.as_str())),
            };
            let line: Value = [("request", request.clone()), (kind, answer)].into_iter().collect();
            writeln!(file, "{}", goyaml::json::to_string(&line))?;
        }
        if !same {
            self.different += 1;
            let show = |result: &Result<Value, String>| {
                result.as_ref().map_or_else(|error| format!("error: {error}"), goyaml::json::to_string)
            };
            let mut out = std::io::stdout().lock();
            writeln!(
                out,
                "---\nrequest: {}\nours:    {}\ntheirs:  {}",
                goyaml::json::to_string(request),
                show(ours),
                show(theirs)
            )?;
            if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
                let change = Schema::deduced().compare(theirs, ours);
                writeln!(
                    out,
                    "added {:?}\nremoved {:?}\nmodified {:?}",
                    change.added.paths(),
                    change.removed.paths(),
                    change.modified.paths()
                )?;
            }
        }
        Ok(!same)
    }
}

const MANAGERS: [&str; 14] =
    ["alice", "bob", "kubectl-edit", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "", "kubectl"];

fn agree(ours: &Result<Value, String>, theirs: &Result<Value, String>) -> bool {
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => ours == theirs,
        (_, Err(theirs)) if theirs.starts_with("panic: ") => true,
        (Err(ours), Err(theirs)) => alike(ours, theirs),
        _ => false,
    }
}

/// Whether two messages are the same, or lists of faults with one in common: upstream stops in a map at the first
/// undeclared field, and Go's maps have no order.
fn alike(ours: &str, theirs: &str) -> bool {
    const FAULTS: &str = "create typed patch object";
    let (left, right) = (lines(ours), lines(theirs));
    let faults = |text: &str| text.contains(FAULTS) || text.contains("for existing fields");
    let trimmed = |line: &String| line.rsplit("): ").next().unwrap_or_default().trim().to_owned();
    left == right
        || faults(ours)
            && faults(theirs)
            && left.iter().any(|line| right.iter().any(|other| trimmed(line) == trimmed(other)))
}

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn reset_of(step: &Step) -> &'static str {
    if step.subresource == "status" { "spec" } else { "status" }
}

fn request(step: &Step) -> Value {
    let text = |text: &str| Value::from(text);
    let reset: Value = [text(reset_of(step))].into_iter().collect();
    [
        ("op", text(if step.apply { "apply" } else { "update" })),
        ("group", text(&step.gvk.group)),
        ("version", text(&step.gvk.version)),
        ("kind", text(&step.gvk.kind)),
        ("subresource", text(step.subresource)),
        ("manager", text(step.manager)),
        ("force", step.force.into()),
        ("now", text(&step.now)),
        ("reset", reset),
        ("live", step.live.clone().unwrap_or_default()),
        ("object", step.object.clone()),
    ]
    .into_iter()
    .collect()
}

/// Seconds since 1970, within a few days of the start of 2020, as a timestamp.
fn rfc3339(seconds: i64) -> String {
    let since = seconds - 1_577_836_800;
    let (day, second) = (since / 86_400, since % 86_400);
    format!("2020-01-{:02}T{:02}:{:02}:{:02}Z", (day % 28) + 1, second / 3600, second / 60 % 60, second % 60)
}
