//! What a caller wants: which artifact, which version, which layer, whose signature.

use crate::charts::Access;

/// One artifact, as an `OCIRepository` describes it.
#[derive(Clone, Debug, Default)]
pub struct OciRequest {
    /// `oci://host/path`, without a tag.
    pub url: String,
    /// Which version.
    pub reference: OciReference,
    /// Media type of the layer; the first one when absent.
    pub media_type: Option<String>,
    /// Keeps the layer as it is.
    pub copy: bool,
    /// How the registry is reached.
    pub access: Access,
    /// `spec.ignore`: gitignore lines that come after all `.sourceignore` files. Not for a layer that is kept whole.
    pub ignore: Option<String>,
    /// Who must have signed it.
    pub signed: Option<Signed>,
    /// The revision that the caller has, fetched by an equal request.
    pub known: Option<String>,
}

/// Who must have signed an artifact with cosign.
#[derive(Clone, Debug, Default)]
pub struct Signed {
    /// Public keys in PEM; one of them must fit.
    pub keys: Vec<Vec<u8>>,
}

/// Which version; a digest wins over a range, a range over a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OciReference {
    /// A tag; `latest` if all are empty.
    pub tag: Option<String>,
    /// A range; the highest tag in it is taken.
    pub semver: Option<String>,
    /// Regular expression of the tags that the range chooses among.
    pub filter: Option<String>,
    /// `sha256:…`.
    pub digest: Option<String>,
}
