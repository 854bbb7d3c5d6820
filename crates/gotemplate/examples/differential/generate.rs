//! Made-up templates over one set of values.

use crate::functions::{FUNCTIONS, HELM, OF_TODAY};

/// The values all templates see, as JSON.
pub(crate) const VALUES: &str = r#"{"s":"Hello World","e":"","n":null,"i":3,"z":0,"f":2.5,"big":12345678,"neg":-7,"t":true,"no":false,"u":"grüße ☃","ml":"a: 1\nb:\n  - x\n","v":"1.2.3","l":["b","a","c","a"],"nums":[3,1,2],"mixed":[1,"x",null,true,[1,2],{"k":"v"}],"el":[],"m":{"a":1,"b":"two","c":{"d":"deep","e":null}},"em":{},"o":{"b":"other","c":{"f":5},"x":[1]},"ld":[{"name":"p","port":80},{"name":"q","port":443}]}"#;

const VALUES_OF: &[&str] = &[
    ".s",
    ".e",
    ".n",
    ".i",
    ".z",
    ".f",
    ".big",
    ".neg",
    ".t",
    ".no",
    ".u",
    ".ml",
    ".v",
    ".l",
    ".nums",
    ".mixed",
    ".el",
    ".m",
    ".em",
    ".o",
    ".ld",
    ".missing",
    ".m.a",
    ".m.c.d",
    ".m.c",
    ".m.zz",
    ".m.c.e",
    "\"a b\"",
    "`raw`",
    "1",
    "0",
    "-3",
    "2.5",
    "\"\"",
    "true",
    "nil",
    "'x'",
    "0x1F",
    "\"12\"",
    "\"1.9\"",
    "(list 1 2 3)",
    "(list \"b\" \"a\")",
    "(dict \"k\" \"v\" \"n\" 1)",
    "(int .i)",
    "(int64 5)",
    "(index .l 1)",
    "(first .mixed)",
    "(.n)",
    "$",
    "$.m",
    ".",
    "\"%d-%s\"",
    "\"%v %5.2f\"",
    "\",\"",
    "\"a\"",
    "\"-\"",
    "(until 3)",
    "\"foo_bar-baz Qux\"",
];

