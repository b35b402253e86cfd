//! Invariants of the stream decoder. Its own tests say what it accepts.

use crate::Limits;
use crate::framing::{Frame, FrameError, StreamDecoder};

/// A stream: the first byte chooses how the rest is cut. Cut or whole, the frames are the same, and each message of them
/// holds the body that its Content-Length says.
pub fn framing(input: &[u8]) {
    let Some((seed, stream)) = input.split_first() else { return };
    let limits = Limits { max_header_bytes: 512, max_body_bytes: 512, max_headers: 64, max_start_line_bytes: 128 };
    let whole = frames(std::iter::once(stream), limits);
    assert_eq!(whole, frames(stream.chunks(1), limits), "one byte at a time");
    assert_eq!(whole, frames(stream.chunks(usize::from(*seed) + 1), limits), "{seed} bytes at a time");
    for frame in whole.0 {
        let Frame::Message(bytes) = frame else { continue };
        if let Ok(message) = crate::parse_message(bytes, &limits) {
            assert_eq!(message.body().len(), message.headers().content_length().unwrap_or(0));
        }
    }
}

fn frames<'a>(chunks: impl Iterator<Item = &'a [u8]>, limits: Limits) -> (Vec<Frame>, Option<FrameError>) {
    let mut decoder = StreamDecoder::new(limits);
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        loop {
            match decoder.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}
