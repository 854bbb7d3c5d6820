//! The crate against what Go's libraries answered, and against itself.

use goyaml::{
    Dialect, Duplicates, Limits, ParseOptions, Profile, Value, YamlError, emit, emit_as, emit_documents, json,
    parse_documents,
};
use proptest::prelude::*;

fn options(dialect: Dialect) -> ParseOptions {
    let duplicate_keys = if dialect == Dialect::V2 { Duplicates::LastWins } else { Duplicates::Refuse };
    ParseOptions { dialect, duplicate_keys, ..ParseOptions::default() }
}

fn read(text: &str) -> Vec<Value> {
    parse_documents(text, &ParseOptions::default())
        .expect("the case is whole")
        .into_iter()
        .map(|document| document.value)
        .collect()
}

fn errors(text: &str, options: &ParseOptions) -> Vec<YamlError> {
    parse_documents(text, options).expect_err("the text is wrong")
}

fn places(text: &str) -> Vec<(u32, u32, String)> {
    let found = errors(text, &ParseOptions::default());
    found.into_iter().map(|error| (error.pos.line, error.pos.column, error.message)).collect()
}

/// Cases where a better message is worth more than Go's, or where Go drops a key in silence.
const OWN_WORDS: &[&str] = &["invalid map key", "unsupported map key", "a key is null", "json: unsupported type"];

fn check_parse(case: &Value, dialect: Dialect) -> Result<(), String> {
    let text = case.str_at(&["text"]).expect("the case is whole");
    match (parse_documents(text, &options(dialect)), case.str_at(&["error"])) {
        (Ok(documents), None) => {
            let ours: Vec<String> = documents.iter().map(|document| json::to_go_string(&document.value)).collect();
            let theirs: Vec<&str> = case
                .get("documents")
                .and_then(Value::as_list)
                .expect("the case is whole")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let theirs: Vec<&str> = theirs.into_iter().filter(|text| *text != "null").collect();
            if ours == theirs { Ok(()) } else { Err(format!("{text:?}: {ours:?} instead of {theirs:?}")) }
        }
        (Err(errors), theirs) => {
            let ours = &errors[0].message;
            let own = OWN_WORDS.iter().any(|words| ours.starts_with(words));
            let same = theirs.is_some_and(|theirs| theirs.contains(ours.as_str()));
            if own || same { Ok(()) } else { Err(format!("{text:?}: {ours} instead of {theirs:?}")) }
        }
        (Ok(_), Some(theirs)) => Err(format!("{text:?}: read, though Go says {theirs}")),
    }
}

fn check_emit(case: &Value, profile: Profile) -> Result<(), String> {
    let value = case.get("value").expect("the case is whole");
    // As the oracle got it: a float that looks like an integer is one.
    let value = &json::parse(json::to_go_string(value).as_bytes()).map_err(|error| error.to_string())?;
    let ours = match emit_as(value, profile) {
        Ok(text) => text,
        Err(error) => {
            let theirs = case.str_at(&["error"]).unwrap_or("no error").replace("line 1: ", "");
            let same = error.to_string().ends_with(&theirs);
            return if same { Ok(()) } else { Err(format!("{}: {error} instead of {theirs}", json::to_string(value))) };
        }
    };
    let theirs = case.str_at(&["output"]).unwrap_or("an error");
    if ours == theirs { Ok(()) } else { Err(format!("{}:\n{ours}instead of\n{theirs}", json::to_string(value))) }
}

