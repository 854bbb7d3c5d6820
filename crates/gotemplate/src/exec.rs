//! Runs templates: what a render shares, and the way in.

mod apart;
mod args;
mod eval;
mod field;
mod kept;
mod originals;
mod place;
mod trace;
mod walk;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

pub use self::apart::Dependence;
use self::eval::Dot;
use self::kept::Kept;
use self::originals::Originals;
pub use self::trace::{Read, Trace};
use crate::error::{ExecError, Fault};
use crate::funcs::regexes::Patterns;
use crate::host::Host;
use crate::options::Options;
use crate::registry::{Functions, Outcome};
use crate::syntax::ast::{File, Tree, Variable};
use crate::syntax::{Parsed, parse};
use crate::value::{Map, Text, Value, WeakMap};

/// Templates by their names.
#[derive(Debug)]
pub struct TemplateSet {
    /// Each by its file, and by its number there.
    templates: HashMap<Arc<str>, (Arc<File>, usize), RandomState>,
    functions: Functions,
    patterns: Patterns,
}

impl TemplateSet {
    /// A set without templates; texts given to `tpl` are read with these functions.
    pub fn new(functions: Functions) -> Self {
        Self { templates: HashMap::default(), functions, patterns: Patterns::default() }
    }

    /// Adds the templates of one text. One of a known name replaces it, unless the new one is blank.
    pub fn add(&mut self, parsed: &Parsed) {
        for (number, tree) in parsed.file.trees().enumerate() {
            let name = &tree.template.name;
            if !tree.template.is_blank || !self.contains(name) {
                self.templates.insert(Arc::clone(name), (Arc::clone(&parsed.file), number));
            }
        }
    }

    /// Whether there is a template of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.templates.contains_key(name)
    }

    fn find(&self, name: &str) -> Option<Tree<'_>> {
        let (file, number) = self.templates.get(name)?;
        Some(Tree { file, template: file.templates.get(*number)? })
    }
}

/// The templates that can be called: a set, and over it those that a text given to `tpl` defines.
pub(crate) struct Scope<'s> {
    set: &'s TemplateSet,
    outer: Option<&'s Self>,
}

impl<'s> Scope<'s> {
    fn find(&self, name: &str) -> Option<Tree<'s>> {
        let mut scope = self;
        loop {
            if let Some(tree) = scope.set.find(name) {
                return Some(tree);
            }
            scope = scope.outer?;
        }
    }
}

/// Runs the templates of one set, for one release: what one template changes in the values the next one sees.
pub struct Renderer<'h> {
    set: &'h TemplateSet,
    run: Run<'h>,
}

/// What all templates of a render share.
pub(crate) struct Run<'h> {
    /// Nobody for templates that are run apart from the others.
    host: Option<&'h dyn Host>,
    /// Why the last one could not be run so.
    dependence: Option<Dependence>,
    pub(crate) options: Options,
    pub(crate) out: Vec<u8>,
    steps: u64,
    memory: usize,
    /// What was left of both when the last file began.
    begun: (u64, usize),
    depth: usize,
    /// Blocks, parentheses and templates within one another.
    levels: usize,
    texts: HashMap<Text, Arc<TemplateSet>, RandomState>,
    kept: Kept,
    changed: Vec<WeakMap>,
    originals: Originals,
    trace: Option<Trace>,
    /// Lists of arguments that calls are done with; the next ones use their room.
    spare: Vec<Vec<Value>>,
    /// The same for the variables of templates.
    spare_variables: Vec<Vec<(Variable, Dot)>>,
    /// Where functions write their texts, one after the other.
    sheet: Vec<u8>,
    end: End,
    pub(crate) patterns: &'h Patterns,
    pub(crate) regexes: HashMap<Vec<u8>, Arc<regex::bytes::Regex>, RandomState>,
}

/// What the text of the function that runs becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// A value.
    Value,
    /// A part of the output, as nobody else will see it: that costs no value.
    Output,
    /// It is in the output.
    Written,
}

/// What a function may use.
pub(crate) struct Context<'r, 'h, 's> {
    pub(crate) run: &'r mut Run<'h>,
    scope: &'s Scope<'s>,
}

