//! Shamir's secret sharing over GF(2⁸) with the polynomial of AES, as Vault and sops do it: a part is one byte of each of the
//! secret's polynomials and, last, the place where they were evaluated.

use zeroize::Zeroizing;

use crate::{Random, SopsError};

/// A part of a secret; overwritten when dropped.
pub(crate) type Part = Zeroizing<Vec<u8>>;

/// Parts that a secret may be split into: places other than 0.
pub(crate) const MAX_PARTS: usize = 255;

/// Splits a secret so that any `threshold` of the parts give it back.
pub(crate) fn split(
    secret: &[u8],
    (parts, threshold): (u8, u8),
    random: &mut dyn Random,
) -> Result<Vec<Part>, SopsError> {
    let mut out: Vec<Part> = (1..=parts)
        .map(|place| {
            let mut part = vec![0; secret.len() + 1];
            part[secret.len()] = place;
            Zeroizing::new(part)
        })
        .collect();
    let mut coefficients = Zeroizing::new(vec![0; usize::from(threshold)]);
    for (at, byte) in secret.iter().enumerate() {
        random.fill(&mut coefficients[1..])?;
        coefficients[0] = *byte;
        for (part, place) in out.iter_mut().zip(1..=parts) {
            part[at] = coefficients.iter().rev().fold(0, |sum, coefficient| multiply(sum, place) ^ coefficient);
        }
    }
    Ok(out)
}

/// Puts parts together; with fewer than the threshold the result is another secret.
pub(crate) fn combine(parts: &[Part]) -> Result<Part, String> {
    let length = parts.first().map_or(0, |part| part.len());
    if parts.len() < 2 || length < 2 || parts.iter().any(|part| part.len() != length) {
        return Err("the parts of the data key have different lengths".to_owned());
    }
    let places: Vec<u8> = parts.iter().map(|part| part[length - 1]).collect();
    let twice = (1..places.len()).any(|at| places[..at].contains(&places[at]));
    if twice || places.contains(&0) {
        return Err("two key groups hold the same part of the data key".to_owned());
    }
    let mut secret = Zeroizing::new(vec![0; length - 1]);
    for (at, byte) in secret.iter_mut().enumerate() {
        for (part, place) in parts.iter().zip(&places) {
            let others = places.iter().filter(|other| *other != place);
            let basis = others.fold(1, |basis, other| multiply(basis, multiply(*other, inverse(other ^ place))));
            *byte ^= multiply(part[at], basis);
        }
    }
    Ok(secret)
}

fn multiply(one: u8, other: u8) -> u8 {
    (0..8).rev().fold(0_u8, |sum, bit| {
        let doubled = (sum << 1) ^ (0x1B & (sum >> 7).wrapping_neg());
        doubled ^ (one & ((other >> bit) & 1).wrapping_neg())
    })
}

/// The number whose product with this one is 1: its 254th power.
fn inverse(number: u8) -> u8 {
    let square = |number| multiply(number, number);
    let mut power = number;
    for _ in 0..6 {
        power = multiply(square(power), number);
    }
    square(power)
}

#[cfg(test)]
mod tests {
    use super::{combine, inverse, multiply, split};

    fn counting() -> impl crate::Random {
        let mut next = 0_u8;
        move |bytes: &mut [u8]| {
            for byte in bytes {
                next = next.wrapping_mul(37).wrapping_add(11);
                *byte = next;
            }
            Ok(())
        }
    }

    #[test]
    fn each_number_has_its_inverse() {
        assert!((1..=255).all(|number| multiply(number, inverse(number)) == 1));
        assert_eq!(multiply(0x57, 0x83), 0xC1, "FIPS 197, 4.2");
    }

    #[test]
    fn any_two_of_three_parts_give_the_secret() {
        let parts = split(b"a secret", (3, 2), &mut counting()).expect("it can be split");
        for pair in [[0, 1], [1, 2], [2, 0]] {
            let chosen = pair.map(|at| parts[at].clone());
            assert_eq!(combine(&chosen).expect("they fit").as_slice(), b"a secret");
        }
        assert!(combine(&[parts[0].clone(), parts[0].clone()]).is_err());
        assert!(combine(&parts[..1]).is_err());
    }
}
