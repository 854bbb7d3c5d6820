//! Templates that are run apart from the others of their render, on another core.
//!
//! Nothing of what they do may hang on the order in which templates are run: the host is asked in it, and what one template
//! changes in the values the next one sees. A template that would do either is given up before it does.

use super::Run;
use crate::error::Fault;
use crate::host::Host;
use crate::value::Map;

/// Why a template cannot be run apart from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    /// It asks the host.
    Host,
    /// It changes values that the others may see.
    Values,
}

impl<'h> Run<'h> {
    /// Whom to ask about the world.
    pub(crate) fn host(&mut self) -> Result<&'h dyn Host, Fault> {
        self.kept.asked();
        self.host.ok_or_else(|| self.give_up(Dependence::Host))
    }

    /// Is told before a map is changed where it is.
    pub(crate) fn alter(&mut self, map: &Map) -> Result<(), Fault> {
        self.change(map.is_given())?;
        self.originals.keep(map);
        Ok(())
    }

    /// Is told before a list is changed where it is, and whether others may have it too.
    pub(crate) fn alter_list(&mut self, is_given: bool) -> Result<(), Fault> {
        self.change(is_given)?;
        if is_given {
            self.originals.lose();
        }
        Ok(())
    }

    fn change(&mut self, is_given: bool) -> Result<(), Fault> {
        if self.host.is_none() && is_given {
            return Err(self.give_up(Dependence::Values));
        }
        self.kept.altered(is_given);
        Ok(())
    }

    fn give_up(&mut self, why: Dependence) -> Fault {
        self.dependence = Some(why);
        Fault::new("the template cannot be run apart from the others")
    }
}

#[cfg(test)]
mod tests {
    use super::Dependence;
    use crate::{Functions, Map, NoHost, Options, Renderer, TemplateSet, Value, parse};

    /// What keeps a template from being run apart, and its output either way.
    fn run(template: &str) -> (Option<Dependence>, Vec<u8>, Vec<u8>) {
        let mut set = TemplateSet::new(Functions::Helm);
        set.add(&parse("t", template.as_bytes(), Functions::Helm).expect(template));
        let data = || {
            let map = Map::from_iter([("inner", Map::from_iter([("a", Value::Int(1))]).into())]);
            let entries =
                [("map", map.into()), ("list", Value::list(vec!["b".into()])), ("texts", Value::texts(["b", "a"]))];
            Value::Map(entries.into_iter().collect())
        };
        let mut apart = Renderer::apart(&set, Options::default());
        let alone = apart.render("t", &data()).map(<[u8]>::to_vec).unwrap_or_default();
        let mut whole = Renderer::new(&set, &NoHost, Options::default());
        let wanted = whole.render("t", &data()).map(<[u8]>::to_vec).expect(template);
        (apart.dependence(), alone, wanted)
    }

    #[test]
    fn what_asks_the_host_is_not_run_apart() {
        for template in [
            "{{ now | date \"2006\" }}",
            "{{ randAlpha 5 }}",
            "{{ uuidv4 }}",
            "{{ lookup \"v1\" \"Secret\" \"a\" \"b\" }}",
            "{{ getHostByName \"a\" }}",
            "{{ htpasswd \"a\" \"b\" }}",
            "{{ genPrivateKey \"ed25519\" }}",
            "{{ (genSelfSignedCert \"a\" nil nil 1).Cert | len }}",
            "{{ encryptAES \"a\" \"b\" }}",
            "{{ date \"2006\" 0 }}",
            "{{ define \"x\" }}{{ shuffle \"abc\" }}{{ end }}{{ include \"x\" . }}",
        ] {
            assert_eq!(run(template).0, Some(Dependence::Host), "{template}");
        }
    }

    #[test]
    fn what_changes_what_it_was_given_is_not_run_apart() {
        for template in [
            "{{ $_ := set .map \"a\" 1 }}",
            "{{ $_ := set . \"a\" 1 }}",
            "{{ $_ := unset .map.inner \"a\" }}",
            "{{ $_ := merge .map (dict \"a\" 1) }}",
            "{{ $_ := mergeOverwrite (dict \"inner\" .map.inner) (dict \"inner\" (dict \"a\" 2)) }}",
            "{{ $own := pick . \"map\" }}{{ $_ := set $own.map \"a\" 1 }}",
            "{{ range $key, $map := omit . \"list\" \"texts\" }}{{ $_ := set $map \"a\" 1 }}{{ end }}",
            "{{ $_ := sortAlpha .texts }}",
            "{{ tpl \"{{ $_ := set .map \\\"a\\\" 1 }}\" . }}",
        ] {
            assert_eq!(run(template).0, Some(Dependence::Values), "{template}");
        }
    }

    #[test]
    fn what_is_changed_of_ones_own_needs_nobody() {
        for template in [
            "{{ $own := dict \"a\" 1 }}{{ $_ := set $own \"b\" 2 }}{{ toJson $own }}",
            "{{ $own := deepCopy .map }}{{ $_ := set $own.inner \"b\" 2 }}{{ toJson $own }}{{ toJson .map }}",
            "{{ $own := fromYaml \"a: {b: 1}\" }}{{ $_ := unset $own.a \"b\" }}{{ toJson $own }}",
            "{{ $own := fromJson \"{\\\"a\\\": {}}\" }}{{ $_ := set $own.a \"b\" 2 }}{{ toJson $own }}",
            "{{ $own := merge (dict) .map }}{{ toJson $own }}",
            "{{ $own := pick .map \"inner\" }}{{ $_ := set $own \"a\" 1 }}{{ toJson $own }}",
            "{{ keys . | sortAlpha | join \",\" }}{{ sortAlpha .list }}",
        ] {
            let (dependence, alone, wanted) = run(template);
            assert_eq!((dependence, alone), (None, wanted), "{template}");
        }
    }
}
