//! The style sheet, the script and the icon: embedded, and named by their content so that browsers may keep them.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// One embedded file.
pub(crate) struct Asset {
    /// Address, with a hash of the content.
    pub(crate) path: String,
    /// Media type.
    pub(crate) media: &'static str,
    /// Content.
    pub(crate) text: &'static str,
}

/// The style sheet.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| asset("style", "css", "text/css; charset=utf-8", include_str!("../web/style.css")));
/// The script.
pub(crate) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| asset("script", "js", "text/javascript; charset=utf-8", include_str!("../web/script.js")));
/// The icon.
pub(crate) static ICON: LazyLock<Asset> =
    LazyLock::new(|| asset("icon", "svg", "image/svg+xml", include_str!("../web/icon.svg")));

/// The asset at this address.
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT, &ICON].into_iter().map(|asset| &**asset).find(|asset| asset.path == path)
}

fn asset(name: &str, extension: &str, media: &'static str, text: &'static str) -> Asset {
    let hash = Sha256::digest(text.as_bytes());
    let hash = u64::from_be_bytes(std::array::from_fn(|place| hash[place]));
    Asset { path: format!("/static/{name}-{hash:016x}.{extension}"), media, text }
}