#[test]
fn golden_answers_of_go() {
    let golden = json::parse(include_bytes!("golden.json")).unwrap();
    let cases = golden.get("cases").and_then(Value::as_list).unwrap();
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| match case.str_at(&["op"]).unwrap() {
            "parse3" => check_parse(case, Dialect::V3).err(),
            "parse2" => check_parse(case, Dialect::V2).err(),
            "emit3" => check_emit(case, Profile::Pretty).err(),
            _ => check_emit(case, Profile::ToYaml).err(),
        })
        .collect();
    assert!(cases.len() > 100 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_node_and_key_has_its_place() {
    let text = "# c\na:\n  - é: {b: 1}\n    k: \"q\"\n";
    let root = &read(text)[0];
    let at = |value: &Value| (value.pos().line, value.pos().column);
    let item = &root.get("a").unwrap().as_list().unwrap()[0];
    assert_eq!(at(root), (2, 1));
    assert_eq!(at(item), (3, 5));
    assert_eq!(at(item.at(&["é", "b"]).unwrap()), (3, 12));
    assert_eq!(item.as_map().unwrap().key("k").unwrap().pos().column, 5);
    assert_eq!(at(item.get("k").unwrap()), (4, 8));
}

#[test]
fn all_broken_documents_are_told() {
    let text = "a: 1\n---\nb: [\n---\nc: 1\nc: 2\nc: 3\n---\nd: 'x\n--- ok\n---\ne: {a: b\n";
    let expected = [
        (4, 1, "did not find expected node content"),
        (6, 1, "mapping key \"c\" already defined at line 5"),
        (7, 1, "mapping key \"c\" already defined at line 5"),
        (9, 4, "found unexpected document indicator"),
        (13, 1, "did not find expected ',' or '}'"),
    ];
    let found = places(text);
    let found: Vec<_> = found.iter().map(|(line, column, message)| (*line, *column, message.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn errors_stand_where_they_are() {
    for (text, line, message) in [
        ("a: 1\nfoo\nb: 2\n", 2, "could not find expected ':'"),
        ("a:\n  b: 1\n c: 2\n", 3, "did not find expected key"),
        ("a: b: c\n", 1, "mapping values are not allowed in this context"),
        ("a: 1\nb: \u{1}\n", 2, "control characters are not allowed"),
        ("a: 1\nb: *x\n", 2, "unknown anchor 'x' referenced"),
    ] {
        let found = places(text);
        assert_eq!((found[0].0, found[0].2.as_str()), (line, message), "{text:?}");
    }
}

#[test]
fn limits_are_errors() {
    let deep = [
        ("[".repeat(100_000), "exceeded max depth"),
        ("- ".repeat(100_000), "exceeded max depth"),
        ("{a: ".repeat(100_000), "exceeded max depth"),
    ];
    for (text, message) in deep {
        assert!(places(&text)[0].2.contains(message), "{}", &text[..8]);
    }
    let chain: String = (1..5_000).fold(String::new(), |text, n| text + &format!("a{n}: &a{n} {{<<: *a{}}}\n", n - 1));
    assert!(places(&format!("a0: &a0 {{x: 1}}\n{chain}"))[0].2.contains("exceeded max depth"));
    let small = Limits { bytes: 10, ..Limits::default() };
    let found = errors("0123456789a", &ParseOptions { limits: small, ..ParseOptions::default() });
    assert!(found[0].message.contains("more than the 10 allowed"), "{found:?}");
    let few = Limits { nodes: 3, ..Limits::default() };
    let found = errors("[a, b, c, d]", &ParseOptions { limits: few, ..ParseOptions::default() });
    assert!(found[0].message.contains("more than 3 nodes"), "{found:?}");
}

#[test]
fn alias_bombs_are_refused() {
    let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..9 {
        let before = level - 1;
        let items = vec![format!("*a{before}"); 9].join(",");
        text = format!(
            "{text}a{level}: &a{level} [{items}]
"
        );
    }
    assert_eq!(places(&text)[0].2, "document contains excessive aliasing");
}

#[test]
fn duplicates_of_strict_json_are_named() {
    let (value, duplicates) = json::parse_strict(br#"{"data":{"a":1,"a":2},"l":[{"b":1,"b":2}]}"#).unwrap();
    assert_eq!(value.at(&["data", "a"]).and_then(Value::as_i64), Some(2));
    assert_eq!(duplicates, ["data.a", "l[0].b"]);
    assert!(json::parse_strict(b"{} x").is_err());
    assert_eq!(json::parse(b"{\"a\":tru}").unwrap_err().line, 1);
}

#[test]
fn go_json_escapes_and_floats() {
    let value =
        json::parse(b"{\"b\":\"<&>\\u2028\\u0001\\u007f\",\"a\":[1.0,1e21,1e-7,1e20,-0.0,12345678901234567890123]}")
            .unwrap();
    assert_eq!(
        json::to_go_string(&value),
        "{\"a\":[1,1e+21,1e-7,100000000000000000000,-0,1.2345678901234568e+22],\"b\":\"\\u003c\\u0026\\u003e\\u2028\\u0001\u{7f}\"}"
    );
}

#[test]
fn keys_that_have_no_consistent_order_do_not_panic() {
    let keys = ["08", "190", "1e", "12345678901234567890", "? a", "1:30"];
    let map: Value = (0..300).map(|n| (format!("{}{n}", keys[n % keys.len()]), Value::NULL)).collect();
    assert_eq!(emit(&map).lines().count(), 300);
}

#[test]
fn documents_are_joined() {
    assert_eq!(emit_documents(&read("b: 1\na: 2\n---\n- x\n")), "a: 2\nb: 1\n---\n- x\n");
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[ -~\n\t]{0,20}", "[a-z:# \n-]{0,120}", any::<String>()];
    let leaf = prop_oneof![
        Just(Value::NULL),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300_f64..1e300).prop_map(|number| Value::from(number + 0.5)),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..6).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

/// The value as it is after JSON: floats without fraction are integers; a NEL becomes a space on the way.
fn plain(value: &Value) -> Value {
    json::parse(json::to_go_string(value).as_bytes()).expect("what is written is JSON")
}

fn has_nel(value: &Value) -> bool {
    json::to_string(value).contains('\u{85}')
}

proptest! {
    #[test]
    fn what_is_emitted_reads_back(value in any_value()) {
        prop_assume!(!has_nel(&value));
        for dialect in [Dialect::V2, Dialect::V3] {
            let text = emit(&value);
            let documents = parse_documents(&text, &options(dialect)).map_err(|errors| TestCaseError::fail(format!("{errors:?}\n{text}")))?;
            prop_assert_eq!(json::to_go_string(&documents[0].value), json::to_go_string(&plain(&value)), "{}", text);
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>(), pieces in prop::collection::vec(prop::sample::select(&["\n", "- ", "a", ": ", "[", "{", "]", "}", "&a ", "*a", "|\n", "'", "\"", "  ", "#", "---\n", "!t ", "? ", "<<: ", "\t"][..]), 0..40)) {
        for dialect in [Dialect::V2, Dialect::V3] {
            let _ = parse_documents(&text, &options(dialect));
            let _ = parse_documents(&pieces.concat(), &options(dialect));
        }
    }
}

#[test]
fn nodes_know_whether_they_were_quoted() {
    let options = options(Dialect::V3);
    let text = "[a, \"b\", 'c', 5, '5', !!str d, &x \"e\", *x]";
    let documents = parse_documents(text, &options).expect("is well-formed");
    let quoted: Vec<bool> =
        documents[0].value.as_list().expect("is a list").iter().map(goyaml::Value::is_quoted).collect();
    assert_eq!(quoted, [false, true, true, false, true, false, true, true]);
}

#[test]
fn marks_and_quotes_do_not_disturb_each_other() {
    let value = Value::from("a").with_quotes(true).with_mark(Value::MARKS - 1);
    assert_eq!((value.is_quoted(), value.mark()), (true, Value::MARKS - 1));
    let value = value.with_quotes(false).with_mark(3);
    assert_eq!((value.is_quoted(), value.mark()), (false, 3));
    assert_eq!(value, Value::from("a"), "they are no part of the content");
}

#[test]
fn a_node_is_five_words() {
    assert_eq!(size_of::<Value>(), 40, "trees of many objects are kept in memory");
}

/// Documents with comments in each place, and how go-yaml v3 writes its nodes again, as sops lets it.
const COMMENTED: &[(&str, &str)] = &[
    ("# head\n\n# of a\na: 1 # line\n# foot\n\nb: 2\n", "# head\n\n# of a\na: 1 # line\n# foot\n\nb: 2\n"),
    ("a:\n  # of b\n  b: x\n  # below b\n# below a\n", "a:\n    # of b\n    b: x\n    # below b\n# below a\n"),
    ("- # of x\n  - x\n- y # y\n", "- # of x\n  - x\n- \"y\" # y\n"),
    ("a: |+ # why\n  keep\n\n# c\nb: 1\n", "a: |+ # why\n    keep\n\n# c\nb: 1\n"),
    ("a: {} # none\nb: []\n", "a: {} # none\nb: []\n"),
    ("a: 1\n---\n# two\nb: <<\n", "a: 1\n---\n# two\nb: !!merge <<\n"),
];

#[test]
fn comments_stay_where_they_belong() {
    for (text, expected) in COMMENTED {
        let documents = goyaml::commented::parse(text, &ParseOptions::default()).expect("the case is whole");
        assert_eq!(goyaml::commented::emit(&documents, 4), *expected, "{text}");
    }
}

#[test]
fn aliases_of_texts_with_comments_are_bounded() {
    let levels =
        (1..12).map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(",")));
    let text = "a0: &a0 x\n".to_owned() + &levels.collect::<String>();
    let limits = Limits { nodes: 10_000, ..Limits::default() };
    let options = ParseOptions { limits, ..ParseOptions::default() };
    let errors = goyaml::commented::parse(&text, &options).expect_err("it is a bomb");
    assert!(errors[0].message.contains("more than 10000 nodes"), "{errors:?}");
    let errors = goyaml::commented::parse("a: &a [*a]\n", &options).expect_err("it contains itself");
    assert!(errors[0].message.contains("contains itself"), "{errors:?}");
}