impl<'h> Renderer<'h> {
    /// A renderer over these templates.
    pub fn new(set: &'h TemplateSet, host: &'h dyn Host, options: Options) -> Self {
        Self::of(set, Some(host), options)
    }

    /// A renderer that runs templates only as far as nothing hangs on their order, so that others can be run at the same time
    /// by renderers of their own, each with copies of the values. [`Renderer::dependence`] tells where that is not so.
    pub fn apart(set: &'h TemplateSet, options: Options) -> Self {
        Self::of(set, None, options)
    }

    fn of(set: &'h TemplateSet, host: Option<&'h dyn Host>, options: Options) -> Self {
        let run = Run {
            host,
            dependence: None,
            options,
            out: Vec::with_capacity(USUAL_OUTPUT),
            steps: options.steps,
            memory: options.memory,
            begun: (options.steps, options.memory),
            depth: 0,
            levels: 0,
            texts: HashMap::default(),
            kept: Kept::default(),
            changed: Vec::new(),
            originals: Originals::default(),
            trace: None,
            spare: Vec::new(),
            spare_variables: Vec::new(),
            sheet: Vec::with_capacity(USUAL_OUTPUT),
            end: End::Value,
            patterns: &set.patterns,
            regexes: HashMap::default(),
        };
        Self { set, run }
    }

    /// Why the last template could not be run apart from the others: what came of it does not count, and nothing was changed.
    pub fn dependence(&self) -> Option<Dependence> {
        self.run.dependence
    }

    /// Whether the last template has changed what it was given, so that those that follow may see it.
    pub fn altered(&self) -> bool {
        self.run.kept.has_altered
    }

    /// Ends the render and makes what templates were given what it was before the first one was run; false if that cannot be.
    pub fn restore(mut self) -> bool {
        let originals = std::mem::take(&mut self.run.originals);
        drop(self);
        originals.restore()
    }

    /// Whether the last template asked the host.
    pub fn asked(&self) -> bool {
        self.run.kept.has_asked
    }

    /// Counts steps and bytes of what was run elsewhere against the budgets.
    ///
    /// # Errors
    /// Which budget is used up.
    pub fn charge(&mut self, (steps, bytes): (u64, usize)) -> Result<(), Box<ExecError>> {
        let paid = self.run.spend_steps(steps).and_then(|()| self.run.allocate(bytes));
        paid.map_err(|message| Box::new(ExecError::without_place(message.to_owned())))
    }

    /// Steps and bytes that the last template cost.
    pub fn cost(&self) -> (u64, usize) {
        let (steps, bytes) = self.run.begun;
        (steps - self.run.steps, bytes - self.run.memory)
    }

    /// From now on notes what each run reads and where its output comes from.
    pub fn start_trace(&mut self) {
        self.run.trace = Some(Trace::default());
    }

    /// What was noted of the last run; nothing if nothing is noted.
    pub fn take_trace(&mut self) -> Trace {
        self.run.trace.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Runs a template; its output stays readable until the next run.
    ///
    /// # Errors
    /// What the template did wrong and where, as Go words it, or which limit it met.
    pub fn render(&mut self, name: &str, data: &Value) -> Result<&[u8], Box<ExecError>> {
        self.run.kept.forget();
        self.file(name, data)
    }

    /// The same, for a render in which nothing that templates see has changed since the last run but by templates, and but for
    /// one map, which is another one each time and is made when it is looked at: what templates came to without a look at it
    /// may be used again.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn render_next(&mut self, name: &str, data: &Value, fleeting: &Map) -> Result<&[u8], Box<ExecError>> {
        self.run.kept.show(fleeting);
        self.file(name, data)
    }

    fn file(&mut self, name: &str, data: &Value) -> Result<&[u8], Box<ExecError>> {
        self.run.out.clear();
        self.run.depth = 0;
        self.run.begun = (self.run.steps, self.run.memory);
        self.run.dependence = None;
        self.run.kept.begin();
        let scope = Scope { set: self.set, outer: None };
        let Some(tree) = scope.find(name) else {
            let name = crate::fmt::quote(name.as_bytes());
            return Err(Box::new(ExecError::without_place(format!("template: no template {name} in this set"))));
        };
        // Charts include a file for the checksum of its output, and the file is run besides.
        let key = self.run.key(&scope, tree, data);
        match self.run.included(key) {
            Some(text) => self.run.out.extend_from_slice(&text),
            None => walk::execute(&mut self.run, &scope, tree, data.clone())?,
        }
        Ok(&self.run.out)
    }
}

