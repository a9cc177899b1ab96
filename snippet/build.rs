//! Invariant: what is served is the minified bundle of `src/js`, and it is never larger than its budget:
//! a bundle that does not minify, or weighs more than [`BUDGET`] after gzip -9, fails the build.
//!
//! The parts are joined in the order of their numbers and wrapped in one arrow function, minified with
//! minify-js, compressed with gzip and brotli, and named by their hash. `src/lib.rs` embeds the results.

use std::fs;
use std::io::Write;
use std::panic;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha384};

type Failure = Box<dyn std::error::Error>;

/// The most that the snippet may weigh, in bytes after gzip -9.
const BUDGET: usize = 2_500;

/// The same of the script for forms that ask.
const ASK_BUDGET: usize = 700;

fn main() -> Result<(), Failure> {
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=src/js");
    println!("cargo::rerun-if-changed=src/ask");
    println!("cargo::rerun-if-changed=build.rs");
    build(&out, "src/js", "mq", "snippet", BUDGET)?;
    build(&out, "src/ask", "mq-ask", "script for forms that ask", ASK_BUDGET)
}

/// Makes the script `name` of the parts in `folder`.
fn build(out: &Path, folder: &str, name: &str, title: &str, budget: usize) -> Result<(), Failure> {
    let source = bundle(Path::new(folder))?;
    let minified = minify(&source)?;
    let gzip = gzip(&minified)?;
    let brotli = brotli(&minified)?;
    println!(
        "cargo::warning={title}: {} bytes gzip -9 of {budget} (minified {}, brotli {})",
        gzip.len(),
        minified.len(),
        brotli.len()
    );
    if gzip.len() > budget {
        return Err(format!("the {title} weighs {} bytes after gzip -9, {budget} allowed", gzip.len()).into());
    }

    let hash: String = Sha256::digest(&minified).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let integrity = format!("sha384-{}", STANDARD.encode(Sha384::digest(&minified)));
    for (ending, bytes) in [
        ("source.js", source.as_bytes()),
        ("js", &minified),
        ("js.gz", &gzip),
        ("js.br", &brotli),
        ("hash", hash.as_bytes()),
        ("integrity", integrity.as_bytes()),
        ("budget", budget.to_string().as_bytes()),
    ] {
        fs::write(out.join(format!("{name}.{ending}")), bytes)?;
    }
    Ok(())
}

/// The parts in the order of their names, in one arrow function so that none of them is global.
fn bundle(folder: &Path) -> Result<String, Failure> {
    let mut parts: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    parts.retain(|path| path.extension().is_some_and(|extension| extension == "js"));
    parts.sort();
    let mut source = String::from("(() => {\ntry {\n");
    for part in parts {
        source.push_str(&fs::read_to_string(&part)?);
        source.push('\n');
    }
    source.push_str("} catch (error) {}\n})();\n");
    Ok(source)
}

/// minify-js panics on some code that it does not know, so a panic is an error like a syntax error is.
fn minify(source: &str) -> Result<Vec<u8>, Failure> {
    let input = source.to_owned();
    let result = panic::catch_unwind(move || {
        let session = minify_js::Session::new();
        let mut output = Vec::new();
        minify_js::minify(&session, minify_js::TopLevelMode::Global, input.as_bytes(), &mut output)
            .map(|()| output)
            .map_err(|error| format!("{error:?}"))
    });
    match result {
        Ok(Ok(minified)) => Ok(minified),
        Ok(Err(error)) => Err(format!("minify-js does not parse the snippet: {error}").into()),
        Err(_) => Err("minify-js panicked: the snippet left the subset that src/js/1-start.js names".into()),
    }
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut encoder = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut output = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut output, &params)?;
    Ok(output)
}
