//! Decimal numbers of any length, as `shopspring/decimal` computes: floats are taken as they are printed.

use num_bigint::{BigInt, BigUint};

/// Digits after the point of a quotient.
const QUOTIENT_DIGITS: i64 = 16;

/// `digits * 10^exponent`
pub(super) struct Decimal {
    digits: BigInt,
    exponent: i64,
}

fn power(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

impl Decimal {
    pub(super) fn from_float(value: f64) -> Result<Self, String> {
        if !value.is_finite() {
            return Err(format!("Cannot create a Decimal from {}", crate::fmt::float_text(value)));
        }
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}").parse().unwrap_or_default();
        let shift = i64::try_from(fraction.len()).unwrap_or(0);
        Ok(Self { digits, exponent: exponent.parse::<i64>().unwrap_or(0) - shift })
    }

    pub(super) fn to_float(&self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(0.0)
    }

    fn scaled(&self, exponent: i64) -> BigInt {
        &self.digits * power(self.exponent - exponent)
    }

    pub(super) fn add(&self, other: &Self) -> Result<Self, String> {
        let exponent = self.exponent.min(other.exponent);
        Ok(Self { digits: self.scaled(exponent) + other.scaled(exponent), exponent })
    }

    pub(super) fn sub(&self, other: &Self) -> Result<Self, String> {
        let exponent = self.exponent.min(other.exponent);
        Ok(Self { digits: self.scaled(exponent) - other.scaled(exponent), exponent })
    }

    pub(super) fn mul(&self, other: &Self) -> Result<Self, String> {
        Ok(Self { digits: &self.digits * &other.digits, exponent: self.exponent + other.exponent })
    }

    /// Rounded to 16 places, halves away from zero.
    pub(super) fn div(&self, other: &Self) -> Result<Self, String> {
        if other.digits == BigInt::default() {
            return Err("decimal division by 0".to_owned());
        }
        let shift = self.exponent - other.exponent + QUOTIENT_DIGITS;
        let above: BigUint = (&self.digits * power(shift.max(0))).magnitude() * 2u32;
        let below: BigUint = (&other.digits * power((-shift).max(0))).magnitude().clone();
        let size = BigInt::from((above + &below) / (below * 2u32));
        let negative = self.digits.sign() != other.digits.sign();
        Ok(Self { digits: if negative { -size } else { size }, exponent: -QUOTIENT_DIGITS })
    }
}
