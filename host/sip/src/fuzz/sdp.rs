//! Invariants of session descriptions and of their edits. Its own tests say what an edit does.

use bytes::Bytes;

use crate::sdp::{Codec, SessionDescription};

const KEPT: [&str; 3] = ["PCMU", "telephone-event/8000", "96"];

/// A session description: what is printed parses to the same, after edits too; codecs that were to go are gone, and media
/// keep their places until they are removed themselves.
pub fn sdp(body: &[u8]) {
    let Ok(mut description) = SessionDescription::parse(&Bytes::copy_from_slice(body)) else { return };
    assert_reads_the_same(&description);
    let _ = (description.origin(), description.section().connection(), description.to_string());
    let media = description.media().len();
    description.remove_codecs(&["PCMA", "opus/48000/2"]);
    description.filter_codecs(&KEPT);
    assert_eq!(description.media().len(), media);
    for media in description.media_mut() {
        let is_kept = |codec: &Codec<'_>| KEPT.iter().any(|word| codec.is(word));
        assert!(media.port() == 0 || media.codecs().iter().all(is_kept));
        assert!(media.section_mut().set_attribute("sendonly", None).is_ok());
        assert!(media.section().has_attribute("sendonly"));
    }
    description.remove_media("video");
    assert!(description.media().iter().all(|media| !media.media_type().eq_ignore_ascii_case(b"video")));
    assert_reads_the_same(&description);
}

fn assert_reads_the_same(description: &SessionDescription) {
    assert_eq!(SessionDescription::parse(&description.to_bytes()).as_ref(), Ok(description));
}
