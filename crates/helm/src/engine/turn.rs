//! The templates in their turn: what is known of each, or what it comes to now.

use std::sync::Arc;

use gotemplate::{ExecError, Host, Renderer};

use super::apart::{self, Ready};
use super::known::{Cost, Known, sum};
use super::{Job, Output, Runner};
use crate::manifest::FileText;
use crate::scope::Template;

/// One render.
pub(super) struct Turn<'t> {
    job: &'t Job<'t>,
    host: &'t dyn Host,
    /// The render before, as long as nothing has changed what it saw.
    known: Option<Arc<Known>>,
    ready: Ready,
    runner: Option<Runner<'t>>,
    /// What the templates cost that were not run here, until one is.
    spent: Cost,
    /// What the next render will know.
    made: Known,
}

impl<'t> Turn<'t> {
    pub(super) fn new(job: &'t Job<'t>, templates: &[Template], known: Option<Arc<Known>>, host: &'t dyn Host) -> Self {
        let ready = if known.is_none() { apart::run(job, templates) } else { Ready::nothing() };
        Self { job, host, known, ready, runner: None, spent: (0, 0), made: Known::begin(job.options) }
    }

    /// What the next template comes to.
    pub(super) fn next(&mut self, number: usize, template: &Template) -> Result<Arc<FileText>, Box<ExecError>> {
        if let Some((text, cost)) = self.known.as_ref().and_then(|known| known.file(number)) {
            let (text, cost) = (Arc::clone(text), *cost);
            self.charge(cost)?;
            self.made.add(&text, Some(cost));
            return Ok(text);
        }
        let (output, cost) = match self.ready.next() {
            Some((output, cost)) => {
                self.charge(cost)?;
                (output?, Some(cost))
            }
            None => self.now(template)?,
        };
        let text = Arc::new(FileText::new(output.0));
        self.made.add(&text, cost);
        Ok(text)
    }

    /// Counts what was not run here against the budgets.
    fn charge(&mut self, cost: Cost) -> Result<(), Box<ExecError>> {
        if let Some(runner) = &mut self.runner {
            return runner.renderer.charge(cost);
        }
        self.spent = sum(self.spent, cost);
        Ok(())
    }

    /// Runs a template; with its cost if it comes to the same each time.
    fn now(&mut self, template: &Template) -> Result<(Output, Option<Cost>), Box<ExecError>> {
        let runner = if let Some(runner) = &mut self.runner {
            runner
        } else {
            let renderer = Renderer::new(self.job.set, self.host, self.job.options.limits);
            let runner = self.runner.insert(self.job.runner(renderer));
            runner.renderer.charge(self.spent)?;
            runner
        };
        let output = runner.run(template);
        let (altered, cost) = (runner.renderer.altered(), runner.renderer.cost());
        let is_same = !altered && !runner.renderer.asked();
        // What follows is known, or was run, without what this one changed.
        if altered {
            self.known = None;
            self.ready = Ready::nothing();
        }
        Ok((output?, is_same.then_some(cost)))
    }

    /// What the next render may know.
    pub(super) fn end(self) -> Known {
        self.made
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;

    use gotemplate::{Host, Instant, NoHost, Options};

    use crate::load::{LoadOptions, from_files};
    use crate::output::{OutputOptions, print};
    use crate::values::UserValues;
    use crate::{RenderOptions, TemplateCache, render};

    /// A host that counts how often it is asked.
    #[derive(Default)]
    struct Counting(Cell<i64>);

    impl Host for Counting {
        fn now(&self) -> Instant {
            self.0.set(self.0.get() + 1);
            Instant { seconds: self.0.get(), nanoseconds: 0 }
        }

        fn random(&self, bytes: &mut [u8]) {
            NoHost.random(bytes);
        }
    }

    /// What so many templates come to in two renders, in which those of some numbers are special: on all cores and with what is
    /// known of the first one, or, with a trace, one after the other.
    fn outputs(count: usize, special: &[(usize, &str)], trace: bool) -> [String; 2] {
        let file = |name: &str, text: String| (name.to_owned(), Arc::from(text.into_bytes()));
        let usual = "{{ include \"labels\" . }} {{ .Values.a }} {{ toJson .Values.map }} {{ .Template.Name }}";
        let mut files = vec![
            file("Chart.yaml", "apiVersion: v2\nname: many\nversion: 1.0.0\n".to_owned()),
            file("values.yaml", "a: first\nmap: {b: [1, c]}\n".to_owned()),
            file(
                "templates/_labels.tpl",
                "{{ define \"labels\" }}{{ .Release.Name }}-{{ .Values.a }}{{ end }}".to_owned(),
            ),
        ];
        for number in 0..count {
            let text = special.iter().find(|(at, _)| *at == number).map_or(usual, |(_, text)| text);
            let text = format!("kind: A\nmetadata: {{name: n{number}}}\ntext: |\n  {text}\n");
            files.push(file(&format!("templates/{number:03}.yaml"), text));
        }
        let chart = from_files(files, &LoadOptions::default()).expect("a chart");
        let limits = Options { steps: 20_000, ..Options::default() };
        let options = RenderOptions { trace, limits, ..RenderOptions::install("r", "default") };
        let cache = TemplateCache::new();
        let host = Counting::default();
        [(); 2].map(|()| match render(&chart, &UserValues::default(), &options, (&cache, &host)) {
            Ok(rendered) => {
                let asked: Vec<_> = rendered.inquiries.iter().map(|inquiry| format!("{inquiry:?}")).collect();
                let text = print(&rendered, &OutputOptions::default()).expect("text");
                String::from_utf8(text).expect("UTF-8") + &asked.concat()
            }
            Err(error) => error.to_string(),
        })
    }

    #[test]
    fn all_cores_and_what_is_known_come_to_the_same() {
        let (set, look) = ("{{ $_ := set .Values \"a\" \"later\" }}", "{{ .Values.a }}");
        let (deep, now) = ("{{ $_ := set .Values.map \"b\" 2 }}", "{{ now.Unix }}");
        let both = "{{ $_ := now }}{{ $_ := set .Values \"a\" \"asked\" }}";
        let later = "{{ if gt (now.Unix | int) 1 }}{{ $_ := set .Values \"a\" \"later\" }}{{ end }}";
        let costly = "{{ range until 12000 }}{{ end }}";
        for special in [
            vec![],
            vec![(100, set), (40, look)],
            vec![(127, deep), (0, set)],
            vec![(110, now), (60, now), (3, now)],
            vec![(110, now), (60, set), (59, now), (3, now)],
            vec![(110, now), (60, both), (50, look), (3, now)],
            vec![(90, "{{ fail \"no\" }}"), (20, "{{ fail \"never said\" }}")],
            vec![(90, set), (20, "{{ fail .Values.a }}")],
            vec![(90, now), (20, "{{ fail (include \"labels\" .) }}"), (10, now)],
            vec![(90, costly), (20, costly), (10, now)],
            vec![(90, costly)],
            vec![(90, costly), (100, now), (60, later)],
            vec![(127, now), (60, later), (59, look), (61, look)],
            vec![(127, later), (60, later), (59, look), (0, set)],
        ] {
            for count in [128, 62] {
                let [all, one] = [false, true].map(|trace| outputs(count, &special, trace));
                assert_eq!(all, one, "{count} {special:?}");
            }
        }
    }
}