/// Operands of each sort.
const SORTS: &[(char, &[&str])] = &[
    (
        's',
        &[
            ".s",
            ".e",
            ".u",
            ".ml",
            ".v",
            ".m.b",
            "\"a b\"",
            "`raw`",
            "\"\"",
            "\"foo_bar-baz Qux\"",
            "\",\"",
            "\"a\"",
            "\"-\"",
            "\"FirstName HTTPServer42x\"",
            "\"a,b,,c\"",
            "\" pad \\t\"",
            "\"ÄÖ é\"",
            "\"aGVsbG8=\"",
            "\"NBSWY3DP\"",
            "\"x1Y22zz_3\"",
            "(print .i)",
            "(quote .s)",
            "\"$1-${2}\"",
        ],
    ),
    ('j', &["0", "1", "2", "3", "-1", "5", "10", "(int .i)", "(len .l)", "-3", "7"]),
    (
        'n',
        &[
            ".i",
            ".z",
            ".f",
            ".big",
            ".neg",
            "1",
            "-3",
            "2.5",
            "0.1",
            "0.2",
            "\"12\"",
            "\"1.9\"",
            "\"0x1F\"",
            "\"017\"",
            "\"3.0\"",
            "true",
            "1e6",
            ".s",
            "(int64 5)",
            "100",
            "1.005",
        ],
    ),
    ('b', &[".t", ".no", "true", "false"]),
    ('k', &["\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"zz\"", "\"k\""]),
    (
        'm',
        &[
            ".m",
            ".em",
            ".o",
            ".m.c",
            "(dict \"k\" \"v\" \"n\" 1)",
            "(dict)",
            "(dict \"a\" (dict \"x\" nil \"y\" (list)))",
            "(deepCopy .m)",
            "(dict \"c\" \"s\")",
            "(dict \"c\" (dict) \"x\" (list 2))",
            "(dict \"a\" 0 \"b\" \"\")",
            "(urlParse \"http://u:p@h:80/a%20b?q=1#f\")",
        ],
    ),
    (
        'l',
        &[
            ".l",
            ".nums",
            ".mixed",
            ".el",
            ".ld",
            "(list 1 2 3)",
            "(list \"b\" \"a\")",
            "(list)",
            "(until 3)",
            "(splitList \",\" \"x,y,x\")",
            "(list nil 1 \"\" .l)",
            "(chunk 2 .l)",
            "(list .m .em .m)",
            "(keys .m | sortAlpha)",
            "(values .o | sortAlpha)",
        ],
    ),
    ('x', &[".l", ".m", ".s", ".mixed", ".ld", "(until 3)"]),
    ('v', &[".t", ".no", ".e", ".s", ".i", ".z", "1", "\"a\"", "nil", ".n", ".missing", "(.n)"]),
    (
        'q',
        &[
            "\"{}\"",
            "`{\"a\":[1,2.5,null,true,\"x\"]}`",
            "`[1,{\"b\":1e3}]`",
            "`\"s\"`",
            "\"12\"",
            "(toJson .m)",
            "(toJson .mixed)",
            "\"null\"",
        ],
    ),
    (
        'y',
        &[
            ".ml",
            "\"{}\"",
            "\"a: 1\"",
            "\"- 1\\n- b\"",
            "\"[1, 2]\"",
            "(toYaml .m)",
            "(toYaml .mixed)",
            "\"x: yes\\ny: 012\\nz: 1e3\"",
            "\"\"",
            "\"null\"",
        ],
    ),
    (
        'p',
        &[
            "\"/a/b/c.txt\"",
            "\"a/../b/./c\"",
            "\"\"",
            "\"/\"",
            "\"../x\"",
            "\"a.b/c\"",
            "\"//a//\"",
            "\"x.tar.gz\"",
            "\".\"",
        ],
    ),
    (
        'w',
        &[
            "\"1.2.3\"",
            "\"v1.2\"",
            "\"1.2.3-beta.1\"",
            "\"2.0.0+meta\"",
            "\"0.2.9\"",
            "\"1.35.0-0\"",
            "\"x\"",
            "\"01.2.3\"",
            "\"1.2.3-01\"",
            "\"1\"",
        ],
    ),
    (
        'c',
        &[
            "\">=1.2\"",
            "\"^1.2.0\"",
            "\"~1.2\"",
            "\"1.x\"",
            "\">=1.0 <2.0\"",
            "\">=1.0, <2.0 || ^0.2\"",
            "\"1.2 - 2\"",
            "\"*\"",
            "\"\"",
            "\">=1.35-0\"",
            "\"!=1.2.3\"",
            "\"!=1.2\"",
            "\"<=1\"",
            "\">1\"",
            "\"<1.2.3\"",
            "\"=v1.2.3\"",
            "\"~0\"",
            "\"^0.0.3\"",
            "\"bad\"",
            "\"> 1.0-alpha\"",
            "\"=>1\"",
        ],
    ),
    (
        'r',
        &[
            "\"[a-z]+\"",
            "\"o\"",
            "\"(\\\\w+) (\\\\w+)\"",
            "\"^H\"",
            "\"\"",
            "\"a*\"",
            "\"\\\\d+\"",
            "\"(?i)hello\"",
            "\"[^a-z]\"",
            "\"\\\\bW\"",
            "\"(\"",
            "\"[[:upper:]]\"",
            "\"[a[b]\"",
            "\"\\\\Qa.b\\\\E\"",
            "\"(?P<x>l)o\"",
            "\"\\\\s\"",
            "\".\"",
            "\"é|ü\"",
            "\"x{2,1}\"",
            "\"[\\\\w-\\\\.]+\"",
            "\"[^\\\\W_-]\"",
            "\"[a-\\\\d]\"",
            "\"[z-a]\"",
            "\"[[:no:]]\"",
            "\"[]x&&~-]\"",
            "\"[\\\\x41-\\\\x{5a}\\\\]]\"",
            "\"[a\"",
        ],
    ),
    (
        'u',
        &[
            "\"http://user:pw@example.com:8080/a/b%20c?q=1&r=2#frag\"",
            "\"mailto:a@b.c\"",
            "\"/just/path\"",
            "\"//host/p\"",
            "\"\"",
            "\"http://[::1]:80/\"",
            "\"a b\"",
            "\"http://h?x\"",
            "\":x\"",
            "\"HTTPS://H.org\"",
            "\"http://h/%zz\"",
        ],
    ),
    (
        'd',
        &[
            "\"1h\"",
            "\"90m\"",
            "\"1h15m30.918s\"",
            "\"-2.5h\"",
            "\"100ms\"",
            "\"2400h\"",
            "\"x\"",
            "\"8760h1s\"",
            "\"15us\"",
            "\"0\"",
        ],
    ),
    (
        't',
        &[
            "\"2006-01-02\"",
            "\"Mon Jan _2 15:04:05 2006\"",
            "\"02 Jan 06 15:04 MST\"",
            "\"2006-01-02T15:04:05Z07:00\"",
            "\"3:04PM\"",
            "\"Monday, January 2\"",
            "\"15.04.05.000\"",
            "\"002 __2 06 pm -0700\"",
            "\"2006-01-02T15:04:05.999Z\"",
        ],
    ),
    (
        'z',
        &[
            "\"2024-02-29\"",
            "\"2024-13-01\"",
            "\"2023-05-06T07:08:09Z\"",
            "\"x\"",
            "\"3:04PM\"",
            "\"2023-05-06T07:08:09+02:00\"",
        ],
    ),
    (
        'D',
        &[
            "(toDate \"2006-01-02\" \"2024-02-29\")",
            "(toDate \"2006-01-02 15:04:05\" \"1999-12-31 23:59:58\")",
            "(toDate \"2006-01-02T15:04:05.999Z07:00\" \"2021-07-04T05:06:07.125Z\")",
            "(int .i)",
            "1700000000",
            "(int64 1e9)",
        ],
    ),
    (
        'o',
        &[
            "\"a = 1\"",
            "\"[a.b]\\nc = [1, 2.5, 1e3]\"",
            "\"a = 'x'\\nb = true\\nc = 1979-05-27T07:32:00Z\"",
            "\"a = {b = \\\"\\\\u00e9\\\"}\"",
            "\"[[a]]\\nb = 1\\n[[a]]\\nb = inf\"",
            "\"a = 1\\na = 2\"",
            "\"a =\"",
            "\"\"",
            "(toToml .m)",
        ],
    ),
    (
        'A',
        &[
            "\"30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=\"",
            "\"MTIzNDU2Nzg5MDEyMzQ1NjEyMzQ1Njc4OTAxMjM0NTY=\"",
            "\"!\"",
            "\"\"",
            "\"YQ==\"",
        ],
    ),
    (
        'T',
        &[
            "\"{{ .a }}-{{ .b }}\"",
            "\"plain\"",
            "\"{{ . }}\"",
            "\"{{ .zz }}\"",
            "\"{{ .a.b.c }}\"",
            "\"{{ range $k, $v := . }}{{ $k }}{{ end }}\"",
            "\"{{ define \\\"z\\\" }}Z{{ . }}{{ end }}{{ include \\\"z\\\" .a }}\"",
            "\"{{ bad\"",
        ],
    ),
    ('N', &["\"d\"", "\"nope\""]),
];

