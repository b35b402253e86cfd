//! What is fuzzed: one function a target, from any bytes to nothing, which panics when an invariant is broken. Ordinary
//! tests, `examples/mutate.rs` and the cargo-fuzz targets in `fuzz/` call the same ones; nothing in the server does.

use crate::Uri;

mod borrowed;
mod edits;
mod message;
mod sdp;
mod stream;
#[cfg(test)]
mod tests;
mod value;

pub use edits::headers;
pub use message::message;
pub use sdp::sdp;
pub use stream::framing;
pub use value::value;

/// A function that is fuzzed.
pub type Target = fn(&[u8]);

/// All targets by their names.
pub const TARGETS: &[(&str, Target)] =
    &[("message", message), ("uri", uri), ("framing", framing), ("headers", headers), ("sdp", sdp), ("value", value)];

/// A URI: what parses prints to what parses to the same; it is equivalent to itself; its key is the key of itself.
pub fn uri(text: &[u8]) {
    let Ok(uri) = Uri::parse(text.to_vec()) else { return };
    let printed = uri.to_byte_str();
    let again = Uri::parse(printed.clone());
    assert_eq!(again.as_ref(), Ok(&uri), "{printed:?}");
    assert!(uri.equivalent(&uri), "{printed:?}");
    if let Some(sip) = uri.as_sip() {
        let key = sip.to_canonical_key();
        let again = Uri::parse(key.clone()).ok();
        let again = again.as_ref().and_then(Uri::as_sip).map(crate::SipUri::to_canonical_key);
        assert_eq!(again, Some(key));
    }
}
