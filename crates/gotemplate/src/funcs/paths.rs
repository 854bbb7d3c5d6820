//! Slash-separated paths, as Go's `path`; those of the system are the same here.

use crate::exec::Context;
use crate::registry::Type::Text;
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

/// The shortest path that means the same.
fn cleaned(path: &[u8]) -> Vec<u8> {
    let rooted = path.first() == Some(&b'/');
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match parts.last() {
                Some(&last) if last != b".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(part),
            },
            _ => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/".as_slice(), &joined].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

fn clean(_: Cx, args: &[Value]) -> Outcome {
    Ok(cleaned(args.text(0)).into())
}

fn base(_: Cx, args: &[Value]) -> Outcome {
    let path = args.text(0);
    if path.is_empty() {
        return Ok(".".into());
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    if end == 0 {
        return Ok("/".into());
    }
    let start = path[..end].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    Ok(Value::text(&path[start..end]))
}

fn dir(_: Cx, args: &[Value]) -> Outcome {
    let path = args.text(0);
    let end = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    Ok(cleaned(&path[..end]).into())
}

fn ext(_: Cx, args: &[Value]) -> Outcome {
    let path = args.text(0);
    match path.iter().rposition(|byte| matches!(byte, b'/' | b'.')) {
        Some(dot) if path[dot] == b'.' => Ok(Value::text(&path[dot..])),
        _ => Ok("".into()),
    }
}

fn is_abs(_: Cx, args: &[Value]) -> Outcome {
    Ok((args.text(0).first() == Some(&b'/')).into())
}

pub(super) const TABLE: &[Function] = &[
    fixed("base", &[Text], base),
    fixed("dir", &[Text], dir),
    fixed("clean", &[Text], clean),
    fixed("ext", &[Text], ext),
    fixed("isAbs", &[Text], is_abs),
    fixed("osBase", &[Text], base),
    fixed("osDir", &[Text], dir),
    fixed("osClean", &[Text], clean),
    fixed("osExt", &[Text], ext),
    fixed("osIsAbs", &[Text], is_abs),
];
