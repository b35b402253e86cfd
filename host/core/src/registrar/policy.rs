//! What the operator lets a REGISTER ask for. Who may register is not decided here.

/// Intervals and bounds of the registrar. The defaults are those of `siphon.yaml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrarPolicy {
    /// Seconds for a Contact that asks for none.
    pub default_expires: u32,
    /// A Contact that asks for fewer seconds is refused with 423, unless it asks for an hour or more
    /// (RFC 3261 10.3 step 7).
    pub min_expires: u32,
    /// More seconds are not granted.
    pub max_expires: u32,
    /// Bindings that one address may have.
    pub max_contacts: usize,
    /// Bytes that the texts of one binding may have: URI, parameters, Path, Call-ID.
    pub max_binding_bytes: usize,
}

impl Default for RegistrarPolicy {
    fn default() -> Self {
        Self { default_expires: 3600, min_expires: 60, max_expires: 7200, max_contacts: 10, max_binding_bytes: 8192 }
    }
}
