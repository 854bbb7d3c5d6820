//! Made-up templates over one set of values.

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
    "(keys .m)",
    "\"foo_bar-baz Qux\"",
];

/// Sprig's and Go's functions with how many arguments they take, at least and at most; those with chance in them are out.
const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("and", 1, 3),
    ("or", 1, 3),
    ("not", 1, 1),
    ("len", 1, 1),
    ("index", 1, 3),
    ("print", 0, 3),
    ("println", 0, 3),
    ("printf", 1, 4),
    ("html", 1, 2),
    ("js", 1, 1),
    ("urlquery", 1, 1),
    ("eq", 1, 3),
    ("ne", 2, 2),
    ("lt", 2, 2),
    ("le", 2, 2),
    ("gt", 2, 2),
    ("ge", 2, 2),
    ("trim", 1, 1),
    ("trimAll", 2, 2),
    ("trimSuffix", 2, 2),
    ("trimPrefix", 2, 2),
    ("upper", 1, 1),
    ("lower", 1, 1),
    ("title", 1, 1),
    ("untitle", 1, 1),
    ("substr", 3, 3),
    ("nospace", 1, 1),
    ("trunc", 2, 2),
    ("abbrev", 2, 2),
    ("abbrevboth", 3, 3),
    ("initials", 1, 1),
    ("wrap", 2, 2),
    ("wrapWith", 3, 3),
    ("contains", 2, 2),
    ("hasPrefix", 2, 2),
    ("hasSuffix", 2, 2),
    ("quote", 1, 2),
    ("squote", 1, 2),
    ("cat", 1, 3),
    ("indent", 2, 2),
    ("nindent", 2, 2),
    ("replace", 3, 3),
    ("plural", 3, 3),
    ("snakecase", 1, 1),
    ("camelcase", 1, 1),
    ("kebabcase", 1, 1),
    ("swapcase", 1, 1),
    ("toString", 1, 1),
    ("join", 2, 2),
    ("split", 2, 2),
    ("splitn", 3, 3),
    ("splitList", 2, 2),
    ("toStrings", 1, 1),
    ("sortAlpha", 1, 1),
    ("add", 0, 3),
    ("add1", 1, 1),
    ("sub", 2, 2),
    ("mul", 1, 3),
    ("div", 2, 2),
    ("mod", 2, 2),
    ("max", 1, 3),
    ("min", 1, 3),
    ("ceil", 1, 1),
    ("floor", 1, 1),
    ("round", 2, 2),
    ("int", 1, 1),
    ("int64", 1, 1),
    ("float64", 1, 1),
    ("atoi", 1, 1),
    ("toDecimal", 1, 1),
    ("addf", 0, 3),
    ("add1f", 1, 1),
    ("subf", 1, 3),
    ("mulf", 1, 3),
    ("divf", 1, 2),
    ("maxf", 1, 3),
    ("minf", 1, 3),
    ("seq", 0, 3),
    ("until", 1, 1),
    ("untilStep", 3, 3),
    ("default", 1, 2),
    ("empty", 1, 1),
    ("coalesce", 0, 3),
    ("all", 0, 3),
    ("any", 0, 3),
    ("compact", 1, 1),
    ("ternary", 3, 3),
    ("fromJson", 1, 1),
    ("toJson", 1, 1),
    ("toPrettyJson", 1, 1),
    ("toRawJson", 1, 1),
    ("mustToJson", 1, 1),
    ("b64enc", 1, 1),
    ("b64dec", 1, 1),
    ("b32enc", 1, 1),
    ("b32dec", 1, 1),
    ("sha1sum", 1, 1),
    ("sha256sum", 1, 1),
    ("sha512sum", 1, 1),
    ("adler32sum", 1, 1),
    ("list", 0, 3),
    ("first", 1, 1),
    ("rest", 1, 1),
    ("last", 1, 1),
    ("initial", 1, 1),
    ("append", 2, 2),
    ("prepend", 2, 2),
    ("concat", 0, 3),
    ("reverse", 1, 1),
    ("uniq", 1, 1),
    ("without", 2, 3),
    ("has", 2, 2),
    ("slice", 1, 3),
    ("chunk", 2, 2),
    ("dict", 0, 4),
    ("get", 2, 2),
    ("set", 3, 3),
    ("unset", 2, 2),
    ("hasKey", 2, 2),
    ("pluck", 1, 3),
    ("pick", 1, 3),
    ("omit", 1, 3),
    ("merge", 1, 3),
    ("mergeOverwrite", 1, 3),
    ("dig", 3, 4),
    ("deepCopy", 1, 1),
    ("typeOf", 1, 1),
    ("typeIs", 2, 2),
    ("kindOf", 1, 1),
    ("kindIs", 2, 2),
    ("deepEqual", 2, 2),
    ("base", 1, 1),
    ("dir", 1, 1),
    ("clean", 1, 1),
    ("ext", 1, 1),
    ("isAbs", 1, 1),
    ("semverCompare", 2, 2),
    ("semver", 1, 1),
    ("regexMatch", 2, 2),
    ("regexFind", 2, 2),
    ("regexFindAll", 3, 3),
    ("regexReplaceAll", 3, 3),
    ("regexReplaceAllLiteral", 3, 3),
    ("regexSplit", 3, 3),
    ("regexQuoteMeta", 1, 1),
    ("urlParse", 1, 1),
    ("urlJoin", 1, 1),
    ("duration", 1, 1),
    ("durationRound", 1, 1),
    ("toDate", 2, 2),
    ("fail", 1, 1),
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
    "%p",
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
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 }
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

    fn call(&mut self, depth: usize) -> String {
        let (name, least, most) = FUNCTIONS[self.below(FUNCTIONS.len())];
        let count = least + self.below(most - least + 1);
        let mut args: Vec<String> = (0..count).map(|_| self.value(depth)).collect();
        if name == "printf" {
            args[0] = format!("{:?}", self.pick(FORMATS));
        }
        if !args.is_empty() && self.below(3) == 0 {
            let last = args.pop().expect("there is one");
            if !matches!(last.as_str(), "nil") {
                return format!("{last} | {name} {}", args.join(" "));
            }
            args.push(last);
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
