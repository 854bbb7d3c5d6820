//! Floats as text, as Go's `strconv.FormatFloat` writes them.

/// The verbs for floats.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FloatForm {
    /// `1.5e+06`
    Exponent,
    /// `1500000`
    Fixed,
    /// Whichever is shorter, as Go decides it.
    General,
    /// `0x1.8p+01`
    Hex,
    /// `4503599627370496p-52`
    Binary,
}

/// The shortest text, form `g`: what `%v` prints.
pub(crate) fn float_text(value: f64) -> String {
    format_float(value, FloatForm::General, None)
}

/// A float with so many digits after the point (`General`: digits in all); `None` for as many as tell it from its neighbours.
pub(crate) fn format_float(value: f64, form: FloatForm, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    match (form, precision) {
        (FloatForm::Fixed, None) => goyaml::format_fixed(value),
        (FloatForm::Fixed, Some(digits)) => format!("{value:.digits$}"),
        (FloatForm::Exponent, None) => exponent(&goyaml::shortest_exponential(value)),
        (FloatForm::Exponent, Some(digits)) => exponent(&format!("{value:.digits$e}")),
        (FloatForm::General, None) => goyaml::format_g(value),
        (FloatForm::General, Some(digits)) => general(value, digits),
        (FloatForm::Hex, _) => hex(value, precision),
        (FloatForm::Binary, _) => {
            let (mantissa, power) = parts(value);
            let sign = if value.is_sign_negative() { "-" } else { "" };
            format!("{sign}{mantissa}p{power:+}")
        }
    }
}

/// The integer mantissa and the power of two that make up a float.
fn parts(value: f64) -> (u64, i64) {
    let bits = value.to_bits();
    let power = i64::try_from(bits >> 52 & 0x7FF).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    if power == 0 { (fraction, -1074) } else { (fraction | 1 << 52, power - 1075) }
}

fn hex(value: f64, precision: Option<usize>) -> String {
    let (mut mantissa, mut power) = parts(value);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if mantissa == 0 {
        power = 0;
    } else {
        let shift = mantissa.leading_zeros() - 3;
        mantissa <<= shift;
        power += 60 - i64::from(shift);
    }
    // One digit before the point, fifteen behind it.
    if let Some(digits) = precision.filter(|digits| *digits < 15) {
        let dropped = (15 - digits) * 4;
        let (half, rest) = (1u64 << (dropped - 1), mantissa & ((1 << dropped) - 1));
        mantissa >>= dropped;
        mantissa += u64::from(rest > half || rest == half && mantissa & 1 == 1);
        mantissa <<= dropped;
        if mantissa >> 61 > 0 {
            mantissa >>= 1;
            power += 1;
        }
    }
    let all = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let digits = match precision {
        None => all.trim_end_matches('0').to_owned(),
        Some(digits) => format!("{all:0<digits$}")[..digits].to_owned(),
    };
    let point = if digits.is_empty() { "" } else { "." };
    let power_sign = if power < 0 { '-' } else { '+' };
    format!("{sign}0x{}{point}{digits}p{power_sign}{:02}", mantissa >> 60, power.unsigned_abs())
}

/// Rust's `1e6` as Go's `1e+06`.
fn exponent(text: &str) -> String {
    let Some((mantissa, power)) = text.split_once('e') else {
        return text.to_owned();
    };
    let (sign, digits) = match power.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', power),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn general(value: f64, precision: usize) -> String {
    let asked = precision.max(1);
    let text = format!("{value:.*e}", asked - 1);
    let Some((mantissa, power)) = text.split_once('e') else {
        return text;
    };
    let power: i32 = power.parse().unwrap_or(0);
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let whole = i32::try_from(digits).unwrap_or(i32::MAX) > power;
    let limit = if asked > digits && whole { digits } else { asked };
    if power < -4 || power >= i32::try_from(limit).unwrap_or(i32::MAX) {
        return exponent(&format!("{mantissa}e{power}"));
    }
    let places = i32::try_from(digits).unwrap_or(0) - 1 - power;
    format!("{value:.*}", usize::try_from(places).unwrap_or(0))
}
