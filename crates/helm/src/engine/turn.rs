//! The templates in their turn: what is known of each, or what it comes to now.

use std::sync::Arc;

use gotemplate::{ExecError, Host, Renderer};

use super::apart::{self, Ready};
use super::known::{Cost, Known, KnownFile, Same, sum};
use super::{Job, Runner};
use crate::manifest::FileText;
use crate::scope::{Template, View};

/// One render.
pub(super) struct Turn<'t> {
    job: &'t Job<'t>,
    templates: &'t [Template],
    host: &'t dyn Host,
    /// The render before.
    last: Option<Arc<Known>>,
    /// Whether that was of this release, as long as nothing has changed what it saw.
    is_known: bool,
    ready: Ready,
    runner: Option<Runner<'t>>,
    /// Values that nobody has changed.
    view: &'t mut Option<View>,
    /// What the templates cost that were not run here, until one is.
    spent: Cost,
    /// Those that change values and were not run yet, as nobody has looked.
    behind: Vec<usize>,
    /// Whether values are what the host's answers made of them.
    unsure: bool,
    /// What the next render will know.
    made: Known,
}

impl<'t> Turn<'t> {
    pub(super) fn new(
        job: &'t Job<'t>,
        templates: &'t [Template],
        (last, view): (Option<Arc<Known>>, &'t mut Option<View>),
        host: &'t dyn Host,
    ) -> Self {
        let is_known = last.as_ref().is_some_and(|last| last.fits(job.options));
        let ready = if is_known { Ready::nothing() } else { apart::run(job, templates, last.as_deref()) };
        Self {
            job,
            templates,
            host,
            last,
            is_known,
            ready,
            runner: None,
            view,
            spent: (0, 0),
            behind: Vec::new(),
            unsure: false,
            made: Known::begin(job.options),
        }
    }

    /// What the template of this number comes to, the next one.
    pub(super) fn next(&mut self, number: usize) -> Result<Arc<FileText>, Box<ExecError>> {
        let last = self.last.as_ref().filter(|_| self.is_known);
        let known = last.and_then(|last| last.file(number)).cloned();
        let file = match (known, self.ready.next()) {
            (Some(file @ KnownFile { same: Some(same), .. }), _) => {
                self.pass(number, same)?;
                file
            }
            (_, Some((text, cost))) => {
                self.charge(cost)?;
                KnownFile { text: text?, same: Some(Same { cost, alters: false }) }
            }
            (_, None) => self.now(number)?,
        };
        let text = Arc::clone(&file.text);
        self.made.add(file);
        Ok(text)
    }

    /// Goes on without a template that is known.
    fn pass(&mut self, number: usize, same: Same) -> Result<(), Box<ExecError>> {
        if !same.alters {
            return self.charge(same.cost);
        }
        if let Some(runner) = &mut self.runner {
            return runner.run(&self.templates[number]).map(drop);
        }
        self.behind.push(number);
        Ok(())
    }

    /// Counts what was not run here against the budgets.
    fn charge(&mut self, cost: Cost) -> Result<(), Box<ExecError>> {
        if let Some(runner) = &mut self.runner {
            return runner.renderer.charge(cost);
        }
        self.spent = sum(self.spent, cost);
        Ok(())
    }

    /// Runs a template.
    fn now(&mut self, number: usize) -> Result<KnownFile, Box<ExecError>> {
        let template = &self.templates[number];
        let runner = self.runner()?;
        let output = runner.run(template)?.0;
        let (asked, alters, cost) = (runner.renderer.asked(), runner.renderer.altered(), runner.renderer.cost());
        // What follows is known, or was run, without what this one changed.
        if alters {
            self.is_known = false;
            self.ready = Ready::nothing();
        }
        self.unsure |= alters && asked;
        let text = Known::text(self.last.as_deref(), number, output);
        Ok(KnownFile { text, same: (!asked && !self.unsure).then_some(Same { cost, alters }) })
    }

    /// What runs templates, which sees what those before changed.
    fn runner(&mut self) -> Result<&mut Runner<'t>, Box<ExecError>> {
        let runner = match self.runner.take() {
            Some(runner) => runner,
            None => self.start()?,
        };
        Ok(self.runner.insert(runner))
    }