const FORMATS: &[&str] = &[
    "%v",
    "%+v",
    "%#v",
    "%d",
    "%5d",
    "%-5d|",
    "%05d",
    "%x",
    "%X",
    "%o",
    "%b",
    "%c",
    "%U",
    "%q",
    "%s",
    "%10s",
    "%-10s|",
    "%.2s",
    "%t",
    "%f",
    "%.2f",
    "%8.3f",
    "%e",
    "%g",
    "%T",
    "%+d",
    "% d",
    "%[1]v",
    "%[2]v %[1]v",
    "%*d",
    "%%",
    "%z",
    "%",
    "%6.2f%%",
    "%#x",
    "% x",
    "%#q",
    "%+q",
    "%08.3f",
    "%.3g",
    "%G",
    "%E",
    "%v %v",
];

/// Makes one template after the other from a seed.
pub(crate) struct Generator {
    state: u64,
    helm: bool,
}

impl Generator {
    pub(crate) fn new(seed: u64, helm: bool) -> Self {
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, helm }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from((self.state >> 33) % limit as u64).expect("a small number")
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn value(&mut self, depth: usize) -> String {
        if depth > 0 && self.below(4) == 0 {
            return format!("({})", self.call(depth - 1));
        }
        self.pick(VALUES_OF).to_owned()
    }

