//! Any bytes as a packed chart, and made-up archives of odd entries: read or refused, within the limits, with nothing from
//! outside of the archive's folder.
#![no_main]

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use helm::load::{Limits, LoadOptions, from_archive};
use helm::{Chart, ChartFile};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;

/// Small, so that every limit is met.
const LIMITS: Limits =
    Limits { file_bytes: 1 << 16, archive_bytes: 1 << 18, chart_bytes: 1 << 19, files: 64, depth: 4 };

/// Entries of a made-up archive.
const ENTRIES: usize = 24;
/// Bytes that a made-up archive may have before it is packed, those of archives in it included.
const MOST: usize = 4 << 20;

/// Names of entries; some lead out of the folder.
const NAMES: &[&str] = &[
    "a/Chart.yaml",
    "a/values.yaml",
    "a/values.schema.json",
    "a/Chart.lock",
    "a/requirements.yaml",
    "a/templates/a.yaml",
    "a/crds/a.yaml",
    "a/charts/b.tgz",
    "a/charts/b/Chart.yaml",
    "a/charts/_c.tgz",
    "a/.helmignore",
    "a/../b",
    "a/b/../../../c",
    "/a/b",
    "a//b",
    "a\\b\\..\\..\\c",
    "a\\C:\\x",
    "a/c:/x",
    "Chart.yaml",
    "a/",
    "",
];

/// What entries hold.
const TEXTS: &[&str] = &[
    "{apiVersion: v2, name: a, version: 1.0.0}",
    "{apiVersion: v1, name: a, version: 1.0.0}",
    "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n- {name: b, version: '*', repository: '', alias: c}\n",
    "a: 1\nglobal: {b: [1, 2]}\n",
    "dependencies: [{name: b, version: 1.0.0}]\n",
    "{\"type\": \"object\", \"$ref\": \"#\"}",
    "*.txt\n!a\n",
];

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(&[0x1F, 0x8B]) {
        load(bytes);
    } else if let Ok(archive) = archive(&mut Unstructured::new(bytes), 0) {
        load(&archive);
    }
});

/// What is read keeps within the limits; what is refused says why.
fn load(archive: &[u8]) {
    match from_archive(archive, &LoadOptions { limits: LIMITS, ..LoadOptions::default() }) {
        Ok(chart) => {
            let (mut files, mut bytes) = (0, 0);
            count(&chart, 0, &mut |file| {
                assert!(file.data.len() as u64 <= LIMITS.file_bytes, "{} is too large", file.name);
                let inside = !file.name.starts_with('/') && file.name.split('/').all(|part| part != "..");
                assert!(inside, "{} is outside", file.name);
                files += 1;
                bytes += file.data.len() as u64;
            });
            assert!(files <= LIMITS.files && bytes <= LIMITS.chart_bytes, "{files} files, {bytes} bytes");
        }
        Err(errors) => {
            assert!(
                !errors.is_empty() && errors.iter().all(|error| !error.message.is_empty()),
                "refused without a word"
            );
        }
    }
}

fn count(chart: &Chart, depth: usize, seen: &mut impl FnMut(&ChartFile)) {
    assert!(depth <= LIMITS.depth, "charts are nested too deep");
    chart.templates.iter().chain(chart.files.iter()).for_each(&mut *seen);
    chart.dependencies.iter().for_each(|chart| count(chart, depth + 1, seen));
}

/// A packed archive, made as the input says.
fn archive(input: &mut Unstructured<'_>, depth: usize) -> Result<Vec<u8>> {
    let mut tar = Vec::new();
    for _ in 0..input.int_in_range(0..=ENTRIES)? {
        entry(input, depth, &mut tar)?;
    }
    if input.arbitrary::<bool>()? {
        tar.resize(tar.len() + 1024, 0);
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let written = packed.write_all(&tar).and_then(|()| packed.finish());
    Ok(written.expect("memory takes all that is written"))
}

fn entry(input: &mut Unstructured<'_>, depth: usize, tar: &mut Vec<u8>) -> Result<()> {
    let data = data(input, depth, MOST.saturating_sub(tar.len()))?;
    let mut header = [0_u8; 512];
    let name = if input.ratio(7, 8)? { input.choose(NAMES)?.as_bytes() } else { some(input, 120)? };
    let most = name.len().min(100);
    header[..most].copy_from_slice(&name[..most]);
    header[100..107].copy_from_slice(b"0000644");
    let size = if input.ratio(1, 16)? { input.arbitrary()? } else { data.len() as u64 };
    octal(&mut header[124..136], size);
    header[156] = *input.choose(b"0000000\0\x31\x32\x33\x34\x35\x36\x37gxLKSD")?;
    let link: &[u8] = if matches!(header[156], b'1' | b'2') { some(input, 100)? } else { b"" };
    header[157..157 + link.len()].copy_from_slice(link);
    header[257..265].copy_from_slice(if input.ratio(3, 4)? { b"ustar\x0000" } else { b"ustar  \0" });
    for _ in 0..input.int_in_range(0..=2)? {
        header[input.int_in_range(0..=511)?] = input.arbitrary()?;
    }
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    octal(&mut header[148..155], sum);
    tar.extend_from_slice(&header);
    tar.extend_from_slice(&data);
    tar.resize(tar.len().next_multiple_of(512), 0);
    Ok(())
}

/// The data of an entry: a text that a chart has, bytes of the input, many zeros, or an archive again.
fn data(input: &mut Unstructured<'_>, depth: usize, most: usize) -> Result<Vec<u8>> {
    Ok(match input.int_in_range(0..=9)? {
        0..=5 => input.choose(TEXTS)?.as_bytes().to_vec(),
        6 | 7 => some(input, 2048)?.to_vec(),
        8 => vec![0; most.min(input.int_in_range(0..=1 << 20)?)],
        _ if depth <= LIMITS.depth => archive(input, depth + 1)?,
        _ => Vec::new(),
    })
}

fn some<'a>(input: &mut Unstructured<'a>, most: usize) -> Result<&'a [u8]> {
    let length = input.int_in_range(0..=most)?.min(input.len());
    input.bytes(length)
}

/// A number as tar writes it; the field keeps its last byte free.
fn octal(field: &mut [u8], number: u64) {
    let digits = field.len() - 1;
    let text = format!("{number:0digits$o}");
    field[..digits].copy_from_slice(&text.as_bytes()[text.len() - digits..]);
}
