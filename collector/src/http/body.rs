//! Bodies, whole and bounded. Invariant: no more than the bound is ever kept of a body, and one that arrived in one
//! piece, as an event's does, is not copied.

use actix_web::body::{BodyStream, MessageBody};
use actix_web::web::{Bytes, Payload};
use std::future::poll_fn;
use std::pin::pin;

/// Why a body cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is longer than the bound.
    TooLarge,
    /// It ended before it was whole.
    Broken,
}

/// Reads a body of at most `max` bytes.
///
/// # Errors
/// When it is longer, or ends too early.
pub async fn whole(payload: Payload, max: usize) -> Result<Bytes, Unread> {
    read(BodyStream::new(payload), max).await
}

async fn read(body: impl MessageBody, max: usize) -> Result<Bytes, Unread> {
    let mut body = pin!(body);
    let mut piece = async || match poll_fn(|context| body.as_mut().poll_next(context)).await.transpose() {
        Ok(Some(piece)) if piece.len() > max => Err(Unread::TooLarge),
        Ok(piece) => Ok(piece),
        Err(_) => Err(Unread::Broken),
    };
    let Some(first) = piece().await? else { return Ok(Bytes::new()) };
    let Some(mut next) = piece().await? else { return Ok(first) };
    let mut all = Vec::from(first);
    loop {
        if all.len() + next.len() > max {
            return Err(Unread::TooLarge);
        }
        all.extend_from_slice(&next);
        match piece().await? {
            Some(more) => next = more,
            None => return Ok(all.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::BodySize;
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    /// Pieces that are there already; the one that is nothing is where the sender goes away.
    struct Pieces<'a>(std::slice::Iter<'a, Option<&'static str>>);

    impl MessageBody for Pieces<'_> {
        type Error = io::Error;

        fn size(&self) -> BodySize {
            BodySize::Stream
        }

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, io::Error>>> {
            let gone = || io::Error::from(io::ErrorKind::UnexpectedEof);
            let piece = self.get_mut().0.next().copied();
            Poll::Ready(
                piece.map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes())).ok_or_else(gone)),
            )
        }
    }

    fn of(pieces: &[Option<&'static str>]) -> Result<Bytes, Unread> {
        let body = Pieces(pieces.iter());
        match pin!(read(body, 10)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(read) => read,
            Poll::Pending => unreachable!("everything is there"),
        }
    }

    #[test]
    fn pieces_are_joined_up_to_the_bound() {
        assert_eq!(of(&[]), Ok(Bytes::new()));
        assert_eq!(of(&[Some("0123456789")]), Ok(Bytes::from_static(b"0123456789")));
        assert_eq!(of(&[Some("0123"), Some("456"), Some("789")]), Ok(Bytes::from_static(b"0123456789")));
        assert_eq!(of(&[Some("0123456789a")]), Err(Unread::TooLarge));
        assert_eq!(of(&[Some("0123"), Some("456"), Some("789a")]), Err(Unread::TooLarge));
        assert_eq!(of(&[Some("0123"), None]), Err(Unread::Broken));
    }

    #[test]
    fn one_piece_is_not_copied() {
        let piece = "0123456789";
        assert!(of(&[Some(piece)]).is_ok_and(|body| std::ptr::eq(body.as_ptr(), piece.as_ptr())));
    }
}
