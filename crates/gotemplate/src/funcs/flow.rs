//! Functions that end a render, and those only the host can answer.

use std::fmt::Write;

use crate::error::Fault;
use crate::exec::Context;
use crate::registry::Type::{Any, Int, Text};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

fn fail(_: Cx, args: &[Value]) -> Outcome {
    Err(Fault { message: args.str(0).into_owned(), cause: None, raised: true })
}

fn required(_: Cx, args: &[Value]) -> Outcome {
    let missing = match &args[1] {
        Value::None | Value::Nil => true,
        Value::Text(text) => text.is_empty(),
        _ => false,
    };
    if missing { fail_with(args) } else { Ok(args[1].clone()) }
}

fn fail_with(args: &[Value]) -> Outcome {
    Err(Fault { message: args.str(0).into_owned(), cause: None, raised: true })
}

fn include(cx: Cx, args: &[Value]) -> Outcome {
    let name = args.str(0);
    Ok(Value::Text(cx.include(&name, &args[1])?))
}

fn tpl(cx: Cx, args: &[Value]) -> Outcome {
    match &args[0] {
        Value::Text(text) => Ok(Value::Text(cx.tpl(text, &args[1])?)),
        _ => Ok("".into()),
    }
}

fn lookup(cx: Cx, args: &[Value]) -> Outcome {
    Ok(cx.run.host()?.lookup(&args.str(0), &args.str(1), &args.str(2), &args.str(3))?)
}

fn address(cx: Cx, args: &[Value]) -> Outcome {
    Ok(cx.run.host()?.address(&args.str(0)).into())
}

fn bytes(cx: Cx, count: i64) -> Result<Vec<u8>, Fault> {
    let count = usize::try_from(count).map_err(|_| "runtime error: makeslice: len out of range")?;
    if count > crate::fmt::MAX_TEXT {
        return Err("the text is too large".into());
    }
    cx.run.allocate(count)?;
    let mut bytes = vec![0; count];
    cx.run.host()?.random(&mut bytes);
    Ok(bytes)
}

fn rand_bytes(cx: Cx, args: &[Value]) -> Outcome {
    use base64::Engine;
    Ok(base64::engine::general_purpose::STANDARD.encode(bytes(cx, args.int(0))?).into())
}

/// A number below a limit; two bytes a draw keep the bias below any use of it.
fn below(cx: Cx, limit: u64) -> Result<u64, Fault> {
    let drawn = bytes(cx, 8)?;
    let number = drawn.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    Ok(number % limit.max(1))
}

fn letters(cx: Cx, args: &[Value], fits: fn(u8) -> bool) -> Outcome {
    let count = match usize::try_from(args.int(0)) {
        Ok(count) if count <= crate::fmt::MAX_TEXT => count,
        Ok(_) => return Err("the text is too large".into()),
        Err(_) => return Ok("".into()),
    };
    let alphabet: Vec<u8> = (32..127).filter(|byte| fits(*byte)).collect();
    let mut text = Vec::with_capacity(count);
    for _ in 0..count {
        cx.run.spend(1)?;
        let at = usize::try_from(below(cx, alphabet.len() as u64)?).unwrap_or(0);
        text.push(alphabet[at]);
    }
    Ok(text.into())
}

fn rand_alpha_num(cx: Cx, args: &[Value]) -> Outcome {
    letters(cx, args, |byte| byte.is_ascii_alphanumeric())
}

fn rand_alpha(cx: Cx, args: &[Value]) -> Outcome {
    letters(cx, args, |byte| byte.is_ascii_alphabetic())
}

fn rand_numeric(cx: Cx, args: &[Value]) -> Outcome {
    letters(cx, args, |byte| byte.is_ascii_digit())
}

fn rand_ascii(cx: Cx, args: &[Value]) -> Outcome {
    letters(cx, args, |_| true)
}

fn rand_int(cx: Cx, args: &[Value]) -> Outcome {
    let (least, most) = (args.int(0), args.int(1));
    let Some(span) = most.checked_sub(least).and_then(|span| u64::try_from(span).ok()).filter(|span| *span > 0) else {
        return Err("invalid argument to Intn".into());
    };
    Ok(Value::Int(least.wrapping_add_unsigned(below(cx, span)?)))
}

fn shuffle(cx: Cx, args: &[Value]) -> Outcome {
    let mut characters: Vec<char> = crate::value::go_lossy(args.text(0)).chars().collect();
    for end in (1..characters.len()).rev() {
        cx.run.spend(1)?;
        let other = usize::try_from(below(cx, end as u64 + 1)?).unwrap_or(0);
        characters.swap(end, other);
    }
    Ok(String::from_iter(characters).into())
}

fn uuid(cx: Cx, _: &[Value]) -> Outcome {
    let mut bytes = bytes(cx, 16)?;
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let mut text = String::with_capacity(36);
    for (number, byte) in bytes.iter().enumerate() {
        if matches!(number, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing into a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text.into())
}

/// Sprig's functions.
pub(super) const TABLE: &[Function] = &[
    fixed("fail", &[Text], fail),
    fixed("getHostByName", &[Text], address),
    fixed("randAlphaNum", &[Int], rand_alpha_num),
    fixed("randAlpha", &[Int], rand_alpha),
    fixed("randNumeric", &[Int], rand_numeric),
    fixed("randAscii", &[Int], rand_ascii),
    fixed("randBytes", &[Int], rand_bytes),
    fixed("randInt", &[Int, Int], rand_int),
    fixed("shuffle", &[Text], shuffle),
    fixed("uuidv4", &[], uuid),
];

/// Helm's functions.
pub(super) const HELM: &[Function] = &[
    fixed("include", &[Text, Any], include),
    fixed("tpl", &[Text, Any], tpl),
    fixed("required", &[Text, Any], required),
    fixed("lookup", &[Text, Text, Text, Text], lookup),
];
