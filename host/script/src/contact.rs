//! A binding of an address of record as scripts see it: a snapshot. Changing it changes nothing in the registrar.

use std::fmt;

use siphon_sip::{ByteStr, Flow};

/// A preference from 0 to 1 in thousandths (RFC 3261 25.1, `qvalue`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QValue(u16);

impl QValue {
    /// The highest preference, which a Contact without `q` has.
    pub const ONE: Self = Self(1000);

    /// The value in thousandths; what is above 1000 becomes 1000.
    #[must_use]
    pub const fn from_thousandths(thousandths: u16) -> Self {
        if thousandths > 1000 { Self::ONE } else { Self(thousandths) }
    }

    /// The value nearest to `q`; what is outside 0 to 1 becomes the nearest end, what is no number becomes 1.
    #[must_use]
    pub fn from_f32(q: f32) -> Self {
        if q.is_nan() {
            return Self::ONE;
        }
        // In range after the clamp, so that the conversion cuts nothing off.
        Self((q.clamp(0.0, 1.0) * 1000.0).round() as u16)
    }

    /// In thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u16 {
        self.0
    }

    /// As a fraction.
    #[must_use]
    pub fn as_f32(self) -> f32 {
        f32::from(self.0) / 1000.0
    }
}

impl Default for QValue {
    fn default() -> Self {
        Self::ONE
    }
}

/// As the parameter is written: `0.5`, `1`.
impl fmt::Display for QValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= 1000 {
            return f.write_str("1");
        }
        let digits = format!("{:03}", self.0);
        match digits.trim_end_matches('0') {
            "" => f.write_str("0"),
            digits => write!(f, "0.{digits}"),
        }
    }
}

/// Who registered a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ContactKind {
    /// A user agent.
    #[default]
    UserAgent,
    /// An application server: never returned by a look-up.
    ApplicationServer,
}

impl ContactKind {
    /// As scripts see it: `ue` or `as`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserAgent => "ue",
            Self::ApplicationServer => "as",
        }
    }
}

/// One binding at the moment of the look-up.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// The Contact URI as it was registered.
    pub uri: ByteStr,
    /// Where the REGISTER came from when it came straight from the user agent: `sip:192.0.2.7:5060;transport=udp`.
    pub received: Option<String>,
    /// The preference, when the user agent gave one.
    pub q: Option<QValue>,
    /// Seconds that remain.
    pub expires: u32,
    /// Seconds since the last refresh.
    pub age_secs: u32,
    /// The Path of the REGISTER, top first: the Route set towards this contact (RFC 3327).
    pub path: Vec<ByteStr>,
    /// The URN of `+sip.instance`, without quotes and angle brackets.
    pub instance_id: Option<String>,
    /// `reg-id` (RFC 5626).
    pub reg_id: Option<u32>,
    /// When the node that took the REGISTER was started; 0 when it is not known.
    pub instance_epoch: u64,
    /// Whether this node owns the flow.
    pub is_local: bool,
    /// The token that the script gave the binding.
    pub flow_token: Option<String>,
    /// The way that the REGISTER came in.
    pub flow: Option<Flow>,
    /// Every parameter of the Contact other than q, expires, +sip.instance and reg-id, in order and as written.
    pub params: Vec<(String, Option<String>)>,
    /// Who registered it.
    pub kind: ContactKind,
}

impl Contact {
    /// The preference that counts: that of the binding, or 1.
    #[must_use]
    pub fn preference(&self) -> QValue {
        self.q.unwrap_or_default()
    }

    /// The Contact value as the 200 to a REGISTER lists it: the URI, what is left of it, the preference, the instance
    /// and the other parameters (RFC 3261 10.3 step 8).
    #[must_use]
    pub fn header_value(&self) -> String {
        let mut value = format!("<{}>;expires={}", self.uri, self.expires);
        if let Some(q) = self.q {
            value.push_str(&format!(";q={q}"));
        }
        if let Some(instance) = &self.instance_id {
            value.push_str(&format!(";+sip.instance=\"<{instance}>\""));
        }
        if let Some(reg_id) = self.reg_id {
            value.push_str(&format!(";reg-id={reg_id}"));
        }
        for (name, text) in &self.params {
            match text {
                Some(text) => value.push_str(&format!(";{name}={text}")),
                None => value.push_str(&format!(";{name}")),
            }
        }
        value
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uri, f)
    }
}
