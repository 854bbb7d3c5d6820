//! Outputs that are kept while a render lasts: charts include their names and labels into every manifest.
//!
//! What a template makes of a map that the render was given stays the same as long as nothing changes that it can see. That
//! changes only by the functions that tell [`Run::alter`], and by the host's answers. What a template makes itself has no
//! place among the keys, since it may be gone when its room is used again.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{Run, Scope};
use crate::syntax::ast::Tree;
use crate::value::{Map, MapKind, Text, Value};

/// Bytes of output that are kept.
const MAX_BYTES: usize = 4 << 20;

/// Outputs that are kept.
const MAX_OUTPUTS: usize = 10_000;

/// The template and the map that it is given, by where they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    template: usize,
    map: usize,
    kind: MapKind,
}

struct Output {
    text: Text,
    /// Keeps the place of the map from being used for another.
    _map: Map,
    /// The templates that it was within.
    depth: usize,
    cost: (u64, usize),
}

/// The outputs, and what may have changed since.
#[derive(Default)]
pub(super) struct Kept {
    outputs: HashMap<Key, Output, RandomState>,
    bytes: usize,
    /// Goes up with whatever makes two runs of a template differ.
    unrest: u64,
    /// Whether templates changed what they were given, and may have put into it what they made themselves.
    mixed: bool,
    /// Whether anything was changed since the file began that others may see.
    pub(super) has_altered: bool,
    /// Whether the host was asked since then.
    pub(super) has_asked: bool,
    /// A map that the next file sees another one of.
    fleeting: Option<Map>,
}

/// How things stood before a template was run.
pub(super) struct Before {
    key: Key,
    unrest: u64,
    left: (u64, usize),
}

impl Kept {
    /// Begins a file.
    pub(super) fn begin(&mut self) {
        (self.has_altered, self.has_asked) = (false, false);
    }

    /// The next file sees this map, which those after it do not see.
    pub(super) fn show(&mut self, fleeting: &Map) {
        self.fleeting = Some(fleeting.clone());
    }

    /// The host was asked.
    pub(super) fn asked(&mut self) {
        self.unrest += 1;
        self.has_asked = true;
    }

    /// Something is about to be changed that was given or not.
    pub(super) fn altered(&mut self, is_given: bool) {
        self.mixed |= is_given;
        if self.mixed {
            self.has_altered = true;
            self.forget();
        }
    }

    /// Anything may have changed.
    pub(super) fn forget(&mut self) {
        self.unrest += 1;
        self.bytes = 0;
        self.outputs.clear();
    }

    fn is_fleeting_seen(&self) -> bool {
        self.fleeting.as_ref().is_some_and(Map::is_settled)
    }
}

