//! Connections that send inputs one behind the other without waiting, and read what comes back. Promise: each whole
//! input on a connection has its answer, in their order, until the other side ends the connection between two.

use crate::answer::{self, Answer, Read};
use crate::inputs::{Framing, Input};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Beyond this nobody is going to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came back for some inputs.
#[derive(Debug, Default)]
pub(crate) struct Exchanged {
    /// The statuses of answers to whole inputs.
    pub(crate) statuses: Vec<u16>,
    /// The statuses of answers to what was no request.
    pub(crate) refused: Vec<u16>,
    /// Inputs behind the end of the connection: nobody has read them.
    pub(crate) unread: usize,
    /// Whether the connection can be used again.
    pub(crate) open: bool,
}

/// Sends inputs, of which the last one alone may be broken, and reads their answers.
///
/// # Errors
/// Says which promise is broken, and by which input.
pub(crate) async fn exchange(stream: &mut TcpStream, inputs: &[Input]) -> Result<Exchanged, String> {
    let bytes: Vec<u8> = inputs.iter().flat_map(|input| input.bytes.iter().copied()).collect();
    let broken = inputs.last().is_some_and(|input| input.framing == Framing::Broken);
    let (mut reading, mut writing) = stream.split();
    let write = async {
        // A server that refuses early stops reading; what it says is what counts.
        if writing.write_all(&bytes).await.is_ok() && broken {
            let _ = writing.shutdown().await;
        }
    };
    let read = read(&mut reading, inputs, broken);
    let both = async { tokio::join!(write, read).1 };
    match tokio::time::timeout(PATIENCE, both).await {
        Ok(exchanged) => exchanged,
        Err(_) => Err(format!("no answer for two minutes; the first input was {}", shown(inputs, 0))),
    }
}

async fn read(
    reading: &mut (impl AsyncReadExt + Unpin),
    inputs: &[Input],
    broken: bool,
) -> Result<Exchanged, String> {
    let whole = inputs.len() - usize::from(broken);
    let mut exchanged = Exchanged { open: !broken, ..Exchanged::default() };
    let mut buffer: Vec<u8> = Vec::with_capacity(16 * 1024);
    loop {
        while !buffer.is_empty() {
            let at = exchanged.statuses.len();
            let framed = at < whole;
            let head = inputs.get(at).is_some_and(|input| input.head);
            let read = answer::read(&buffer, head, framed).map_err(|error| {
                format!("{error}\nof the input {}\nanswered by {}", shown(inputs, at), text(&buffer))
            })?;
            let Read::Whole(Answer { status, length, last }) = read else { break };
            buffer.drain(..length);
            if framed {
                exchanged.statuses.push(status)
            } else {
                exchanged.refused.push(status)
            }
            if last {
                exchanged.unread = if framed { inputs.len() - exchanged.statuses.len() } else { 0 };
                exchanged.open = false;
                return Ok(exchanged);
            }
        }
        if !broken && exchanged.statuses.len() == whole {
            return if buffer.is_empty() {
                Ok(exchanged)
            } else {
                Err(format!("an answer that nobody asked for: {}", text(&buffer)))
            };
        }
        let before = buffer.len();
        buffer.reserve(16 * 1024);
        match reading.read_buf(&mut buffer).await {
            Ok(more) if more > 0 => {}
            _ if before > 0 => {
                let of = shown(inputs, exchanged.statuses.len());
                return Err(format!("half an answer: {}\nof the input {of}", text(&buffer)));
            }
            // Whoever answers before a body is read to its end may end the connection behind the answer.
            _ if exchanged.statuses.len() < whole => {
                let unread = inputs.len() - exchanged.statuses.len();
                return Ok(Exchanged { open: false, unread, ..exchanged });
            }
            _ => return Ok(Exchanged { open: false, ..exchanged }),
        }
    }
}

fn shown(inputs: &[Input], at: usize) -> String {
    inputs.get(at).map_or_else(|| "none".to_owned(), |input| text(&input.bytes))
}

/// Bytes for a person to read, the first of them.
fn text(bytes: &[u8]) -> String {
    let shown = bytes[..bytes.len().min(4_000)].escape_ascii().to_string();
    format!("({} bytes) {}", bytes.len(), shown.replace("\\r\\n", "\\r\\n\n"))
}
