//! Bytes on a socket, for what no client would send. Invariant: what is answered is read even when our
//! side of the connection could not be written to the end.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status of the first answer on the connection.
    pub status: u16,
    /// Everything that came, as text.
    pub text: String,
}

/// Sends `bytes` to `base` (`http://HOST:PORT`) and reads until the other side ends the connection. `None`
/// when it ended it without a word.
///
/// # Panics
/// When nobody listens, or nothing happens for a long time.
pub fn say_raw(base: &str, bytes: &[u8]) -> Option<RawAnswer> {
    let host = base.strip_prefix("http://").expect("a base URL");
    let mut stream = TcpStream::connect(host).expect("somebody listens");
    stream.set_read_timeout(Some(Duration::from_secs(40))).expect("a timeout");
    stream.set_write_timeout(Some(Duration::from_secs(40))).expect("a timeout");
    let mut reading = stream.try_clone().expect("a second handle");
    // A server that refuses early stops reading; what it says is what counts.
    let answer = std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut answer = Vec::new();
            let mut chunk = [0; 16 * 1024];
            while let Ok(n @ 1..) = reading.read(&mut chunk) {
                answer.extend_from_slice(&chunk[..n]);
            }
            answer
        });
        if stream.write_all(bytes).is_ok() {
            let _ = stream.shutdown(Shutdown::Write);
        }
        reader.join().expect("the reader does not panic")
    });
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok())?;
    Some(RawAnswer { status, text })
}
