//! The response to a REGISTER once its change was applied: the list of bindings, or the refusal (RFC 3261 10.3 step 8).
//! What the script put on the response is already in it.

use siphon_sip::{HeaderName, Request, Response};

use super::{RegisterChange, RegisterKind, RegisterRefusal};
use crate::contact::Contact;
use crate::outcome::LocalReply;

impl LocalReply {
    /// Completes the answer to `registrar.save`: `result` is what applying `change` gave. A success lists every
    /// binding, says the longest interval that this REGISTER was granted and copies its Path (RFC 3327 5.3); that of a
    /// query has no Expires. A refusal takes the place of the whole response.
    #[must_use]
    pub fn complete(
        self,
        request: &Request,
        change: &RegisterChange,
        result: Result<&[Contact], &RegisterRefusal>,
    ) -> Response {
        let mut response = self.response;
        let contacts = match result {
            Ok(contacts) => contacts,
            Err(refusal) => return refusal.response(request),
        };
        let headers = response.headers_mut();
        for contact in contacts {
            headers.append(HeaderName::Contact, contact.header_value());
        }
        if let Some(granted) = change.granted(contacts) {
            headers.set(HeaderName::Expires, granted.to_string());
        }
        if !headers.contains(&HeaderName::Path) {
            headers.append_from(request.headers(), &HeaderName::Path);
        }
        response
    }
}

impl RegisterChange {
    /// The longest interval that this change was granted, in seconds; `None` for a query.
    fn granted(&self, contacts: &[Contact]) -> Option<u32> {
        match &self.kind {
            RegisterKind::Query => None,
            RegisterKind::RemoveAll => Some(0),
            RegisterKind::Update { contacts: updates } => {
                let asked = |contact: &&Contact| {
                    updates.iter().any(|update| update.uri == contact.uri && update.expires != Some(0))
                };
                Some(contacts.iter().filter(asked).map(|contact| contact.expires).max().unwrap_or(0))
            }
        }
    }
}

impl RegisterRefusal {
    /// The refusal as a response, with Min-Expires where RFC 3261 10.3 wants it.
    #[must_use]
    pub fn response(&self, request: &Request) -> Response {
        let mut response = request.response(self.status(), Some(&self.to_string()));
        if let Self::IntervalTooBrief { min } = self {
            response.headers_mut().set(HeaderName::MinExpires, min.to_string());
        }
        response
    }
}
