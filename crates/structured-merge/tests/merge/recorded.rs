//! Random requests with the answers of Kubernetes' own code, recorded by `examples/fuzz`.

use std::io::Read;

use goyaml::Value;
use structured_merge::managed::{Actor, Manager};
use structured_merge::{FieldSet, Gvk, Schema, json_merge, json_patch, strategic};

use crate::json;

/// The types of the recorded kinds, out of what the API server publishes.
fn schema() -> Schema {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../controlplane/data/schema-1.36.json.gz");
    let mut text = Vec::new();
    let file = std::fs::File::open(path).expect("the recorded schema is in the repository");
    flate2::read::GzDecoder::new(file).read_to_end(&mut text).expect("it is gzip");
    let data = goyaml::json::parse(&text).expect("it is JSON");
    let mut schema = Schema::new();
    for document in ["api/v1", "apis/apps/v1"] {
        let document = data.at(&["openapi", document]).expect("the document is there");
        schema.add_openapi(document).expect("its types can be read");
    }
    schema
}

fn answer(schema: &Schema, request: &Value) -> Result<Value, String> {
    let text = |key: &str| request.str_at(&[key]).unwrap_or_default();
    let gvk = match text("version") {
        "" => schema.kinds().find(|gvk| gvk.kind == text("kind")).expect("the kind is known").clone(),
        version => Gvk::new(text("group"), version, text("kind")),
    };
    let of = schema.type_of(&gvk).unwrap_or_else(Schema::deduced);
    let (live, object) =
        (request.get("live").filter(|live| !live.is_null()), request.get("object").expect("every request has one"));
    let present = live.cloned().unwrap_or_default();
    let reset = request.get("reset").and_then(Value::as_list).unwrap_or_default();
    let reset: Vec<&str> = reset.iter().filter_map(Value::as_str).collect();
    let reset = FieldSet::of_fields(&[&reset]);
    let manager = Manager { of, gvk: &gvk, subresource: text("subresource"), reset: Some(&reset), convert: None };
    let actor = Actor { manager: text("manager"), now: text("now") };
    let force = request.get("force").and_then(Value::as_bool) == Some(true);
    match text("op") {
        "apply" => {
            manager.apply(live, object, &actor, force).map(|applied| applied.object).map_err(|error| error.to_string())
        }
        "update" => Ok(manager.update(live, object.clone(), &actor)),
        "smp" => strategic::apply(of, &present, object).map_err(|error| error.to_string()),
        "merge" => Ok(json_merge::apply(&present, object)),
        _ => json_patch::apply(&present, object).map_err(|error| error.to_string()),
    }
}

fn replay(recording: &str) -> usize {
    let schema = schema();
    let mut count = 0;
    for line in recording.lines() {
        let line = json(line);
        let request = line.get("request").expect("every line has a request");
        let expected =
            line.get("object").cloned().ok_or_else(|| line.str_at(&["error"]).unwrap_or_default().to_owned());
        assert_eq!(answer(&schema, request), expected, "{}", goyaml::json::to_string(request));
        count += 1;
    }
    count
}

#[test]
fn writes_by_many_managers_are_answered_as_recorded() {
    assert!(replay(include_str!("recorded/managed.jsonl")) > 50);
}

#[test]
fn patches_are_answered_as_recorded() {
    assert!(replay(include_str!("recorded/patches.jsonl")) > 100);
}
