//! Templates that were read, by their content.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use gotemplate::{Functions, ParseError, Parsed, Reader};
use goyaml::parallel;

use crate::chart::Chart;
use crate::error::RenderError;
use crate::options::RenderOptions;
use crate::prepared::{Last, Prepared};
use crate::scope;
use crate::values::UserValues;

/// Bytes of template text that a cache keeps; beyond it, it starts anew.
pub const MAX_CACHED: usize = 256 << 20;

/// New templates that are worth a thread of their own.
pub(crate) const TEMPLATES_OF_A_THREAD: usize = 64;

/// Keeps parsed templates between renders, for all threads, and what was made of the last chart and its values.
///
/// A template is found by its path and its whole text, so that a cache can serve many charts and many versions of them,
/// and never answers with another text's template. A text that is kept in the cache is known again by where it lies, so
/// that a chart that stays in memory costs no look at its texts.
#[derive(Debug, Default)]
pub struct TemplateCache {
    hasher: RandomState,
    known: Mutex<Known>,
    last: Mutex<Option<Last>>,
}

/// Where a text lies. No other text lies there while it is kept in [`Known::parsed`].
type Place = (usize, usize);

/// A path with its template.
type Named = (Arc<str>, Arc<Parsed>);

/// A text with its template.
type Whole = (Arc<[u8]>, Named);

#[derive(Debug, Default)]
struct Known {
    /// By the hash of path and text: texts are large enough to be hashed once only.
    parsed: HashMap<u64, Vec<Whole>, RandomState>,
    /// By path within texts that are kept.
    places: HashMap<Place, Vec<Named>, RandomState>,
    bytes: usize,
}

impl Known {
    fn of_content(&self, hash: u64, path: &str, text: &[u8]) -> Option<Arc<Parsed>> {
        let found = self.parsed.get(&hash)?;
        let same = |(known, (name, _)): &&Whole| **name == *path && **known == *text;
        found.iter().find(same).map(|(_, (_, parsed))| Arc::clone(parsed))
    }

    fn at_place(&self, path: &str, text: &Arc<[u8]>) -> Option<Arc<Parsed>> {
        let found = self.places.get(&place(text))?;
        found.iter().find(|(known, _)| **known == *path).map(|(_, parsed)| Arc::clone(parsed))
    }
}

fn place(text: &Arc<[u8]>) -> Place {
    (text.as_ptr() as usize, text.len())
}

impl TemplateCache {
    /// A cache with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// A chart with its values, ready to be run. The last one is kept.
    ///
    /// # Errors
    /// What is wrong with its dependencies, or with the values.
    pub(crate) fn prepared(
        &self,
        chart: &Chart,
        user: &UserValues,
        options: &RenderOptions,
    ) -> Result<Arc<Prepared>, RenderError> {
        // Nobody waits for another who is at work: charts in a cache for all are seldom the same.
        match self.last.try_lock() {
            Ok(mut last) => Last::prepare(&mut last, self, (chart, user), options),
            Err(_) => Last::prepare(&mut None, self, (chart, user), options),
        }
    }

    /// The templates of these paths and texts, each or why it is none, in their order. Many that are new are read on all
    /// cores.
    pub(crate) fn all(&self, texts: &[(&Arc<str>, &Arc<[u8]>)]) -> Vec<Result<Arc<Parsed>, ParseError>> {
        let is_new = |(path, text): &&(&Arc<str>, &Arc<[u8]>)| !self.is_known(path, text);
        let new = texts.iter().filter(is_new).count();
        let worth = parallel::worth_of(new, TEMPLATES_OF_A_THREAD);
        let reader = || Reader::new(Functions::Helm);
        parallel::map_with(texts, worth, reader, |reader, (path, text)| self.parsed(path, text, reader))
    }

    /// Reads the chart's own templates, from the first one on: who asks for all has begun with those of the charts in it, and
    /// goes on with the last one. What is wrong with one is told when it is asked for.
    pub(crate) fn read_ahead(&self, chart: &Chart) {
        let mut reader = Reader::new(Functions::Helm);
        let mut own = scope::own_templates(chart, chart.name());
        // Where one is known, the other thread has been.
        own.all(|(path, text)| !self.is_known(&path, text) && self.parsed(&path, text, &mut reader).is_ok());
    }