impl Run<'_> {
    /// Where the output of a template is kept. Not so for what a text given to `tpl` calls, which may have definitions of its
    /// own, and not where reads are noted.
    pub(super) fn key(&self, scope: &Scope<'_>, tree: Tree<'_>, data: &Value) -> Option<Key> {
        let map = data.as_map().filter(|map| map.is_given())?;
        let template = std::ptr::from_ref(tree.template).addr();
        let usual = scope.outer.is_none() && self.trace.is_none();
        usual.then(|| Key { template, map: map.id(), kind: map.kind() })
    }

    /// What a template came to before, at the same cost.
    pub(super) fn again(&mut self, key: Option<Key>) -> Result<Option<Text>, &'static str> {
        let depth = self.depth;
        let known = key.and_then(|key| self.kept.outputs.get(&key));
        let Some(output) = known.filter(|output| depth <= output.depth) else { return Ok(None) };
        let (text, (steps, bytes)) = (Text::clone(&output.text), output.cost);
        self.spend_steps(steps)?;
        self.allocate(bytes)?;
        Ok(Some(text))
    }

    /// The same for a file that another one included. Where that costs too much, it is run, and tells where it ends.
    pub(super) fn included(&mut self, key: Option<Key>) -> Option<Text> {
        let (steps, bytes) = self.kept.outputs.get(&key?)?.cost;
        let is_affordable = steps <= self.steps && bytes <= self.memory;
        if is_affordable { self.again(key).ok().flatten() } else { None }
    }

    /// Before a template is run whose output might be kept.
    pub(super) fn before(&self, key: Option<Key>) -> Option<Before> {
        let key = key.filter(|_| !self.kept.is_fleeting_seen())?;
        Some(Before { key, unrest: self.kept.unrest, left: (self.steps, self.memory) })
    }

    /// Keeps the output of a template, unless another run of it might come to something else.
    pub(super) fn keep(&mut self, before: Option<Before>, data: &Value, text: impl FnOnce(&Self) -> Text) {
        let (Some(before), Some(map)) = (before, data.as_map()) else { return };
        let kept = &self.kept;
        if kept.unrest != before.unrest || kept.is_fleeting_seen() || kept.outputs.len() >= MAX_OUTPUTS {
            return;
        }
        let text = text(self);
        if text.len() > MAX_BYTES - self.kept.bytes {
            return;
        }
        self.kept.bytes += text.len();
        let cost = (before.left.0 - self.steps, before.left.1 - self.memory);
        let output = Output { text, _map: map.clone(), depth: self.depth, cost };
        self.kept.outputs.insert(before.key, output);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Functions, Host, Instant, Map, MapKind, NoHost, Options, Renderer, TemplateSet, Value, parse};

    /// A host that never says the same twice.
    #[derive(Default)]
    struct Counting(std::cell::Cell<i64>);

    impl Host for Counting {
        fn now(&self) -> Instant {
            self.0.set(self.0.get() + 1);
            Instant { seconds: self.0.get(), nanoseconds: 0 }
        }

        fn random(&self, bytes: &mut [u8]) {
            NoHost.random(bytes);
        }
    }

    const DEFINED: &str = "{{ define \"a\" }}{{ .map.x }}{{ end }}\
        {{ define \"n\" }}{{ now.Unix }}{{ end }}\
        {{ define \"t\" }}{{ .Template.Name }}{{ end }}\
        {{ define \"all\" }}{{ toJson . }}{{ end }}\
        {{ define \"deep\" }}{{ include \"a\" . }}{{ template \"a\" . }}{{ end }}";

    /// The outputs of files that are run one after the other, and the steps they took.
    fn run(files: &[&str]) -> (Vec<String>, u64) {
        let mut set = TemplateSet::new(Functions::Helm);
        set.add(&parse("defined", DEFINED.as_bytes(), Functions::Helm).expect("definitions"));
        for (number, file) in files.iter().enumerate() {
            set.add(&parse(&number.to_string(), file.as_bytes(), Functions::Helm).expect(file));
        }
        let map = Map::from_iter([("x", Value::from("1"))]);
        let data = Map::from_iter([("map", map.into()), ("list", Value::texts(["b", "a"]))]);
        let host = Counting::default();
        let mut renderer = Renderer::new(&set, &host, Options::default());
        let mut steps = 0;
        let outputs = files.iter().enumerate().map(|(number, file)| {
            let name = number.to_string();
            let shown = name.clone();
            let place = Map::later(MapKind::Values, move || [("Name".as_bytes().into(), Value::from(shown))]);
            data.put("Template", place.clone());
            let output = renderer.render_next(&name, &Value::Map(data.clone()), &place);
            let output = String::from_utf8(output.expect(file).to_vec()).expect("UTF-8");
            steps += renderer.cost().0;
            output
        });
        let outputs = outputs.collect();
        (outputs, steps)
    }

    #[test]
    fn what_stays_the_same_is_the_same_and_costs_the_same() {
        let file = "{{ include \"deep\" . }}{{ template \"deep\" . }}{{ include \"a\" . }}";
        let (outputs, steps) = run(&[file, file, file]);
        assert_eq!(outputs, ["11111"; 3]);
        let (_, once) = run(&[file]);
        assert_eq!(steps, 3 * once);
    }

    #[test]
    fn a_file_that_was_included_is_not_run_again() {
        let (includes, file) = ("{{ include \"1\" . }}", "{{ include \"deep\" . }}{{ .map.x }}");
        let (outputs, steps) = run(&[includes, file]);
        assert_eq!(outputs, ["111", "111"]);
        assert_eq!(steps, run(&["{{ include \"deep\" . }}{{ .map.x }}", "{{ include \"0\" . }}"]).1);
        for (file, wanted) in [
            ("{{ .Template.Name }}", ["0", "1"]),
            ("{{ now.Unix }}", ["1", "2"]),
            ("{{ $_ := set .map \"x\" (add .map.x 1) }}{{ .map.x }}", ["2", "3"]),
        ] {
            assert_eq!(run(&[includes, file]).0, wanted, "{file}");
        }
    }

    #[test]
    fn what_changes_is_seen() {
        for (files, wanted) in [
            (["{{ include \"a\" . }}", "{{ $_ := set .map \"x\" 2 }}{{ include \"a\" . }}"], ["1", "2"]),
            (["{{ include \"a\" . }}{{ $_ := unset .map \"x\" }}", "{{ template \"a\" . }}"], ["1", "<no value>"]),
            (
                ["{{ include \"a\" . }}{{ $_ := merge .map (dict \"y\" 2) }}", "{{ include \"all\" .map }}"],
                ["1", "{\"x\":\"1\",\"y\":2}"],
            ),
            (["{{ include \"n\" . }}{{ include \"n\" . }}", "{{ include \"n\" . }}"], ["12", "3"]),
            (["{{ include \"t\" . }}", "{{ template \"t\" . }}{{ include \"t\" . }}"], ["0", "11"]),
            (
                [
                    "{{ include \"all\" . | contains \"Name\\\":\\\"0\" }}",
                    "{{ include \"all\" . | contains \"Name\\\":\\\"1\" }}",
                ],
                ["true", "true"],
            ),
            (["{{ .Template.Name }}{{ include \"t\" . }}", "{{ include \"t\" . }}"], ["00", "1"]),
            (
                ["{{ include \"all\" .list }}", "{{ $_ := sortAlpha .list }}{{ include \"all\" .list }}"],
                ["[\"b\",\"a\"]", "[\"a\",\"b\"]"],
            ),
            (
                [
                    "{{ $own := dict \"y\" 1 }}{{ $_ := set .map \"x\" $own }}{{ include \"all\" .map }}{{ $_ := set $own \"y\" 2 }}",
                    "{{ include \"all\" .map }}",
                ],
                ["{\"x\":{\"y\":1}}", "{\"x\":{\"y\":2}}"],
            ),
            (
                [
                    "{{ include \"a\" (dict \"map\" (dict \"x\" 5)) }}",
                    "{{ include \"a\" (dict \"map\" (dict \"x\" 6)) }}",
                ],
                ["5", "6"],
            ),
            (
                [
                    "{{ include \"a\" . }}",
                    "{{ tpl \"{{ define \\\"a\\\" }}own{{ end }}{{ include \\\"deep\\\" . }}\" . }}{{ include \"deep\" . }}",
                ],
                ["1", "ownown11"],
            ),
        ] {
            assert_eq!(run(&files).0, wanted, "{files:?}");
        }
    }
}
