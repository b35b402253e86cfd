//! A registration as `save`, `expire` and `remove` stage it, and the ways in which the registrar refuses one. It has
//! not happened yet: [`Location::apply`](crate::ports::Location::apply) carries it out.

use siphon_sip::{ByteStr, Flow, StatusCode};

use crate::aor::Aor;
use crate::contact::QValue;

mod response;

/// One change of the bindings of one address of record: all of it is done, or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterChange {
    /// The address of record.
    pub aor: Aor,
    /// Further addresses under which its bindings are found; `None` leaves those that it has.
    pub aliases: Option<Vec<Aor>>,
    /// What shall be done.
    pub kind: RegisterKind,
    /// The REGISTER's Call-ID; empty when a verb, not a REGISTER, asks.
    pub call_id: ByteStr,
    /// The REGISTER's CSeq number.
    pub cseq: u32,
    /// The existing bindings are cleared first, without asking for their Call-ID and CSeq. Also set when a verb asks.
    pub force: bool,
}

/// What a [`RegisterChange`] does.
#[derive(Clone, Debug, PartialEq)]
pub enum RegisterKind {
    /// Adds, refreshes and removes single bindings.
    Update {
        /// In the order of the REGISTER.
        contacts: Vec<ContactUpdate>,
    },
    /// Removes every binding: `Contact: *`, `expire`, `remove`.
    RemoveAll,
    /// Changes nothing; a REGISTER without a Contact.
    Query,
}

/// One Contact of a REGISTER. Which binding it is: the one with the same `instance` and `reg_id` when both are there,
/// else the one whose URI is equivalent by RFC 3261 19.1.4.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactUpdate {
    /// The Contact URI as it came.
    pub uri: ByteStr,
    /// The seconds that were asked for: the `expires` parameter, else the Expires header; 0 removes the binding. `None`
    /// when the REGISTER says nothing: the registrar's default. The registrar cuts it to its maximum, and refuses what
    /// is below its minimum.
    pub expires: Option<u32>,
    /// The `q` parameter.
    pub q: Option<QValue>,
    /// The URN of `+sip.instance`, without quotes and angle brackets.
    pub instance: Option<String>,
    /// `reg-id`.
    pub reg_id: Option<u32>,
    /// Every other parameter, in order and as written.
    pub params: Vec<(String, Option<String>)>,
    /// The Path of the REGISTER, top first.
    pub path: Vec<ByteStr>,
    /// Where the REGISTER came from, when it came straight from the user agent: `sip:192.0.2.7:5060;transport=udp`.
    pub received: Option<String>,
    /// The way that the REGISTER came in, when it came straight from the user agent.
    pub flow: Option<Flow>,
    /// A token of the script's to find the binding by.
    pub flow_token: Option<String>,
}

/// Why the registrar refuses a change. Nothing of it was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterRefusal {
    /// A Contact asks for less than the registrar's minimum (RFC 3261 10.3 step 7).
    #[error("Interval Too Brief (min: {min}s)")]
    IntervalTooBrief {
        /// The minimum in seconds, for Min-Expires.
        min: u32,
    },
    /// The address of record would have more bindings than it may.
    #[error("Too Many Contacts")]
    TooManyContacts,
    /// Same Call-ID and no higher CSeq than a binding that it would change (RFC 3261 10.3 steps 6 and 7).
    #[error("CSeq Out of Order")]
    OutOfOrder,
    /// The registrar's table is full, or its back end does not answer.
    #[error("Service Unavailable")]
    Full,
    /// The REGISTER breaks RFC 3261 10.
    #[error("{0}")]
    Invalid(&'static str),
    /// The address of record is not the caller's.
    #[error("Forbidden")]
    Forbidden,
}

impl RegisterRefusal {
    /// The status that the REGISTER is answered with; the error's text is the reason phrase.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::IntervalTooBrief { .. } => StatusCode::INTERVAL_TOO_BRIEF,
            Self::TooManyContacts | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::OutOfOrder => StatusCode::SERVER_INTERNAL_ERROR,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
        }
    }
}
