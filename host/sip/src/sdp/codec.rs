//! What a payload type stands for. The names are those of `a=rtpmap`, and of RFC 3551 for the static payload types; this
//! module knows no media format beyond its name.

/// One format of an RTP media description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codec<'a> {
    /// The payload type as the `m=` line has it.
    pub payload_type: &'a [u8],
    /// The encoding name: `PCMU`, `opus`, `telephone-event`. None for a dynamic payload type without `rtpmap`.
    pub name: Option<&'a [u8]>,
    /// RTP clock rate in Hz.
    pub clock_rate: Option<u32>,
    /// What follows the clock rate: for audio the number of channels.
    pub encoding_parameters: Option<&'a [u8]>,
    /// What `a=fmtp` says of the payload type.
    pub format_parameters: Option<&'a [u8]>,
}

impl<'a> Codec<'a> {
    /// From a payload type and the rest of its `rtpmap` and `fmtp`.
    pub(super) fn new(payload_type: &'a [u8], rtpmap: Option<&'a [u8]>, fmtp: Option<&'a [u8]>) -> Self {
        let mut encoding =
            rtpmap.or_else(|| static_encoding(payload_type)).unwrap_or_default().splitn(3, |b| *b == b'/');
        Self {
            payload_type,
            name: encoding.next().filter(|name| !name.is_empty()),
            clock_rate: encoding.next().and_then(|rate| std::str::from_utf8(rate).ok()?.parse().ok()),
            encoding_parameters: encoding.next(),
            format_parameters: fmtp,
        }
    }

    /// Whether a script's word for a codec means this one: `PCMU`, `opus/48000`, `L16/44100/2`, or a payload type `0`.
    /// Names compare in any case (RFC 8866 6.6).
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        let word = word.trim();
        if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.payload_type == word.as_bytes();
        }
        let mut parts = word.splitn(3, '/');
        let is_name =
            parts.next().zip(self.name).is_some_and(|(word, name)| name.eq_ignore_ascii_case(word.as_bytes()));
        let is_rate = parts.next().is_none_or(|rate| rate.parse().ok() == self.clock_rate && self.clock_rate.is_some());
        let is_encoding =
            parts.next().is_none_or(|wanted| wanted.as_bytes() == self.encoding_parameters.unwrap_or(b"1"));
        is_name && is_rate && is_encoding
    }

    /// The payload type that this one repeats: `apt` of an `rtx` format (RFC 4588 8.6).
    pub(super) fn associated_payload_type(&self) -> Option<&'a [u8]> {
        self.name.filter(|name| name.eq_ignore_ascii_case(b"rtx"))?;
        self.format_parameters?
            .split(|byte| *byte == b';')
            .find_map(|parameter| parameter.trim_ascii().strip_prefix(b"apt="))
    }
}

/// The static payload types of RFC 3551 section 6.
fn static_encoding(payload_type: &[u8]) -> Option<&'static [u8]> {
    let encoding: &[u8] = match payload_type {
        b"0" => b"PCMU/8000",
        b"3" => b"GSM/8000",
        b"4" => b"G723/8000",
        b"5" => b"DVI4/8000",
        b"6" => b"DVI4/16000",
        b"7" => b"LPC/8000",
        b"8" => b"PCMA/8000",
        b"9" => b"G722/8000",
        b"10" => b"L16/44100/2",
        b"11" => b"L16/44100",
        b"12" => b"QCELP/8000",
        b"13" => b"CN/8000",
        b"14" => b"MPA/90000",
        b"15" => b"G728/8000",
        b"16" => b"DVI4/11025",
        b"17" => b"DVI4/22050",
        b"18" => b"G729/8000",
        b"25" => b"CelB/90000",
        b"26" => b"JPEG/90000",
        b"28" => b"nv/90000",
        b"31" => b"H261/90000",
        b"32" => b"MPV/90000",
        b"33" => b"MP2T/90000",
        b"34" => b"H263/90000",
        _ => return None,
    };
    Some(encoding)
}
