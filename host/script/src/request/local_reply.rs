//! Responses of our own: what a script puts on them, and how they are built from the request. Which response it is, is
//! armed in `action.rs`; To-tag and Server are the core's.

use bytes::Bytes;
use siphon_sip::{ByteStr, HeaderName, HeaderValue, Method, Response, Token};

use super::{ArmedReply, Request, State};
use crate::error::ApiError;
use crate::headers::{one_line, value, writable_name};
use crate::outcome::LocalReply;

/// The methods that this server handles or passes on, for Allow.
pub const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, SUBSCRIBE, NOTIFY, REFER, MESSAGE, PUBLISH";

/// What scripts put on the request to have it on the response.
const ECHOED: [HeaderName; 4] =
    [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate, HeaderName::Expires, HeaderName::SipEtag];

/// One change of the response, in the order of the script.
pub(crate) enum ReplyEdit {
    Set(HeaderName, HeaderValue),
    Append(HeaderName, HeaderValue),
    ToTag(Token),
    Body(Bytes, ByteStr),
}

impl Request {
    /// Replaces a header of the response.
    pub fn set_reply_header(&self, name: &str, text: &str) -> Result<(), ApiError> {
        let edit = ReplyEdit::Set(writable_name(name)?, value(text)?);
        self.edit_reply(edit)
    }

    /// Adds a header to the response.
    pub fn add_reply_header(&self, name: &str, text: &str) -> Result<(), ApiError> {
        let edit = ReplyEdit::Append(writable_name(name)?, value(text)?);
        self.edit_reply(edit)
    }

    /// Gives the response this To-tag instead of the transaction's.
    pub fn set_reply_to_tag(&self, tag: &str) -> Result<(), ApiError> {
        let tag = Token::new(tag.to_owned()).map_err(|_| ApiError::Value(format!("not a tag: {tag:?}")))?;
        self.edit_reply(ReplyEdit::ToTag(tag))
    }

    /// Gives the response a body.
    pub fn set_reply_body(&self, body: Bytes, content_type: &str) -> Result<(), ApiError> {
        let content_type = one_line(content_type, "a content type")?;
        self.edit_reply(ReplyEdit::Body(body, content_type))
    }

    fn edit_reply(&self, edit: ReplyEdit) -> Result<(), ApiError> {
        self.edit(|state| {
            state.reply_edits.push(edit);
            Ok(())
        })
    }

    /// Builds the armed response from the request as it is now.
    pub(super) fn build_reply(&self, state: &State, armed: ArmedReply) -> LocalReply {
        let mut response = self.plain_reply(state, &armed);
        for (name, value) in armed.headers {
            response.headers_mut().append(name, value);
        }
        apply_edits(&mut response, &state.reply_edits);
        self.complete_options(&mut response);
        LocalReply { response, reliable: armed.reliable }
    }

    /// Builds the answer of `save`, whose Expires and Contacts come from the registrar.
    pub(super) fn build_save_reply(&self, state: &State, armed: ArmedReply) -> LocalReply {
        let mut response = self.plain_reply(state, &armed);
        response.headers_mut().remove(&HeaderName::Expires);
        apply_edits(&mut response, &state.reply_edits);
        LocalReply { response, reliable: false }
    }

    fn plain_reply(&self, state: &State, armed: &ArmedReply) -> Response {
        let mut response = state.message.response(armed.status, None);
        if let Some(reason) = &armed.reason {
            response.set_status(armed.status, reason.clone());
        }
        for name in &ECHOED {
            response.headers_mut().append_from(state.message.headers(), name);
        }
        response
    }

    /// A 2xx to OPTIONS says where and what we are (RFC 3261 11.2).
    fn complete_options(&self, response: &mut Response) {
        if self.method != Method::Options || !response.status().is_success() {
            return;
        }
        let headers = response.headers_mut();
        if !headers.contains(&HeaderName::Contact) {
            let uri = self.context.ports.identity.contact_uri(&self.flow);
            headers.append(HeaderName::Contact, format!("<{uri}>"));
        }
        if !headers.contains(&HeaderName::Allow) {
            headers.append(HeaderName::Allow, ALLOW);
        }
    }
}

fn apply_edits(response: &mut Response, edits: &[ReplyEdit]) {
    for edit in edits {
        match edit {
            ReplyEdit::Set(name, value) => response.headers_mut().set(name.clone(), value.clone()),
            ReplyEdit::Append(name, value) => response.headers_mut().append(name.clone(), value.clone()),
            ReplyEdit::ToTag(tag) => set_to_tag(response, tag),
            ReplyEdit::Body(body, content_type) => {
                response.set_body(body.clone(), Some(&content_type.to_string_lossy()));
            }
        }
    }
}

fn set_to_tag(response: &mut Response, tag: &Token) {
    if let Ok(mut to) = response.headers().to() {
        to.set_tag(tag.as_str());
        response.headers_mut().set(HeaderName::To, HeaderValue::from(&to));
    }
}
