//! Edits of From, To and Contact: who the request says it is from, for, and where answers go. Tags stay, and so does
//! every part that the verb does not name. Without such a header nothing happens.

use siphon_sip::{ByteStr, HeaderName, HeaderValue, NameAddr, Uri};

use super::{Request, State};
use crate::error::ApiError;
use crate::headers::{one_line, text};
use crate::uri;

impl Request {
    /// Replaces the display name of From; the empty text removes it.
    pub fn set_from_display(&self, name: &str) -> Result<(), ApiError> {
        self.set_display(HeaderName::From, name)
    }

    /// Replaces the display name of To; the empty text removes it.
    pub fn set_to_display(&self, name: &str) -> Result<(), ApiError> {
        self.set_display(HeaderName::To, name)
    }

    /// Replaces the URI of From; display name and tag stay.
    pub fn set_from_uri(&self, uri: &str) -> Result<(), ApiError> {
        self.set_address_uri(HeaderName::From, uri)
    }

    /// Replaces the URI of To; display name and tag stay.
    pub fn set_to_uri(&self, uri: &str) -> Result<(), ApiError> {
        self.set_address_uri(HeaderName::To, uri)
    }

    /// Replaces the user in the URI of From; the empty text removes it.
    pub fn set_from_user(&self, user: &str) -> Result<(), ApiError> {
        self.change_address_uri(HeaderName::From, |uri| uri::set_user(uri, Some(user)))
    }

    /// Replaces the user in the URI of To; the empty text removes it.
    pub fn set_to_user(&self, user: &str) -> Result<(), ApiError> {
        self.change_address_uri(HeaderName::To, |uri| uri::set_user(uri, Some(user)))
    }

    /// Replaces the host in the URI of From, and the port when `host` names one.
    pub fn set_from_host(&self, host: &str) -> Result<(), ApiError> {
        self.change_address_uri(HeaderName::From, |uri| uri::set_host(uri, host))
    }

    /// Replaces the host in the URI of To, and the port when `host` names one.
    pub fn set_to_host(&self, host: &str) -> Result<(), ApiError> {
        self.change_address_uri(HeaderName::To, |uri| uri::set_host(uri, host))
    }

    /// Replaces the URI of the first Contact; its display name and parameters, and the other Contacts, stay.
    pub fn set_contact_uri(&self, uri: &str) -> Result<(), ApiError> {
        self.set_address_uri(HeaderName::Contact, uri)
    }

    /// Replaces the user in the URI of the first Contact; the empty text removes it.
    pub fn set_contact_user(&self, user: &str) -> Result<(), ApiError> {
        self.change_address_uri(HeaderName::Contact, |uri| uri::set_user(uri, Some(user)))
    }

    fn set_display(&self, name: HeaderName, display: &str) -> Result<(), ApiError> {
        let display = one_line(display, "a display name")?;
        self.edit(|state| {
            change_address(state, &name, |address| {
                address.display = Some(display).filter(|display| !display.is_empty());
                Ok(())
            })
        })
    }

    fn set_address_uri(&self, name: HeaderName, uri: &str) -> Result<(), ApiError> {
        let uri = uri::parse(uri)?.to_byte_str();
        self.edit(|state| {
            change_address(state, &name, |address| {
                address.uri = uri;
                Ok(())
            })
        })
    }

    fn change_address_uri(
        &self,
        name: HeaderName,
        change: impl FnOnce(&mut Uri) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        self.edit(|state| {
            change_address(state, &name, |address| {
                let mut uri = address.uri().map_err(|_| ApiError::InvalidUri(text(&address.uri)))?;
                change(&mut uri)?;
                address.uri = uri.to_byte_str();
                Ok(())
            })
        })
    }
}

/// Changes the first address of a header. Without one, and with `Contact: *`, nothing happens.
fn change_address(
    state: &mut State,
    name: &HeaderName,
    change: impl FnOnce(&mut NameAddr) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let headers = state.message.headers_mut();
    let first = headers.first_value_bytes(name).filter(|value: &ByteStr| *value != "*");
    let Some(mut address) = first.and_then(|value| NameAddr::parse(value).ok()) else { return Ok(()) };
    change(&mut address)?;
    headers.replace_first_value(name, HeaderValue::from(&address));
    Ok(())
}