    fn is_known(&self, path: &str, text: &Arc<[u8]>) -> bool {
        self.lock().at_place(path, text).is_some()
    }

    /// The template of this path and text.
    fn parsed(&self, path: &Arc<str>, text: &Arc<[u8]>, reader: &mut Reader) -> Result<Arc<Parsed>, ParseError> {
        if let Some(parsed) = self.lock().at_place(path, text) {
            return Ok(parsed);
        }
        let hash = self.hasher.hash_one((path, text));
        if let Some(parsed) = self.lock().of_content(hash, path, text) {
            return Ok(parsed);
        }
        let parsed = Arc::new(reader.read(path, Arc::clone(text))?);
        let mut known = self.lock();
        if known.bytes + text.len() > MAX_CACHED {
            *known = Known::default();
        }
        // Another thread may have read it meanwhile.
        if let Some(parsed) = known.of_content(hash, path, text) {
            return Ok(parsed);
        }
        known.bytes += text.len();
        let named = (Arc::clone(path), Arc::clone(&parsed));
        known.parsed.entry(hash).or_default().push((Arc::clone(text), named.clone()));
        known.places.entry(place(text)).or_default().push(named);
        Ok(parsed)
    }

    /// What was put in is whole, even if a thread died while it held the lock.
    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gotemplate::{Functions, NoHost, Reader};

    use super::{TEMPLATES_OF_A_THREAD, TemplateCache};
    use crate::load::{self, LoadOptions};
    use crate::values::UserValues;
    use crate::{RenderOptions, render};

    #[test]
    fn a_template_is_found_by_path_and_text_wherever_it_lies() {
        let cache = TemplateCache::new();
        let mut reader = Reader::new(Functions::Helm);
        let mut parsed =
            |path: &str, text: &Arc<[u8]>| cache.parsed(&path.into(), text, &mut reader).expect("a template");
        let text: Arc<[u8]> = Arc::from(*b"{{ .a }}");
        let first = parsed("a", &text);
        assert!(Arc::ptr_eq(&first, &parsed("a", &text)), "the same text");
        assert!(Arc::ptr_eq(&first, &parsed("a", &Arc::from(*b"{{ .a }}"))), "a copy of it");
        assert!(!Arc::ptr_eq(&first, &parsed("b", &text)), "another path");
        assert!(Arc::ptr_eq(&parsed("b", &text), &parsed("b", &text)), "the other path again");
        assert!(!Arc::ptr_eq(&first, &parsed("a", &Arc::from(*b"{{ .b }}"))), "another text");
    }

    #[test]
    fn what_was_read_ahead_changes_no_error() {
        let outcome = |count: usize, kube_version: &str| {
            let file = |name: &str, text: String| (name.to_owned(), Arc::<[u8]>::from(text.into_bytes()));
            let chart = format!("apiVersion: v2\nname: many\nversion: 1.0.0\nkubeVersion: '{kube_version}'\n");
            let mut files = vec![file("Chart.yaml", chart), file("templates/000.yaml", "{{ end }}".to_owned())];
            files.extend((1..count).map(|number| file(&format!("templates/{number:03}.yaml"), "{{ 1 }}".to_owned())));
            let chart = load::from_files(files, &LoadOptions::default()).expect("a chart");
            let options = RenderOptions::install("r", "default");
            let rendered = render(&chart, &UserValues::default(), &options, (&TemplateCache::new(), &NoHost));
            rendered.expect_err("a template that is none").to_string()
        };
        for (kube_version, words) in [(">=1.0.0", "unexpected {{end}}"), (">=99.0.0", "incompatible")] {
            let [few, many] = [2, 3 * TEMPLATES_OF_A_THREAD].map(|count| outcome(count, kube_version));
            assert_eq!(few, many);
            assert!(few.contains(words), "{few}");
        }
    }
}
