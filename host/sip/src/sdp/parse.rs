//! From a body to a [`SessionDescription`]. Only the `m=` lines are taken apart here; every other line is kept whole.

use bytes::Bytes;

use super::media::MediaDescription;
use super::section::Section;
use super::{SdpError, SessionDescription};

pub(super) fn session_description(body: &Bytes) -> Result<SessionDescription, SdpError> {
    let mut lines = body.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty());
    let first = lines.next().ok_or(SdpError::Empty)?;
    if !first.starts_with(b"v=") {
        return Err(SdpError::NotSdp);
    }
    let mut section = Section::default();
    section.push(body.slice_ref(first));
    let mut media: Vec<MediaDescription> = Vec::new();
    for (line, number) in lines.zip(2..) {
        let line = body.slice_ref(line);
        if line.starts_with(b"m=") {
            media.push(MediaDescription::parse(&line.slice(2..)).ok_or(SdpError::Media { line: number })?);
        } else {
            media.last_mut().map_or(&mut section, |media| &mut media.section).push(line);
        }
    }
    Ok(SessionDescription { section, media })
}
