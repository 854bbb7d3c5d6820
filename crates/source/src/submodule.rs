//! What `.gitmodules` says, and where a submodule is when its address is relative.

use gix::bstr::ByteSlice;

/// Bytes of a `.gitmodules` that is read.
pub(crate) const MAX_GITMODULES: usize = 1 << 20;

/// One entry of `.gitmodules`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) url: String,
}

/// Reads `.gitmodules`. Path and address count; that an entry wants a command to be run, another branch or another depth
/// is passed over, as the tree itself says which commit is meant.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Entry>, String> {
    if text.len() > MAX_GITMODULES {
        return Err(format!("it has more than {MAX_GITMODULES} bytes"));
    }
    let options = gix::config::file::init::Options::default();
    let file = gix::config::File::from_bytes_no_includes(text, gix::config::file::Metadata::api(), options)
        .map_err(|error| error.to_string())?;
    let Some(sections) = file.sections_by_name("submodule") else { return Ok(Vec::new()) };
    let text = |value: Option<gix::bstr::BString>| value.map(|value| value.to_str_lossy().trim().to_owned());
    let entry = |section: gix::config::file::SectionRef<'_>| {
        let path = text(section.value("path"))?.trim_matches('/').to_owned();
        Some(Entry { path, url: text(section.value("url"))? })
    };
    Ok(sections.filter_map(entry).collect())
}

/// The address that a submodule's address means in a repository that was fetched from `base`.
pub(crate) fn resolve(base: &str, url: &str) -> Result<String, String> {
    let is_relative = ["./", "../"].iter().any(|start| url.starts_with(start)) || matches!(url, "." | "..");
    if !is_relative {
        return Ok(url.to_owned());
    }
    let climbs = || format!("the relative address {url:?} leads above the host's root");
    // What must stay: scheme and host; of `user@host:path` all before the colon.
    let fixed = match base.find("://") {
        Some(at) => base[at + 3..].find('/').map(|slash| at + 3 + slash),
        None => base.find(':').or(Some(0)),
    };
    let fixed = fixed.ok_or_else(climbs)?;
    let (host, path) = base.split_at(fixed);
    let separator = if path.starts_with(':') { ":" } else { "/" };
    let mut parts: Vec<&str> = path.trim_start_matches([':', '/']).split('/').filter(|part| !part.is_empty()).collect();
    for part in url.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or_else(climbs)?),
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err(climbs());
    }
    Ok(format!("{host}{separator}{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_mean_what_git_means() {
        let check =
            |base: &str, url: &str, expect: &str| assert_eq!(resolve(base, url).as_deref(), Ok(expect), "{url}");
        let https = "https://git.example.org/group/app.git";
        check(https, "../lib.git", "https://git.example.org/group/lib.git");
        check(https, "../../other/lib", "https://git.example.org/other/lib");
        check(https, "./lib", "https://git.example.org/group/app.git/lib");
        check("https://git.example.org/group/app/", "../lib", "https://git.example.org/group/lib");
        check("ssh://git@git.example.org:2222/group/app", "../lib", "ssh://git@git.example.org:2222/group/lib");
        check("git@git.example.org:group/app.git", "../lib.git", "git@git.example.org:group/lib.git");
        check("git@git.example.org:app.git", "../lib.git", "git@git.example.org:lib.git");
        check(https, "https://elsewhere.example.org/lib", "https://elsewhere.example.org/lib");
    }

    #[test]
    fn relative_addresses_stay_with_their_host() {
        for url in ["../../../evil.example.org/lib", "../../..", "../..", ".."].map(|url| format!("{url}/..")) {
            let refused = resolve("https://git.example.org/group/app.git", &url);
            assert!(refused.as_ref().is_err_and(|cause| cause.contains("above the host's root")), "{url}: {refused:?}");
        }
        assert!(resolve("git@host:app", "../../x").is_err());
    }

    #[test]
    fn entries_have_a_path_and_an_address() {
        let text = b"[submodule \"a\"]\n\tpath = libs/a/\n\turl = ../a.git\n\tupdate = !touch /tmp/x\n[submodule \"b\"]\n\tpath = b\n[core]\n\tx = 1\n";
        assert_eq!(parse(text), Ok(vec![Entry { path: "libs/a".into(), url: "../a.git".into() }]));
        assert_eq!(parse(b""), Ok(Vec::new()));
        assert!(parse(b"[submodule").is_err());
        assert!(parse(&vec![b' '; MAX_GITMODULES + 1]).is_err());
    }
}
