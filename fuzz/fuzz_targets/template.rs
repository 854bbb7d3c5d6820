//! Any text as a template: read, and run over a few values within small budgets.
#![no_main]

use gotemplate::{Functions, NoHost, Options, Renderer, TemplateSet, from_yaml, parse};
use libfuzzer_sys::fuzz_target;

const VALUES: &[u8] = br#"{"s":"Hello World","e":"","n":null,"i":3,"f":2.5,"t":true,"l":["b","a"],"m":{"a":1,"c":{"d":"x"}}}"#;

fuzz_target!(|text: &[u8]| {
    let Ok(parsed) = parse("t", text, Functions::Helm) else { return };
    let mut set = TemplateSet::new(Functions::Helm);
    set.add(&parsed);
    let options = Options { steps: 20_000, depth: 20, output: 1 << 16, memory: 1 << 20, ..Options::default() };
    let values = goyaml::json::parse(VALUES).expect("the values are JSON");
    let _ = Renderer::new(&set, &NoHost, options).render("t", &from_yaml(&values));
});