    fn start(&mut self) -> Result<Runner<'t>, Box<ExecError>> {
        let renderer = Renderer::new(self.job.set, self.host, self.job.options.limits);
        let mut runner = self.job.runner(renderer, self.view.take());
        runner.renderer.charge(self.spent)?;
        for number in &self.behind {
            runner.run(&self.templates[*number])?;
        }
        Ok(runner)
    }

    /// What the next render may know.
    pub(super) fn end(self) -> Known {
        if let Some(Runner { renderer, view }) = self.runner
            && renderer.restore()
        {
            *self.view = Some(view);
        }
        self.made
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Arc;

    use gotemplate::{Host, Instant, NoHost, Options};

    use crate::Chart;
    use crate::load::{LoadOptions, from_files};
    use crate::output::{OutputOptions, print};
    use crate::values::UserValues;
    use crate::{KubeVersion, RenderOptions, Session, TemplateCache, render};

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

    /// A chart of so many templates, of which those of some numbers are special.
    fn chart(count: usize, special: &[(usize, &str)]) -> Chart {
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
        from_files(files, &LoadOptions::default()).expect("a chart")
    }

    /// How charts are rendered.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum How {
        /// On all cores and with what is known of the render before.
        Usual,
        /// The same, in one session.
        Session,
        /// One template after the other, with a trace.
        Trace,
    }

    /// What such a chart comes to in three renders.
    fn outputs(count: usize, special: &[(usize, &str)], how: How) -> [String; 3] {
        let chart = chart(count, special);
        let limits = Options { steps: 20_000, ..Options::default() };
        let options = RenderOptions { trace: how == How::Trace, limits, ..RenderOptions::install("r", "default") };
        let cache = TemplateCache::new();
        let mut session = Session::new(&cache);
        let host = Counting::default();
        let user = UserValues::default();
        let mut outcome = || match how {
            How::Session => session.render(&chart, &user, &options, &host),
            How::Usual | How::Trace => render(&chart, &user, &options, (&cache, &host)),
        };
        [(); 3].map(|()| match outcome() {
            Ok(rendered) => {
                let asked: Vec<_> = rendered.inquiries.iter().map(|inquiry| format!("{inquiry:?}")).collect();
                let text = print(&rendered, &OutputOptions::default()).expect("text");
                String::from_utf8(text).expect("UTF-8") + &asked.concat()
            }
            Err(error) => error.to_string(),
        })
    }

    #[test]
    fn a_session_shows_nothing_of_the_render_before() {
        let special = [
            (0, "{{ hasKey . \"Template\" }} {{ keys .Subcharts }} {{ .Release.Revision }}"),
            (1, "{{ .Template.Name }} {{ .Release | toJson }}"),
            (2, "{{ if eq .Release.Revision 2 }}{{ $_ := set .Values \"a\" \"altered\" }}{{ end }}"),
            (3, "{{ if eq .Release.Revision 4 }}{{ $_ := set .Release \"Name\" \"altered\" }}{{ end }}"),
            (4, "{{ if eq .Release.Revision 6 }}{{ fail \"no\" }}{{ end }}{{ .Capabilities.KubeVersion.Version }}"),
        ];
        let (chart, cache) = (chart(6, &special), TemplateCache::new());
        let mut session = Session::new(&cache);
        for revision in [1, 2, 3, 4, 5, 6, 7, 8, 1, 1, 2] {
            let version = if revision < 8 { "1.30" } else { "1.31" };
            let mut options = RenderOptions::install(&format!("r{revision}"), "default");
            options.release.revision = revision;
            options.capabilities.kube_version = KubeVersion::parse(version).expect("a version");
            let user = UserValues::default();
            let fresh = render(&chart, &user, &options, (&TemplateCache::new(), &NoHost));
            let [fresh, kept] = [fresh, session.render(&chart, &user, &options, &NoHost)].map(|rendered| {
                let text = print(&rendered.map_err(|error| error.to_string())?, &OutputOptions::default());
                Ok::<_, String>(String::from_utf8(text.expect("text")).expect("UTF-8"))
            });
            assert_eq!(kept, fresh, "{revision}");
        }
    }

    #[test]
    fn a_file_is_run_though_another_chart_has_included_it() {
        let file = |name: &str, text: &str| (name.to_owned(), Arc::from(text.as_bytes()));
        let files = vec![
            file("Chart.yaml", "apiVersion: v2\nname: p\nversion: 1.0.0\n"),
            // Deep enough to be run before those of the chart below.
            file(
                "templates/a/b/c/d.yaml",
                "kind: B\nbefore: {{ include \"p/charts/c/templates/x.yaml\" .Subcharts.c | quote }}",
            ),
            file("charts/c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
            file("charts/c/templates/x.yaml", "# has {{ hasKey . \"Template\" }}\nkind: A"),
        ];
        let chart = from_files(files, &LoadOptions::default()).expect("a chart");
        let options = RenderOptions::install("r", "default");
        let cache = TemplateCache::new();
        let mut session = Session::new(&cache);
        for _ in 0..2 {
            let rendered = session.render(&chart, &UserValues::default(), &options, &NoHost).expect("manifests");
            let text = String::from_utf8(print(&rendered, &OutputOptions::default()).expect("text")).expect("UTF-8");
            assert!(text.contains("before: \"# has false") && text.contains("\n# has true"), "{text}");
        }
    }

    #[test]
    fn another_revision_is_another_render() {
        let special = [(1, "{{ .Release.Revision }}"), (3, "{{ if gt .Release.Revision 1 }}- {{ end }}")];
        for count in [4, 128] {
            let chart = chart(count, &special);
            let kept = TemplateCache::new();
            let output = |revision, cache: &TemplateCache| {
                let mut options = RenderOptions::install("r", "default");
                options.release.revision = revision;
                let rendered = render(&chart, &UserValues::default(), &options, (cache, &NoHost)).expect("manifests");
                String::from_utf8(print(&rendered, &OutputOptions::default()).expect("text")).expect("UTF-8")
            };
            for revision in [1, 2, 3, 1] {
                assert_eq!(output(revision, &kept), output(revision, &TemplateCache::new()), "{count} {revision}");
            }
        }
    }

    #[test]
    fn all_cores_and_what_is_known_come_to_the_same() {
        let (set, look) = ("{{ $_ := set .Values \"a\" \"later\" }}", "{{ .Values.a }}");
        let (deep, now) = ("{{ $_ := set .Values.map \"b\" 2 }}", "{{ now.Unix }}");
        let both = "{{ $_ := now }}{{ $_ := set .Values \"a\" \"asked\" }}";
        let later = "{{ if gt (now.Unix | int) 1 }}{{ $_ := set .Values \"a\" \"later\" }}{{ end }}";
        let once = "{{ if eq (now.Unix | int) 1 }}{{ $_ := set .Values \"a\" \"once\" }}{{ end }}";
        let (put, change) = (
            "{{ $_ := dict \"x\" 1 | set .Values.map \"own\" }}",
            "{{ $_ := add .Values.map.own.x 1 | set .Values.map.own \"x\" }}",
        );
        let (again, both_seen) = ("{{ $_ := set .Values \"a\" \"again\" }}", "{{ now.Unix }}{{ .Values.a }}");
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
            vec![(127, once), (60, look), (59, deep), (58, now)],
            vec![(127, put), (60, change), (59, now), (58, change), (57, now), (0, once)],
            vec![(127, set), (60, again), (3, both_seen)],
            vec![(127, now), (60, set), (3, both_seen)],
            vec![(127, set), (90, costly), (60, later), (3, costly)],
        ] {
            for count in [128, 62] {
                let [usual, session, wanted] =
                    [How::Usual, How::Session, How::Trace].map(|how| outputs(count, &special, how));
                assert_eq!(usual, wanted, "{count} {special:?}");
                assert_eq!(session, wanted, "{count} {special:?}");
            }
        }
    }
}
