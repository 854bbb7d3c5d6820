//! Addresses taken apart and put together, as Go's `net/url`.

use crate::exec::Context;
use crate::registry::Type::{Map as MapType, Text};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::{Map, MapKind, Value};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

#[derive(Default)]
struct Url {
    scheme: String,
    opaque: String,
    user: Option<(Vec<u8>, Option<Vec<u8>>)>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

/// Which characters may stand unescaped differs by place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Path,
    User,
    Host,
    Fragment,
}

fn plain(byte: u8, place: Place) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return true;
    }
    let extra: &[u8] = match place {
        Place::Path => b"$&+,/:;=@!'()*",
        Place::User => b"$&+,;=",
        Place::Host => b"!$&'()*+,;=:[]<>\"",
        Place::Fragment => b"$&+,/:;=?@!()*",
    };
    extra.contains(&byte) && !(place == Place::Path && b"!'()*".contains(&byte) && byte == b'\'')
}

fn escaped(text: &[u8], place: Place, out: &mut Vec<u8>) {
    for byte in text {
        if plain(*byte, place) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}

fn unescaped(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&first) = rest.first() {
        if first != b'%' {
            out.push(first);
            rest = &rest[1..];
            continue;
        }
        let digits = rest.get(1..3).and_then(|digits| str::from_utf8(digits).ok());
        let byte =
            digits.filter(|digits| !digits.starts_with('+')).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let Some(byte) = byte else {
            let shown = &rest[..rest.len().min(3)];
            return Err(format!("invalid URL escape {}", crate::fmt::quote(shown)));
        };
        out.push(byte);
        rest = &rest[3..];
    }
    Ok(out)
}

fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == at) {
        Some(found) => (&text[..found], Some(&text[found + 1..])),
        None => (text, None),
    }
}

fn parse(text: &[u8]) -> Result<Url, String> {
    let (before, fragment) = cut(text, b'#');
    let mut url = read(before).map_err(|words| format!("parse {}: {words}", crate::fmt::quote(before)))?;
    url.fragment = unescaped(fragment.unwrap_or_default())
        .map_err(|words| format!("parse {}: {words}", crate::fmt::quote(text)))?;
    Ok(url)
}

fn read(text: &[u8]) -> Result<Url, String> {
    if text.iter().any(|byte| *byte < 32 || *byte == 127) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let mut url = Url::default();
    if text == b"*" {
        url.path = text.to_vec();
        return Ok(url);
    }
    let (scheme, rest) = scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (mut rest, query) = cut(rest, b'?');
    url.query = query.unwrap_or_default().to_vec();
    if !rest.starts_with(b"/") {
        if !url.scheme.is_empty() {
            url.opaque = String::from_utf8_lossy(rest).into_owned();
            return Ok(url);
        }
        if cut(rest, b'/').0.contains(&b':') {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    if rest.starts_with(b"//") && (!url.scheme.is_empty() || !rest.starts_with(b"///")) {
        let (authority, path) = match rest[2..].iter().position(|byte| *byte == b'/') {
            Some(slash) => (&rest[2..2 + slash], &rest[2 + slash..]),
            None => (&rest[2..], b"".as_slice()),
        };
        self::authority(authority, &mut url)?;
        rest = path;
    }
    url.path = unescaped(rest)?;
    Ok(url)
}

fn scheme(text: &[u8]) -> Result<(String, &[u8]), String> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            byte if byte.is_ascii_alphabetic() => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((String::from_utf8_lossy(&text[..at]).into_owned(), &text[at + 1..])),
            _ => break,
        }
    }
    Ok((String::new(), text))
}

fn authority(text: &[u8], url: &mut Url) -> Result<(), String> {
    let (user, host) = match text.iter().rposition(|byte| *byte == b'@') {
        Some(at) => (Some(&text[..at]), &text[at + 1..]),
        None => (None, text),
    };
    if let Some(user) = user {
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
        if !user.iter().all(fits) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let (name, password) = cut(user, b':');
        url.user = Some((unescaped(name)?, password.map(unescaped).transpose()?));
    }
    let port = match host.iter().rposition(|byte| *byte == b']') {
        Some(end) => &host[end + 1..],
        None if host.starts_with(b"[") => return Err("missing ']' in host".to_owned()),
        None => host.iter().position(|byte| *byte == b':').map_or(b"".as_slice(), |colon| &host[colon..]),
    };
    if !port.is_empty() && (port[0] != b':' || !port[1..].iter().all(u8::is_ascii_digit)) {
        return Err(format!("invalid port {} after host", crate::fmt::quote(port)));
    }
    if let Some(odd) = host.iter().find(|byte| byte.is_ascii() && !plain(**byte, Place::Host) && **byte != b'%') {
        return Err(format!("invalid character {} in host name", crate::fmt::quote(&[*odd])));
    }
    url.host = unescaped(host)?;
    Ok(())
}

