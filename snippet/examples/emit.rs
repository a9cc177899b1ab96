//! Invariant: the browser suite gets exactly the bytes that the collector serves.
//!
//! `cargo run -p mqlite-snippet --example emit -- FOLDER` writes `mq.js` (minified) and `mq.source.js`,
//! and the same of `mq-ask.js`.

use std::io;
use std::path::PathBuf;

fn main() -> io::Result<()> {
    let folder = std::env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "usage: emit FOLDER"))?;
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("mq.js"), mqlite_snippet::MQ_JS)?;
    std::fs::write(folder.join("mq.source.js"), mqlite_snippet::MQ_JS_SOURCE)?;
    std::fs::write(folder.join("mq-ask.js"), mqlite_snippet::ASK_JS)?;
    std::fs::write(folder.join("mq-ask.source.js"), mqlite_snippet::ASK_JS_SOURCE)
}
