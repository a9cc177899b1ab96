//! One keep-alive connection that speaks as much HTTP/1.1 as a load needs: a request, and an answer whose
//! length is declared.

use crate::Failure;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes of an answer that is read.
const ANSWER_MAX: usize = 8 * 1024;

/// A connection.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; ANSWER_MAX] })
    }

    /// Sends a request and reads the answer; answers its status.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<u16, Failure> {
        self.stream.write_all(request).await?;
        let mut read = 0;
        loop {
            let room = self.buffer.get_mut(read..).filter(|room| !room.is_empty());
            let room = room.ok_or("an answer is longer than the load generator reads")?;
            match self.stream.read(room).await? {
                0 => return Err("the server ended a connection".into()),
                more => read += more,
            }
            if let Some((status, length)) = whole(&self.buffer[..read]) {
                if length == read {
                    return Ok(status);
                }
                if length < read {
                    return Err("an answer is followed by something that nobody asked for".into());
                }
            }
        }
    }
}

/// The status and the length of head and body, once the head is there.
fn whole(answer: &[u8]) -> Option<(u16, usize)> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).ok()?;
    let status = text.get(9..12)?.parse().ok()?;
    let length = text.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Some((status, head + length.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn an_answer_is_whole_when_its_body_is_there() {
        let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nx: y\r\n\r\nok";
        assert_eq!(whole(answer), Some((202, answer.len())));
        assert_eq!(whole(&answer[..30]), None);
        assert_eq!(whole(b"HTTP/1.1 503 Busy\r\n\r\n"), Some((503, 21)));
    }
}