    /// An operand of a sort; now and then one of any sort, if that may be.
    fn operand(&mut self, sort: char, depth: usize, strict: bool) -> String {
        let known = SORTS.iter().find(|(letter, _)| *letter == sort);
        match known {
            Some((_, operands)) if strict || self.below(24) > 0 => self.pick(operands).to_owned(),
            _ => self.value(depth),
        }
    }

    /// Calls of each function: its name and a template with nothing else.
    pub(crate) fn each(&mut self, tries: usize) -> Vec<(&'static str, String)> {
        let table = if self.helm { HELM } else { FUNCTIONS };
        let mut calls = Vec::new();
        for (name, sorts) in table {
            for _ in 0..tries {
                let args = self.arguments(name, sorts, 0);
                calls.push((*name, format!("{{{{ {name} {} }}}}", args.join(" "))));
            }
        }
        calls
    }

    /// Operands of these sorts.
    fn arguments(&mut self, name: &str, sorts: &str, depth: usize) -> Vec<String> {
        let strict = OF_TODAY.contains(&name);
        let mut args = Vec::new();
        let mut last = 'a';
        for sort in sorts.chars() {
            let count = if sort == '*' { self.below(3) } else { 1 };
            last = if sort == '*' { last } else { sort };
            args.extend((0..count).map(|_| self.operand(last, depth, strict)));
        }
        args
    }

    fn call(&mut self, depth: usize) -> String {
        if self.below(12) == 0 {
            let format = format!("{:?}", self.pick(FORMATS));
            let args: Vec<String> = (0..=self.below(3)).map(|_| self.value(depth)).collect();
            return format!("printf {format} {}", args.join(" "));
        }
        let helm = self.helm && self.below(2) == 0;
        let (name, sorts) = if helm { HELM[self.below(HELM.len())] } else { FUNCTIONS[self.below(FUNCTIONS.len())] };
        let mut args = self.arguments(name, sorts, depth);
        if self.below(60) == 0 && !OF_TODAY.contains(&name) {
            args.pop();
        }
        if !args.is_empty() && self.below(3) == 0 {
            let piped = args.pop().unwrap_or_default();
            if piped != "nil" {
                return format!("{piped} | {name} {}", args.join(" "));
            }
            args.push(piped);
        }
        format!("{name} {}", args.join(" "))
    }

    fn item(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 4 } else { 14 }) {
            0..=2 => format!("{{{{ {} }}}}", self.call(2)),
            3 => self.pick(&["text ", " \n ", "{{- /* c */ -}}", "{{/* c */}}", "-"]).to_owned(),
            4 => format!("{{{{ {} }}}}", self.value(1)),
            5 => format!(
                "{{{{ if {} }}}}{}{{{{ else }}}}{}{{{{ end }}}}",
                self.value(1),
                self.item(depth - 1),
                self.item(depth - 1)
            ),
            6 => format!("{{{{- with {} -}}}} {} {{{{- else }}}}E{{{{ end }}}}", self.value(1), self.item(depth - 1)),
            7 => format!(
                "{{{{ range {} }}}}[{{{{ . }}}}{}]{{{{ else }}}}none{{{{ end }}}}",
                self.value(1),
                self.item(depth - 1)
            ),
            8 => format!(
                "{{{{ range $k, $v := {} }}}}{{{{ $k }}}}={{{{ $v }}}};{}{{{{ end }}}}",
                self.value(1),
                self.item(depth - 1)
            ),
            9 => format!(
                "{{{{ $x := {} }}}}{}{{{{ $x = {} }}}}{{{{ $x }}}}",
                self.value(1),
                self.item(depth - 1),
                self.value(1)
            ),
            10 => format!("{{{{ {} | {} }}}}", self.value(1), self.call(1)),
            11 => format!("{{{{ ({}).{} }}}}", self.call(1), self.pick(&["a", "b", "c.d", "Major"])),
            12 => format!(
                "{{{{ range $i := {} }}}}{{{{ if eq . 1 }}}}{{{{ continue }}}}{{{{ end }}}}{{{{ $i }}}}{{{{ break }}}}{{{{ end }}}}",
                self.value(1)
            ),
            _ => format!(
                "{{{{ define \"d\" }}}}<{}>{{{{ end }}}}{{{{ template \"d\" {} }}}}",
                self.item(0),
                self.value(0)
            ),
        }
    }
}

impl Iterator for Generator {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let items = 1 + self.below(2);
        Some((0..items).map(|_| self.item(2)).collect())
    }
}