/// Bytes that are enough for most files, and that an allocator has at hand.
const USUAL_OUTPUT: usize = 1000;

/// Bytes that are kept for the next text of a function.
const MAX_SHEET: usize = 1 << 20;

/// Levels that any stack has room for.
const LEVELS_OF_ANY_STACK: usize = 50;

/// Stack for all levels that the limits let through.
const STACK: usize = 256 << 20;

/// Maps that were put into one another would keep each other alive.
impl Drop for Run<'_> {
    fn drop(&mut self) {
        for map in &self.changed {
            map.clear();
        }
    }
}

impl Run<'_> {
    /// Counts steps against the budget.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), &'static str> {
        self.spend_steps(steps as u64)
    }

    fn spend_steps(&mut self, steps: u64) -> Result<(), &'static str> {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err("the template took too many steps; look for a loop that does not end"),
        }
    }

    /// Notes that a key of a map is looked at.
    pub(crate) fn read(&mut self, map: &Map, key: &[u8]) {
        if let Some(trace) = &mut self.trace {
            trace.read(map, key);
        }
    }

    /// Counts bytes of new values against the budget.
    pub(crate) fn allocate(&mut self, bytes: usize) -> Result<(), &'static str> {
        match self.memory.checked_sub(bytes) {
            Some(left) => {
                self.memory = left;
                Ok(())
            }
            None => Err("the template made too much text; look for a string or list that grows in a loop"),
        }
    }

    /// Checks that the output, with so many bytes more, is within its limit.
    fn room(&self, bytes: usize) -> Result<(), &'static str> {
        if self.out.len() + bytes > self.options.output {
            return Err("the output of the template is too large");
        }
        Ok(())
    }

    /// Makes of a text what it is to become.
    fn end_text(&mut self, text: &[u8]) -> Outcome {
        if self.end != End::Output {
            return Ok(Value::text(text));
        }
        self.allocate(text.len())?;
        self.out.extend_from_slice(text);
        self.end = End::Written;
        Ok(Value::None)
    }

    /// Remembers a map that another map or list is put into.
    pub(crate) fn changed(&mut self, map: &Map) {
        self.originals.keep(map);
        self.changed.push(map.weak());
    }
}

impl Context<'_, '_, '_> {
    /// A text that a function writes piece by piece, and gives as it is: where it is the last of an action, it goes to the output
    /// right away, and no value is given.
    pub(crate) fn text<E: Into<Fault>>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Outcome {
        let mut sheet = std::mem::take(&mut self.run.sheet);
        sheet.clear();
        let written = write(&mut sheet).map_err(Into::into).and_then(|()| self.run.end_text(&sheet));
        sheet.shrink_to(MAX_SHEET);
        self.run.sheet = sheet;
        written
    }

    /// Runs a template by name; its output as text.
    pub(crate) fn include(&mut self, name: &str, data: &Value) -> Result<Text, Fault> {
        let Some(tree) = self.scope.find(name) else {
            let name = crate::fmt::quote(name.as_bytes());
            return Err(Fault::new(format!("template: no template {name} associated with template \"gotpl\"")));
        };
        let scope = self.scope;
        let key = self.run.key(scope, tree, data);
        if let Some(text) = self.run.again(key)? {
            return Ok(text);
        }
        let before = self.run.before(key);
        let text = self.capture(scope, tree, data, String::new())?;
        self.run.keep(before, data, |_| text.clone());
        Ok(text)
    }

    /// Reads a text as a template and runs it, with its own definitions over those that are there.
    pub(crate) fn tpl(&mut self, text: &Text, data: &Value) -> Result<Text, Fault> {
        if memchr::memmem::find(text, b"{{").is_none() {
            return Ok(without_no_value(text).map_or_else(|| text.clone(), Into::into));
        }
        let set = self.read(text)?;
        let scope = Scope { set: &set, outer: Some(self.scope) };
        let Some(tree) = set.find("gotpl") else {
            return Ok([].into());
        };
        let shown = crate::fmt::quote(text);
        let before = format!("error during tpl function execution for {shown}: ");
        let out = self.capture(&scope, tree, data, before)?;
        Ok(without_no_value(&out).map_or(out, Into::into))
    }

    fn read(&mut self, text: &Text) -> Result<Arc<TemplateSet>, Fault> {
        if let Some(known) = self.run.texts.get(text) {
            return Ok(Arc::clone(known));
        }
        self.run.spend(text.len())?;
        let functions = self.scope.set.functions;
        let parsed = parse("gotpl", Arc::clone(text), functions)
            .map_err(|error| format!("cannot parse template {}: {error}", crate::fmt::quote(text)))?;
        let mut set = TemplateSet::new(functions);
        set.add(&parsed);
        let set = Arc::new(set);
        self.run.texts.insert(text.clone(), Arc::clone(&set));
        Ok(set)
    }

    /// Runs a template at the end of the output and takes what it wrote.
    fn capture(&mut self, scope: &Scope<'_>, tree: Tree<'_>, data: &Value, before: String) -> Result<Text, Fault> {
        if self.run.depth >= self.run.options.depth {
            let limit = self.run.options.depth;
            return Err(Fault::new(format!(
                "templates are nested more than {limit} levels deep; look for one that includes itself"
            )));
        }
        let start = self.run.out.len();
        self.run.depth += 1;
        // Go hands a nil over as no value at all.
        let data = if data.is_nil() { Value::None } else { data.clone() };
        let done = walk::execute(self.run, scope, tree, data);
        self.run.depth -= 1;
        if let Err(cause) = done {
            return Err(Fault { message: before, cause: Some(cause), raised: false });
        }
        let text: Text = self.run.out[start..].into();
        self.run.out.truncate(start);
        Ok(text)
    }
}

