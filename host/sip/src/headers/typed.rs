//! The typed view of the headers: parsed when asked for, nothing kept. The types themselves live in `header/`.

use crate::grammar;
use crate::header::{
    AddressParts, AuthScheme, CSeq, Contacts, Event, MediaType, NameAddr, RAck, Reason, Replaces, RetryAfter,
    SessionExpires, SubscriptionState, Via, ViaRef, parse_delta_seconds, parse_min_se,
};
use crate::{ByteStr, HeaderError, HeaderName};

use super::Headers;

impl Headers {
    /// The top Via.
    pub fn via(&self) -> Result<Via, HeaderError> {
        self.first_value_bytes(&HeaderName::Via).ok_or(HeaderError::Missing("Via")).and_then(Via::parse)
    }

    /// The top Via, borrowed: for what is asked of every message.
    pub fn top_via(&self) -> Result<ViaRef<'_>, HeaderError> {
        self.first_value(&HeaderName::Via).ok_or(HeaderError::Missing("Via")).and_then(ViaRef::parse)
    }

    /// All Via values, the top one first.
    pub fn vias(&self) -> impl Iterator<Item = Result<Via, HeaderError>> + '_ {
        self.values_bytes(&HeaderName::Via).map(Via::parse)
    }

    /// From.
    pub fn from(&self) -> Result<NameAddr, HeaderError> {
        self.address(&HeaderName::From, "From")
    }

    /// To.
    pub fn to(&self) -> Result<NameAddr, HeaderError> {
        self.address(&HeaderName::To, "To")
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<CSeq, HeaderError> {
        self.first_bytes(&HeaderName::CSeq).ok_or(HeaderError::Missing("CSeq")).and_then(CSeq::parse)
    }

    /// Call-ID; `None` too when it is empty.
    #[must_use]
    pub fn call_id(&self) -> Option<ByteStr> {
        self.first_bytes(&HeaderName::CallId).filter(|id| !id.is_empty())
    }

    /// The tag of From.
    #[must_use]
    pub fn from_tag(&self) -> Option<ByteStr> {
        self.tag(&HeaderName::From)
    }

    /// The tag of To.
    #[must_use]
    pub fn to_tag(&self) -> Option<ByteStr> {
        self.tag(&HeaderName::To)
    }

    /// Max-Forwards, when there is one: an error when it is no number of 32 bits.
    #[must_use]
    pub fn max_forwards(&self) -> Option<Result<u32, HeaderError>> {
        self.first(&HeaderName::MaxForwards)
            .map(|value| grammar::parse_u32(value).ok_or(HeaderError::Malformed("Max-Forwards", "not a number")))
    }

    /// All Contact values.
    pub fn contacts(&self) -> Result<Contacts, HeaderError> {
        Contacts::parse(self.values_bytes(&HeaderName::Contact))
    }

    /// The Route values, the next hop first.
    pub fn routes(&self) -> impl Iterator<Item = Result<NameAddr, HeaderError>> + '_ {
        self.addresses(&HeaderName::Route)
    }

    /// The Record-Route values, the last hop that added one first.
    pub fn record_routes(&self) -> impl Iterator<Item = Result<NameAddr, HeaderError>> + '_ {
        self.addresses(&HeaderName::RecordRoute)
    }

    /// The Path values (RFC 3327), the last hop that added one first.
    pub fn paths(&self) -> impl Iterator<Item = Result<NameAddr, HeaderError>> + '_ {
        self.addresses(&HeaderName::Path)
    }

    /// The Service-Route values (RFC 3608).
    pub fn service_routes(&self) -> impl Iterator<Item = Result<NameAddr, HeaderError>> + '_ {
        self.addresses(&HeaderName::ServiceRoute)
    }

    /// All values of a header whose values are addresses.
    pub fn addresses(&self, name: &HeaderName) -> impl Iterator<Item = Result<NameAddr, HeaderError>> + use<'_> {
        self.values_bytes(name).map(NameAddr::parse)
    }

    /// Expires in seconds: `None` without one or when it is no number; a number that is too large is the largest.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.first(&HeaderName::Expires).and_then(parse_delta_seconds)
    }

    /// Session-Expires, when there is one.
    #[must_use]
    pub fn session_expires(&self) -> Option<Result<SessionExpires, HeaderError>> {
        self.first_bytes(&HeaderName::SessionExpires).map(SessionExpires::parse)
    }

    /// Min-SE in seconds, when there is one.
    #[must_use]
    pub fn min_se(&self) -> Option<Result<u32, HeaderError>> {
        self.first_bytes(&HeaderName::MinSe).map(parse_min_se)
    }

    /// Event, when there is one.
    #[must_use]
    pub fn event(&self) -> Option<Result<Event, HeaderError>> {
        self.first_bytes(&HeaderName::Event).map(Event::parse)
    }

    /// Subscription-State, when there is one.
    #[must_use]
    pub fn subscription_state(&self) -> Option<Result<SubscriptionState, HeaderError>> {
        self.first_bytes(&HeaderName::SubscriptionState).map(SubscriptionState::parse)
    }

    /// RAck, when there is one.
    #[must_use]
    pub fn rack(&self) -> Option<Result<RAck, HeaderError>> {
        self.first_bytes(&HeaderName::RAck).map(RAck::parse)
    }

    /// RSeq, when there is one: an error when it is no number of 32 bits.
    #[must_use]
    pub fn rseq(&self) -> Option<Result<u32, HeaderError>> {
        self.first(&HeaderName::RSeq)
            .map(|value| grammar::parse_u32(value).ok_or(HeaderError::Malformed("RSeq", "not a number")))
    }

    /// Replaces, when there is one.
    #[must_use]
    pub fn replaces(&self) -> Option<Result<Replaces, HeaderError>> {
        self.first_bytes(&HeaderName::Replaces).map(Replaces::parse)
    }

    /// Refer-To, when there is one.
    #[must_use]
    pub fn refer_to(&self) -> Option<Result<NameAddr, HeaderError>> {
        self.first_bytes(&HeaderName::ReferTo).map(NameAddr::parse)
    }

    /// Retry-After, when there is one.
    #[must_use]
    pub fn retry_after(&self) -> Option<Result<RetryAfter, HeaderError>> {
        self.first_bytes(&HeaderName::RetryAfter).map(RetryAfter::parse)
    }

    /// The Reason values.
    pub fn reasons(&self) -> impl Iterator<Item = Result<Reason, HeaderError>> + '_ {
        self.values_bytes(&HeaderName::Reason).map(Reason::parse)
    }

    /// Content-Type, when there is one.
    #[must_use]
    pub fn content_type(&self) -> Option<Result<MediaType, HeaderError>> {
        self.first_bytes(&HeaderName::ContentType).map(MediaType::parse)
    }

    /// The challenges or credentials of that header, one a line.
    pub fn authentications(
        &self,
        name: &HeaderName,
    ) -> impl Iterator<Item = Result<AuthScheme, HeaderError>> + use<'_> {
        self.all_bytes(name).map(AuthScheme::parse)
    }

    /// Content-Length as it was received or set; the printer makes its own.
    #[must_use]
    pub fn content_length(&self) -> Option<usize> {
        self.first(&HeaderName::ContentLength).and_then(grammar::parse_u64).and_then(|length| length.try_into().ok())
    }

    /// Whether a header of option tags (Require, Supported, Proxy-Require, ...) lists `tag`, in any case.
    #[must_use]
    pub fn has_option_tag(&self, name: &HeaderName, tag: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(tag.as_bytes()))
    }

    fn tag(&self, name: &HeaderName) -> Option<ByteStr> {
        let line = self.find(name)?;
        let tag = AddressParts::tag(self.value(line)).ok()??;
        Some(self.slice_of(line, tag))
    }

    fn address(&self, name: &HeaderName, text: &'static str) -> Result<NameAddr, HeaderError> {
        let value = self.first_bytes(name).ok_or(HeaderError::Missing(text))?;
        NameAddr::parse(value).map_err(|error| match error {
            HeaderError::Malformed(_, why) => HeaderError::Malformed(text, why),
            missing @ HeaderError::Missing(_) => missing,
        })
    }
}
