//! Whose message, binding or call it is. Every key of every table carries it; the SIP stack itself gives it no meaning.

use std::fmt;

/// A tenant of this server. A server without a tenant table has one: [`TenantId::DEFAULT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(pub u32);

impl TenantId {
    /// The tenant `default`, which a server without a tenant table serves.
    pub const DEFAULT: Self = Self(0);
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::DEFAULT => f.write_str("default"),
            Self(number) => write!(f, "{number}"),
        }
    }
}
