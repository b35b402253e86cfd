//! Route, Record-Route and Path as scripts handle them (RFC 3261 16.4 and 16.12, RFC 3327). Where a request goes is the
//! core's business.

use siphon_sip::{ByteStr, HeaderName, NameAddr, SipUri, Uri};

use super::{Request, State};
use crate::context::Context;
use crate::error::ApiError;
use crate::uri;

impl Request {
    /// Asks for a Record-Route on whatever this request is sent on as: every branch, and retargets too. The order
    /// relative to `relay` and `fork` does not matter.
    pub fn record_route(&self) -> Result<(), ApiError> {
        self.edit(|state| {
            state.record_route = true;
            Ok(())
        })
    }

    /// Whether the script asked for a Record-Route.
    #[must_use]
    pub fn is_record_routed(&self) -> bool {
        self.read(|state| state.record_route)
    }

    /// Takes our own entries off the top of Route. True without any Route, and after taking at least one off; false
    /// when the top Route is not ours or not a loose one, and then nothing changes. `relay` is the right next step in
    /// both cases.
    pub fn loose_route(&self) -> Result<bool, ApiError> {
        self.edit(|state| {
            let Some(top) = state.message.headers().first_value_bytes(&HeaderName::Route) else { return Ok(true) };
            let mut own = own_route(&self.context, top);
            let is_ours = own.is_some();
            while let Some((text, route)) = own.take() {
                consume(&self.context, state, text, &route);
                let next = state.message.headers().first_value_bytes(&HeaderName::Route);
                own = next.and_then(|next| own_route(&self.context, next));
            }
            Ok(is_ours)
        })
    }

    /// Puts `<uri;lr>` before the other Path values, as one line.
    pub fn add_path(&self, uri: &str) -> Result<(), ApiError> {
        self.prepend_loose(HeaderName::Path, uri)
    }

    /// Puts `<uri;lr>` before the other Route values, as one line.
    pub fn prepend_route(&self, uri: &str) -> Result<(), ApiError> {
        self.prepend_loose(HeaderName::Route, uri)
    }

    fn prepend_loose(&self, name: HeaderName, given: &str) -> Result<(), ApiError> {
        let Uri::Sip(mut uri) = uri::parse(given)? else { return Err(ApiError::InvalidUri(given.to_owned())) };
        if !uri.is_loose() {
            uri.params.set_flag("lr");
        }
        self.edit(|state| {
            let headers = state.message.headers_mut();
            let mut line = Vec::with_capacity(128);
            NameAddr::new(uri.to_byte_str()).write(&mut line);
            for value in headers.values(&name) {
                line.extend_from_slice(b", ");
                line.extend_from_slice(value);
            }
            headers.set(name, line);
            Ok(())
        })
    }
}

/// The URI of a Route value, as text and read, when it is a loose one of ours.
fn own_route(context: &Context, value: ByteStr) -> Option<(ByteStr, SipUri)> {
    let address = NameAddr::parse(value).ok()?;
    let Ok(Uri::Sip(uri)) = address.uri() else { return None };
    (uri.is_loose() && context.ports.identity.is_local_uri(context.tenant, &uri)).then_some((address.uri, uri))
}

fn consume(context: &Context, state: &mut State, text: ByteStr, route: &SipUri) {
    state.message.headers_mut().pop_first_value(&HeaderName::Route);
    if state.route_flow.is_none() {
        let from_tag = state.message.headers().from_tag();
        let token = context.ports.identity.open_route(context.tenant, route, from_tag.as_deref());
        state.route_flow = token.map(|token| token.flow);
    }
    state.consumed_routes.push(text);
}
