//! `registrar`: Bounds on what may be registered.

use crate::config::reader::Section;

/// `registrar`.
#[derive(Clone, Debug)]
pub struct RegistrarSection {
    /// Seconds granted when a contact asks for none.
    pub default_expires: u32,
    /// The most seconds granted.
    pub max_expires: u32,
    /// Fewer seconds than these are refused with 423.
    pub min_expires: u32,
    /// Contacts an AoR may have.
    pub max_contacts: usize,
    /// AoRs that may be registered at once.
    pub max_aors: usize,
    /// Whether a digest user may register only the AoR of that name.
    pub enforce_auth_aor_match: bool,
}

impl RegistrarSection {
    pub(in crate::config) fn read(mut section: Section<'_>) -> Self {
        section.choice("backend", (), &[("memory", ()), ("python", ())]);
        let read = Self {
            default_expires: section.number("default_expires", 3600, 1..=u32::MAX),
            max_expires: section.number("max_expires", 7200, 1..=u32::MAX),
            min_expires: section.number("min_expires", 60, 0..=u32::MAX),
            max_contacts: section.number("max_contacts", 10, 1..=1000),
            max_aors: section.number("max_aors", 1_000_000, 1..=1_000_000_000),
            enforce_auth_aor_match: section.flag("enforce_auth_aor_match", true),
        };
        if read.min_expires > read.max_expires {
            section.error("min_expires is larger than max_expires");
        }
        section.not_yet(&["redis", "postgres", "liveness"]);
        section.finish();
        read
    }
}