/// The text without each `<no value>`; `None` if there is none in it.
fn without_no_value(text: &[u8]) -> Option<Vec<u8>> {
    const MARK: &[u8] = b"<no value>";
    let mut marks = memchr::memmem::find_iter(text, MARK).peekable();
    marks.peek()?;
    let mut out = Vec::with_capacity(text.len());
    let mut start = 0;
    for mark in marks {
        out.extend_from_slice(&text[start..mark]);
        start = mark + MARK.len();
    }
    out.extend_from_slice(&text[start..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{Renderer, TemplateSet};
    use crate::{Functions, Map, NoHost, Options, Value, parse};

    fn run(template: &str, options: Options) -> Result<String, String> {
        let mut set = TemplateSet::new(Functions::Helm);
        set.add(&parse("t", template.as_bytes(), Functions::Helm).map_err(|error| error.to_string())?);
        let mut renderer = Renderer::new(&set, &NoHost, options);
        let output = renderer.render("t", &Value::Map(Map::default())).map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(output).into_owned())
    }

    fn refused(template: &str, words: &str) {
        let outcome =
            run(template, Options { output: 1 << 20, steps: 1_000_000, memory: 1 << 24, ..Options::default() });
        let error = outcome.expect_err(template);
        assert!(error.contains(words), "{template}: {error}");
    }

    #[test]
    fn what_does_not_end_is_stopped() {
        refused("{{ range 1000000000 }}{{ end }}", "too many steps");
        refused("{{ range 1000000000 }}0123456789{{ end }}", "output of the template is too large");
        refused("{{ $s := \"ab\" }}{{ range 60 }}{{ $s = print $s $s }}{{ end }}", "too much text");
        refused("{{ repeat 1000000000 \"abc\" }}", "too large");
        refused("{{ indent 1000000 (repeat 1000 \"\\n\") }}", "too large");
        refused("{{ until 2000000000 }}", "too many steps");
        refused(
            "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}",
            "exceeded maximum template depth",
        );
        refused("{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}", "nested more than");
        refused(
            "{{ define \"a\" }}{{ tpl \"{{ include \\\"a\\\" . }}\" . }}{{ end }}{{ include \"a\" . }}",
            "nested more than",
        );
        refused("{{ $d := dict }}{{ range 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ deepCopy $d }}", "too m");
        refused(
            "{{ $d := dict }}{{ range 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ mustToYaml $d }}",
            "text is too large",
        );
    }

    #[test]
    fn maps_that_contain_themselves_are_refused_where_they_are_walked() {
        let make = "{{ $d := dict }}{{ $_ := set $d \"self\" $d }}";
        for walk in ["print $d", "mustToJson $d", "mustToYaml $d", "deepCopy $d", "$d"] {
            assert!(run(&format!("{make}{{{{ {walk} }}}}"), Options::default()).is_err(), "{walk}");
        }
        assert_eq!(run(&format!("{make}{{{{ len $d }}}}"), Options::default()).as_deref(), Ok("1"));
    }

    #[test]
    fn texts_go_to_the_output_or_become_values() {
        let template = "\
            {{ define \"a\" }}{{ quote \"x\" }}{{ end }}\
            {{ quote \"y\" }} {{ include \"a\" . }} {{ tpl (include \"a\" .) . }} {{ include \"a\" . | upper }} \
            {{ quote (quote \"z\") }} {{ $q := squote 1 }}{{ $q }}{{ .none }} {{ toJson (dict \"a\" (print 1)) | nindent 1 }}";
        let made = run(template, Options::default());
        let wanted = "\"y\" \"x\" \"x\" \"X\" \"\\\"z\\\"\" '1'<no value> \n {\"a\":\"1\"}";
        assert_eq!(made.as_deref(), Ok(wanted));
        refused(
            "{{ range 1000 }}{{ printf \"%1000d\" 1 }}{{ end }}{{ range 100 }}{{ printf \"%1000d\" 1 }}{{ end }}",
            "output of",
        );
        refused(
            "{{ define \"a\" }}{{ range 40000 }}{{ printf \"%1000d\" 1 }}{{ end }}{{ end }}{{ include \"a\" . }}",
            "output of",
        );
    }

    #[test]
    fn deep_values_are_dropped_without_recursion() {
        let deep = "{{ $l := list }}{{ range 200000 }}{{ $l = list $l }}{{ end }}{{ len $l }}";
        assert_eq!(run(deep, Options::default()).as_deref(), Ok("1"));
    }

    #[test]
    fn deeply_nested_texts_are_refused() {
        let parens = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
        assert!(run(&parens, Options::default()).is_err_and(|error| error.contains("max expression depth exceeded")));
        let blocks = format!("{}{}", "{{ if 1 }}".repeat(5000), "{{ end }}".repeat(5000));
        assert!(run(&blocks, Options::default()).is_err_and(|error| error.contains("nested too deeply")));
    }

    #[test]
    fn what_nests_deeply_needs_no_large_stack() {
        let (blocks, ends) = ("{{ if 1 }}".repeat(120), "{{ end }}".repeat(120));
        let call = format!("{}include \"a\" .{}", "(".repeat(120), ")".repeat(120));
        let template =
            format!("{{{{ define \"a\" }}}}{blocks}{{{{ {call} }}}}{ends}{{{{ end }}}}{{{{ include \"a\" . }}}}");
        let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(move || run(&template, Options::default()));
        let outcome = thread.expect("a thread").join().expect("no panic");
        assert!(outcome.is_err_and(|error| error.contains("nested more than")));
    }

    #[test]
    fn what_is_set_stays_for_the_next_template() {
        let mut set = TemplateSet::new(Functions::Helm);
        for (name, text) in [("a", "{{ $_ := set .m \"k\" 1 }}"), ("b", "{{ .m.k }}")] {
            set.add(&parse(name, text.as_bytes(), Functions::Helm).expect("a template"));
        }
        let data = Value::Map(Map::from_iter([("m", Value::Map(Map::default()))]));
        let mut renderer = Renderer::new(&set, &NoHost, Options::default());
        assert_eq!(renderer.render("a", &data), Ok(b"".as_slice()));
        assert_eq!(renderer.render("b", &data), Ok(b"1".as_slice()));
    }

    #[test]
    fn an_error_in_an_included_template_keeps_its_place() {
        let error = run("{{ define \"a\" }}\n{{ fail \"no\" }}{{ end }}{{ include \"a\" . }}", Options::default());
        let words = "template: t:2:27: executing \"t\" at <include \"a\" .>: error calling include: \
                     template: t:2:3: executing \"a\" at <fail \"no\">: error calling fail: no";
        assert_eq!(error, Err(words.to_owned()));
    }
}
