//! What templates were given, as it was before they changed it: the next render of the same values begins with it.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::value::{Entries, Map};

/// The entries of maps that were changed.
#[derive(Default)]
pub(super) struct Originals {
    /// By the numbers of the maps.
    maps: HashMap<usize, (Map, Entries), RandomState>,
    /// Whether anything was changed that is no map.
    are_lost: bool,
}

impl Originals {
    /// Keeps the entries of a map that is about to be changed, if templates were given it.
    pub(super) fn keep(&mut self, map: &Map) {
        if map.is_given() {
            self.maps.entry(map.id()).or_insert_with(|| (map.clone(), map.with(Entries::clone)));
        }
    }

    /// Something else that was given is about to be changed.
    pub(super) fn lose(&mut self) {
        self.are_lost = true;
    }

    /// Makes all maps what they were; false if that is not all that was changed.
    pub(super) fn restore(self) -> bool {
        for (map, entries) in self.maps.into_values() {
            map.restore(entries);
        }
        !self.are_lost
    }
}

#[cfg(test)]
mod tests {
    use crate::{Functions, NoHost, Options, Renderer, TemplateSet, Value, from_yaml, given, parse};

    const VALUES: &str = r#"{"map":{"a":1,"inner":{"b":2}},"list":[{"c":3}],"empty":{}}"#;

    /// What is left of values when a template has been run, if they could be restored.
    fn left(template: &str) -> Option<String> {
        let mut set = TemplateSet::new(Functions::Helm);
        let show = "{{ toJson . }}";
        set.add(&parse("t", template.as_bytes(), Functions::Helm).expect(template));
        set.add(&parse("show", show.as_bytes(), Functions::Helm).expect(show));
        let data = given(&goyaml::json::parse(VALUES.as_bytes()).expect("JSON"), from_yaml);
        let text = |renderer: &mut Renderer<'_>, name| {
            let output = renderer.render(name, &data).expect(template);
            String::from_utf8(output.to_vec()).expect("UTF-8")
        };
        let mut renderer = Renderer::new(&set, &NoHost, Options::default());
        text(&mut renderer, "t");
        let is_restored = renderer.restore();
        is_restored.then(|| text(&mut Renderer::new(&set, &NoHost, Options::default()), "show"))
    }

    #[test]
    fn changed_maps_are_what_they_were() {
        let sorted = r#"{"empty":{},"list":[{"c":3}],"map":{"a":1,"inner":{"b":2}}}"#;
        for template in [
            "{{ .map.a }}",
            "{{ $_ := set . \"new\" 1 }}{{ $_ := set . \"new\" 2 }}",
            "{{ $_ := unset .map \"inner\" }}{{ $_ := unset . \"map\" }}",
            "{{ $_ := set .map.inner \"own\" (dict \"x\" (list 1)) }}{{ $_ := set .map.inner.own \"y\" .map }}",
            "{{ $_ := merge .map (dict \"inner\" (dict \"d\" 4)) .empty }}",
            "{{ $_ := mergeOverwrite .empty .map }}{{ $_ := set .empty.inner \"b\" 5 }}",
            "{{ $_ := merge .map }}",
            "{{ range .list }}{{ $_ := set . \"c\" $ }}{{ end }}",
            "{{ $_ := set .map \"self\" .map }}",
        ] {
            assert_eq!(left(template).as_deref(), Some(sorted), "{template}");
        }
    }

    #[test]
    fn a_sorted_list_stays_sorted() {
        let mut set = TemplateSet::new(Functions::Helm);
        set.add(&parse("t", b"{{ $_ := sortAlpha .texts }}".as_slice(), Functions::Helm).expect("a template"));
        let data = Value::Map([("texts", Value::texts(["b", "a"]))].into_iter().collect());
        let mut renderer = Renderer::new(&set, &NoHost, Options::default());
        renderer.render("t", &data).expect("output");
        assert!(!renderer.restore());
    }
}
