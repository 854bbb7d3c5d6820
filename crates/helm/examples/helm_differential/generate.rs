//! Made-up requests.

use std::fmt::Write;

use goyaml::{Map, Value};

/// Makes requests, the same ones for the same seed.
pub(crate) struct Generator {
    state: u64,
}

const NAMES: &[&str] = &["a", "b", "c", "global", "sub", "tags", "x"];

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from((self.state >> 11) % bound as u64).expect("smaller than a usize")
    }

    fn pick<'p>(&mut self, from: &[&'p str]) -> &'p str {
        from[self.below(from.len())]
    }

    pub(crate) fn request(&mut self, mode: &str) -> Value {
        match mode {
            "settings" => self.settings(),
            "values" => self.values(),
            "charts" => self.charts(),
            _ => self.pattern(),
        }
    }

    fn settings(&mut self) -> Value {
        let mut settings = Vec::new();
        for _ in 0..=self.below(3) {
            let flag = self.pick(&["--set", "--set", "--set-string", "--set-json", "--set-literal", "--set-file"]);
            let mut text = String::new();
            for _ in 0..=self.below(3) {
                text.push_str(&self.assignment(flag));
            }
            settings.push(Value::from(vec![flag.into(), text.into()]));
        }
        Map::from_iter([
            ("op", Value::from("values")),
            ("files", Map::from_iter([("f", "text"), ("a", ""), ("v.yaml", &self.document(3))]).into()),
            ("value_files", if self.below(2) == 0 { vec!["v.yaml".into()].into() } else { Value::NULL }),
            ("settings", settings.into()),
        ])
        .into()
    }

    fn assignment(&mut self, flag: &str) -> String {
        let mut text = String::new();
        for _ in 0..=self.below(3) {
            text.push_str(self.pick(&["a", "b", "c", "a", "b", "", "\\.", "d e", "é", "{"]));
            match self.below(8) {
                0..3 => text.push('.'),
                3 | 4 => {
                    text.push('[');
                    text.push_str(self.pick(&[
                        "0",
                        "1",
                        "2",
                        "-1",
                        "x",
                        "",
                        "01",
                        "+1",
                        "70000",
                        "99999999999999999999",
                    ]));
                    text.push_str(self.pick(&["]", "]", "]", "].", "", "]x"]));
                }
                _ => {}
            }
        }
        text.push_str(self.pick(&["=", "=", "=", "=", "=", "==", "", ","]));
        for _ in 0..=self.below(2) {
            let json = [
                "1",
                " 2 ",
                "\"x\"",
                "null",
                "[1,2]",
                "{\"k\":1.5}",
                "{\"k\":[",
                "tru",
                "truex",
                "1x",
                "01",
                "-",
                "1e3",
            ];
            let plain = [
                "v",
                "1",
                "0",
                "-3",
                "007",
                "+4",
                "1.5",
                "true",
                "FALSE",
                "null",
                "{x,y}",
                "{1,null,}",
                "{",
                "}",
                "{}",
                "\\,",
                "\\",
                " ",
                "é",
                "\"q\"",
                "f",
                "9223372036854775808",
                "[",
                "a.b",
            ];
            text.push_str(if flag == "--set-json" { self.pick(&json) } else { self.pick(&plain) });
        }
        text.push_str(self.pick(&[",", ",", "", " , "]));
        text
    }

    /// Files whose documents are merged.
    fn values(&mut self) -> Value {
        let mut files = Map::new();
        let mut names = Vec::new();
        for number in 0..=self.below(3) {
            let mut text = String::new();
            for _ in 0..=self.below(2) {
                text.push_str(&self.document(3));
                text.push_str(self.pick(&["", "---\n", "--- # next\n", "...\n", "---\n---\n", "--- x\n", "# note\n"]));
            }
            let name = format!("v{number}.yaml");
            names.push(Value::from(name.as_str()));
            files.insert(name, text);
        }
        Map::from_iter([("op", Value::from("values")), ("files", files.into()), ("value_files", names.into())]).into()
    }

    fn document(&mut self, depth: usize) -> String {
        match self.below(16) {
            0 => String::new(),
            1 => self.pick(&["- a\n", "text\n", "12\n", "null\n", "{}\n", "a: [\n", "a: b: c\n", "'x'\n"]).to_owned(),
            _ => format!("{}\n", goyaml::json::to_string(&self.tree(depth))),
        }
    }

    fn tree(&mut self, depth: usize) -> Value {
        let mut map = Map::new();
        for _ in 0..self.below(4) {
            let name = self.pick(NAMES);
            let value = if depth > 0 && self.below(2) == 0 { self.tree(depth - 1) } else { self.leaf() };
            map.insert(name, value);
        }
        map.into()
    }

    fn leaf(&mut self) -> Value {
        match self.below(9) {
            0 | 1 => Value::NULL,
            2 => true.into(),
            3 => false.into(),
            4 => vec![Value::from(1_i64), Value::NULL].into(),
            5 => Value::from(1.5),
            6 => Value::from(7_i64),
            _ => self.pick(&["s", "", "t"]).into(),
        }
    }

    /// A chart with charts in it, and what a user sets.
    fn charts(&mut self) -> Value {
        let mut files = Map::new();
        self.chart("top", "", 2, &mut files);
        let values = self.tree(4);
        Map::from_iter([("op", Value::from("chart")), ("files", files.into()), ("values", values)]).into()
    }

    fn chart(&mut self, name: &str, at: &str, depth: usize, files: &mut Map) {
        let version = self.pick(&["1.0.0", "1.2.3", "2.0.0-rc.1", "0.1.0"]);
        let mut text = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
        let children: &[&str] = if depth > 0 { &["a", "b", "sub"] } else { &[] };
        let mut declared = String::new();
        for child in children {
            if self.below(3) == 0 {
                continue;
            }
            self.chart(child, &format!("{at}charts/{child}/"), depth - 1, files);
            for _ in 0..self.below(3) {
                declared.push_str(&self.dependency(child));
            }
        }
        if !declared.is_empty() || self.below(4) == 0 {
            text.push_str(if declared.is_empty() { "dependencies: []\n" } else { "dependencies:\n" });
            text.push_str(&declared);
        }
        files.insert(format!("{at}Chart.yaml"), text);
        files.insert(format!("{at}values.yaml"), self.document(4));
    }

    fn dependency(&mut self, child: &str) -> String {
        let mut text = format!("- name: {child}\n  repository: https://example.com\n");
        let version = self.pick(&["", "*", "^1.0.0", ">=0.1.0-0", "1.x", "~0.1", ">0", "x y"]);
        writeln!(text, "  version: \"{version}\"").expect("a String takes all");
        if self.below(2) == 0 {
            // Not `global`: what Helm makes of it depends on the order of Go's maps.
            let alias = self.pick(&["x", "c", "tags", "z", "w"]);
            writeln!(text, "  alias: {alias}").expect("a String takes all");
        }
        if self.below(2) == 0 {
            let condition = self.pick(&["a.b", "sub.a,a.b", "a,b,c", "x.a", " a.b , c", "global.a", "a.b.c"]);
            writeln!(text, "  condition: \"{condition}\"").expect("a String takes all");
        }
        if self.below(2) == 0 {
            text.push_str(self.pick(&["  tags: [a]\n", "  tags: [a, b]\n", "  tags: [c, x]\n", "  tags: []\n"]));
        }
        if self.below(2) == 0 {
            text.push_str("  import-values:\n");
            for _ in 0..=self.below(2) {
                text.push_str(self.pick(&[
                    "  - a\n",
                    "  - b\n",
                    "  - {child: a, parent: b}\n",
                    "  - {child: a.b, parent: c.x}\n",
                    "  - {child: b, parent: .}\n",
                    "  - {child: c}\n",
                    "  - {child: global, parent: a}\n",
                    "  - 5\n",
                ]));
            }
        }
        text
    }

    fn pattern(&mut self) -> Value {
        let mut pattern = String::new();
        let mut name = String::new();
        for _ in 0..=self.below(5) {
            pattern.push_str(
                self.pick(&["a", "b", "*", "?", "[ab]", "[^a]", "[a-c]", "\\*", "/", "[", "]", "-", "é", "[]", "."]),
            );
        }
        for _ in 0..self.below(6) {
            name.push_str(self.pick(&["a", "b", "c", "/", "é", "*", ".", "]"]));
        }
        Map::from_iter([("op", "match".into()), ("pattern", Value::from(pattern)), ("name", name.into())]).into()
    }
}
