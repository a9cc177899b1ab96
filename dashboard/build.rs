//! Invariant: every file under `static/` ends up in the binary exactly once, with its two compressed
//! forms and a tag that changes when, and only when, its bytes do. A file of an unknown kind fails the build.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    println!("cargo::rerun-if-changed=static");
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("static");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);

    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();

    // Sorted by path: `asset` looks up by binary search.
    let mut table = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let path = file.strip_prefix(&root)?.to_str().ok_or("a file name is not UTF-8")?.replace('\\', "/");
        let body = fs::read(file)?;
        let gzip = out.join(format!("{number}.gz"));
        let brotli = out.join(format!("{number}.br"));
        fs::write(&gzip, gzipped(&body)?)?;
        fs::write(&brotli, brotlied(&body)?)?;
        writeln!(
            table,
            "    Asset {{ path: {path:?}, content_type: {kind:?}, body: include_bytes!({file:?}), \
             gzip: include_bytes!({gzip:?}), brotli: include_bytes!({brotli:?}), etag: {etag:?} }},",
            kind = content_type(&path)?,
            etag = etag(&body),
        )?;
    }
    table.push_str("]\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn content_type(path: &str) -> Outcome<&'static str> {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => Ok("text/html; charset=utf-8"),
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        _ => Err(format!("static/{path}: no content type is known for this ending").into()),
    }
}

/// A strong entity tag, quotes included: the first 128 bits of the SHA-256 of the uncompressed bytes.
fn etag(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let hex = digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("\"{hex}\"")
}

fn gzipped(body: &[u8]) -> Outcome<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body)?;
    Ok(encoder.finish()?)
}

fn brotlied(body: &[u8]) -> Outcome<Vec<u8>> {
    let mut compressed = Vec::new();
    {
        let mut encoder = brotli::CompressorWriter::new(&mut compressed, 4096, 11, 22);
        encoder.write_all(body)?;
        encoder.flush()?;
    }
    Ok(compressed)
}
