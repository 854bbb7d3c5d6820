//! Any text as a template: read, and run over a few values within small budgets. What a render keeps between files must not be
//! seen, nor whether a template is run apart from the others.
#![no_main]

use gotemplate::{Functions, Map, MapKind, NoHost, Options, Renderer, TemplateSet, from_yaml, given, parse};
use libfuzzer_sys::fuzz_target;

const VALUES: &[u8] =
    br#"{"s":"Hello World","e":"","n":null,"i":3,"f":2.5,"t":true,"l":["b","a"],"m":{"a":1,"c":{"d":"x"}}}"#;

const OPTIONS: Options =
    Options { steps: 20_000, depth: 20, output: 1 << 16, memory: 1 << 20, missing_key: gotemplate::MissingKey::Zero };

type Outcome = Result<Vec<u8>, String>;

/// Two files of the same text, one after the other.
fn twice(set: &TemplateSet, values: &goyaml::Value, keep: bool) -> [Outcome; 2] {
    let data = given(values, from_yaml);
    let mut renderer = Renderer::new(set, &NoHost, OPTIONS);
    [(); 2].map(|()| {
        let output = if keep {
            renderer.render_next("t", &data, &Map::later(MapKind::Values, || []))
        } else {
            renderer.render("t", &data)
        };
        output.map(<[u8]>::to_vec).map_err(|error| error.to_string())
    })
}

/// What is met after more or fewer steps: texts given to `tpl` are read once, and counted each time they are seen again.
fn is_spent(outcome: &Outcome) -> bool {
    outcome.as_ref().is_err_and(|error| error.contains("too many steps"))
}

fuzz_target!(|text: &[u8]| {
    let Ok(parsed) = parse("t", text, Functions::Helm) else { return };
    let mut set = TemplateSet::new(Functions::Helm);
    set.add(&parsed);
    let values = goyaml::json::parse(VALUES).expect("the values are JSON");
    let plain = twice(&set, &values, false);
    let kept = twice(&set, &values, true);
    if plain.iter().chain(&kept).any(is_spent) {
        return;
    }
    // What prints where something lies in memory is another text each time.
    let varies = || plain != twice(&set, &values, false);
    assert!(plain == kept || varies(), "{plain:?}\n{kept:?}");
    let mut apart = Renderer::apart(&set, OPTIONS);
    let alone = apart.render("t", &given(&values, from_yaml)).map(<[u8]>::to_vec).map_err(|error| error.to_string());
    assert!(apart.dependence().is_some() || alone == plain[0] || varies(), "{plain:?}\n{alone:?}");
});
