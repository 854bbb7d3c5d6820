//! What is in the files of a chart.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::yaml::without_bom;

/// The bytes of a file, which may be read when somebody looks at them: the definitions in `crds/` are most of what a large
/// chart weighs, and most renders do not show them.
///
/// It can be used as a slice. What is read later is without a byte-order mark.
#[derive(Clone)]
pub struct Content(How);

#[derive(Clone)]
enum How {
    Here(Arc<[u8]>),
    Later(Arc<Later>),
}

struct Later {
    size: u64,
    read: Box<dyn Fn() -> Arc<[u8]> + Send + Sync>,
    made: OnceLock<Arc<[u8]>>,
}

impl Content {
    /// The bytes that `read` gives, once: whoever cannot read them keeps in mind why and gives others, as nothing can be said
    /// here. `size` is how many they should be, for the limits of a chart.
    pub fn later(size: u64, read: impl Fn() -> Arc<[u8]> + Send + Sync + 'static) -> Self {
        Self(How::Later(Arc::new(Later { size, read: Box::new(read), made: OnceLock::new() })))
    }

    /// The bytes, read if they were not yet.
    pub fn bytes(&self) -> &Arc<[u8]> {
        match &self.0 {
            How::Here(bytes) => bytes,
            How::Later(later) => later.made.get_or_init(|| bare((later.read)())),
        }
    }

    /// How many bytes there are, or should be.
    pub fn size(&self) -> u64 {
        match &self.0 {
            How::Here(bytes) => bytes.len() as u64,
            How::Later(later) => later.size,
        }
    }

    /// The same without a byte-order mark.
    pub(crate) fn bare(self) -> Self {
        match self.0 {
            How::Here(bytes) => Self(How::Here(bare(bytes))),
            How::Later(_) => self,
        }
    }
}

fn bare(bytes: Arc<[u8]>) -> Arc<[u8]> {
    let bare = without_bom(&bytes);
    if bare.len() == bytes.len() { bytes } else { bare.into() }
}

impl From<Arc<[u8]>> for Content {
    fn from(bytes: Arc<[u8]>) -> Self {
        Self(How::Here(bytes))
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes()
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Content {}

impl fmt::Debug for Content {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} bytes", self.size())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Content;
    use crate::load::{self, LoadOptions, MAX_FILE_BYTES};

    #[test]
    fn it_is_read_once_and_only_if_somebody_looks() {
        let reads = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&reads);
        let content = Content::later(4, move || {
            counting.fetch_add(1, Ordering::Relaxed);
            Arc::from(*b"\xEF\xBB\xBFa")
        });
        let other = content.clone();
        assert_eq!((content.size(), reads.load(Ordering::Relaxed)), (4, 0));
        assert_eq!((&*content, &*other), (&b"a"[..], &b"a"[..]));
        assert_eq!(reads.load(Ordering::Relaxed), 1);
        assert_eq!(content, Content::from(Arc::from(*b"a")));
    }

    #[test]
    fn what_is_too_large_is_refused_unread() {
        let chart: Arc<[u8]> = Arc::from(*b"apiVersion: v2\nname: a\nversion: 1.0.0\n");
        let large = Content::later(MAX_FILE_BYTES + 1, || unreachable!("it is too large"));
        let files = [("Chart.yaml".to_owned(), chart.into()), ("crds/large.yaml".to_owned(), large)];
        let errors = load::from_files(files, &LoadOptions::default()).unwrap_err();
        assert!(errors[0].message.contains("larger than the maximum file size"), "{errors:?}");
    }
}