/// The host without port and brackets.
fn hostname(host: &[u8]) -> &[u8] {
    if host.starts_with(b"[") {
        return host.iter().position(|byte| *byte == b']').map_or(host, |end| &host[1..end]);
    }
    let port = host.iter().rposition(|byte| *byte == b':');
    match port {
        Some(colon) if host[colon + 1..].iter().all(u8::is_ascii_digit) => &host[..colon],
        _ => host,
    }
}

fn user_text(url: &Url) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some((name, password)) = &url.user {
        escaped(name, Place::User, &mut out);
        if let Some(password) = password {
            out.push(b':');
            escaped(password, Place::User, &mut out);
        }
    }
    out
}

fn url_parse(_: Cx, args: &[Value]) -> Outcome {
    let url = parse(args.text(0)).map_err(|words| format!("unable to parse url: {words}"))?;
    let map = Map::own(MapKind::Any);
    map.put("hostname", Value::text(hostname(&url.host)));
    map.put("userinfo", user_text(&url));
    map.put("scheme", url.scheme);
    map.put("host", url.host);
    map.put("path", url.path);
    map.put("query", url.query);
    map.put("opaque", url.opaque);
    map.put("fragment", url.fragment);
    Ok(map.into())
}

fn text_under(map: &Map, key: &str) -> Result<Vec<u8>, String> {
    match map.get(key.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::Text(text)) => Ok(text.to_vec()),
        Some(Value::None | Value::Nil) => {
            Err("runtime error: invalid memory address or nil pointer dereference".to_owned())
        }
        Some(other) => {
            let kind = other.kind().name();
            Err(format!("unable to parse {key} key, must be of type string, but {kind} found"))
        }
    }
}

fn url_join(_: Cx, args: &[Value]) -> Outcome {
    let map = args.map(0);
    let mut url = Url {
        scheme: String::from_utf8_lossy(&text_under(&map, "scheme")?).into_owned(),
        host: text_under(&map, "host")?,
        path: text_under(&map, "path")?,
        query: text_under(&map, "query")?,
        opaque: String::from_utf8_lossy(&text_under(&map, "opaque")?).into_owned(),
        fragment: text_under(&map, "fragment")?,
        user: None,
    };
    let user = text_under(&map, "userinfo")?;
    if !user.is_empty() {
        let whole = [b"proto://".as_slice(), &user, b"@host"].concat();
        url.user = parse(&whole).map_err(|words| format!("unable to parse userinfo in dict: {words}"))?.user;
    }
    Ok(joined(&url).into())
}

fn joined(url: &Url) -> Vec<u8> {
    let mut out = Vec::new();
    if !url.scheme.is_empty() {
        out.extend_from_slice(url.scheme.as_bytes());
        out.push(b':');
    }
    if url.opaque.is_empty() {
        let authority = !url.host.is_empty() || url.user.is_some();
        if authority || !url.scheme.is_empty() {
            if authority || url.path.starts_with(b"//") || !url.path.is_empty() {
                out.extend_from_slice(b"//");
            }
            if url.user.is_some() {
                out.extend_from_slice(&user_text(url));
                out.push(b'@');
            }
            escaped(&url.host, Place::Host, &mut out);
        }
        if !url.path.is_empty() && url.path[0] != b'/' && !url.host.is_empty() {
            out.push(b'/');
        }
        if out.is_empty() && cut(&url.path, b'/').0.contains(&b':') {
            out.extend_from_slice(b"./");
        }
        escaped(&url.path, Place::Path, &mut out);
    } else {
        out.extend_from_slice(url.opaque.as_bytes());
    }
    if !url.query.is_empty() {
        out.push(b'?');
        out.extend_from_slice(&url.query);
    }
    if !url.fragment.is_empty() {
        out.push(b'#');
        escaped(&url.fragment, Place::Fragment, &mut out);
    }
    out
}

pub(super) const TABLE: &[Function] = &[fixed("urlParse", &[Text], url_parse), fixed("urlJoin", &[MapType], url_join)];
