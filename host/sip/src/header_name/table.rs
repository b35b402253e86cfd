//! The header names that this crate knows by number, and the look-up. No header's syntax beyond "list or not".

use crate::token::Token;

/// How often a header may occur, and whether a comma separates its values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Values separated by commas, in one line or in several.
    List,
    /// Once.
    Single,
    /// Several lines, but commas are part of the value.
    Lines,
}

struct Known {
    text: &'static str,
    /// The compact form in lower case; 0 when there is none.
    compact: u8,
    form: Form,
}

/// A name as a number: what the index of a message stores.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct NameCode(u8);

macro_rules! header_names {
    ($($variant:ident $text:literal $compact:literal $form:ident;)+) => {
        /// The name of a header field. Equality ignores case and folds compact forms.
        #[derive(Clone, Debug)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $text, "`.")] $variant,)+
            /// Any other name. [`HeaderName::parse`] never makes one of these for a known name.
            Other(Token),
        }

        #[repr(u8)]
        enum Number { $($variant,)+ }

        const KNOWN: &[Known] = &[$(Known { text: $text, compact: $compact, form: Form::$form },)+];

        impl HeaderName {
            pub(crate) const fn code(&self) -> NameCode {
                match self {
                    $(Self::$variant => NameCode(Number::$variant as u8),)+
                    Self::Other(_) => NameCode::OTHER,
                }
            }
        }

        impl NameCode {
            /// The name of a known header.
            pub(crate) const fn name(self) -> Option<HeaderName> {
                $(if self.0 == Number::$variant as u8 { return Some(HeaderName::$variant); })+
                None
            }
        }
    };
}

header_names! {
    Accept "Accept" 0 List;
    AcceptContact "Accept-Contact" b'a' List;
    AcceptEncoding "Accept-Encoding" 0 List;
    AcceptLanguage "Accept-Language" 0 List;
    AcceptResourcePriority "Accept-Resource-Priority" 0 List;
    AlertInfo "Alert-Info" 0 List;
    Allow "Allow" 0 List;
    AllowEvents "Allow-Events" b'u' List;
    AuthenticationInfo "Authentication-Info" 0 Single;
    Authorization "Authorization" 0 Lines;
    CallId "Call-ID" b'i' Single;
    CallInfo "Call-Info" 0 List;
    Contact "Contact" b'm' List;
    ContentDisposition "Content-Disposition" 0 Single;
    ContentEncoding "Content-Encoding" b'e' List;
    ContentId "Content-ID" 0 Single;
    ContentLanguage "Content-Language" 0 List;
    ContentLength "Content-Length" b'l' Single;
    ContentType "Content-Type" b'c' Single;
    CSeq "CSeq" 0 Single;
    Date "Date" 0 Single;
    Diversion "Diversion" 0 List;
    ErrorInfo "Error-Info" 0 List;
    Event "Event" b'o' Single;
    Expires "Expires" 0 Single;
    FeatureCaps "Feature-Caps" 0 List;
    FlowTimer "Flow-Timer" 0 Single;
    From "From" b'f' Single;
    Geolocation "Geolocation" 0 List;
    GeolocationRouting "Geolocation-Routing" 0 Single;
    HistoryInfo "History-Info" 0 List;
    Identity "Identity" b'y' List;
    InfoPackage "Info-Package" 0 Single;
    InReplyTo "In-Reply-To" 0 List;
    Join "Join" 0 Single;
    MaxBreadth "Max-Breadth" 0 Single;
    MaxForwards "Max-Forwards" 0 Single;
    MimeVersion "MIME-Version" 0 Single;
    MinExpires "Min-Expires" 0 Single;
    MinSe "Min-SE" 0 Single;
    Organization "Organization" 0 Single;
    PAccessNetworkInfo "P-Access-Network-Info" 0 List;
    PAssertedIdentity "P-Asserted-Identity" 0 List;
    PAssociatedUri "P-Associated-URI" 0 List;
    PCalledPartyId "P-Called-Party-ID" 0 Single;
    PChargingFunctionAddresses "P-Charging-Function-Addresses" 0 Single;
    PChargingVector "P-Charging-Vector" 0 Single;
    PEarlyMedia "P-Early-Media" 0 List;
    PPreferredIdentity "P-Preferred-Identity" 0 List;
    PPreferredService "P-Preferred-Service" 0 List;
    PServedUser "P-Served-User" 0 Single;
    PVisitedNetworkId "P-Visited-Network-ID" 0 List;
    Path "Path" 0 List;
    Priority "Priority" 0 Single;
    Privacy "Privacy" 0 Lines;
    ProxyAuthenticate "Proxy-Authenticate" 0 Lines;
    ProxyAuthenticationInfo "Proxy-Authentication-Info" 0 Single;
    ProxyAuthorization "Proxy-Authorization" 0 Lines;
    ProxyRequire "Proxy-Require" 0 List;
    RAck "RAck" 0 Single;
    Reason "Reason" 0 List;
    RecordRoute "Record-Route" 0 List;
    RecvInfo "Recv-Info" 0 List;
    ReferSub "Refer-Sub" 0 Single;
    ReferTo "Refer-To" b'r' Single;
    ReferredBy "Referred-By" b'b' Single;
    RejectContact "Reject-Contact" b'j' List;
    RemotePartyId "Remote-Party-ID" 0 List;
    Replaces "Replaces" 0 Single;
    ReplyTo "Reply-To" 0 Single;
    RequestDisposition "Request-Disposition" b'd' List;
    Require "Require" 0 List;
    ResourcePriority "Resource-Priority" 0 List;
    RetryAfter "Retry-After" 0 Single;
    Route "Route" 0 List;
    RSeq "RSeq" 0 Single;
    SecurityClient "Security-Client" 0 List;
    SecurityServer "Security-Server" 0 List;
    SecurityVerify "Security-Verify" 0 List;
    Server "Server" 0 Single;
    ServiceRoute "Service-Route" 0 List;
    SessionExpires "Session-Expires" b'x' Single;
    SessionId "Session-ID" 0 Single;
    SipEtag "SIP-ETag" 0 Single;
    SipIfMatch "SIP-If-Match" 0 Single;
    Subject "Subject" b's' Single;
    SubscriptionState "Subscription-State" 0 Single;
    Supported "Supported" b'k' List;
    SuppressIfMatch "Suppress-If-Match" 0 Single;
    TargetDialog "Target-Dialog" 0 Single;
    Timestamp "Timestamp" 0 Single;
    To "To" b't' Single;
    Unsupported "Unsupported" 0 List;
    UserAgent "User-Agent" 0 Single;
    UserToUser "User-to-User" 0 Lines;
    Via "Via" b'v' List;
    Warning "Warning" 0 List;
    WwwAuthenticate "WWW-Authenticate" 0 Lines;
}

/// Names are bits of a `u128` where they are counted.
const _: () = assert!(KNOWN.len() <= 128);

/// Slots of the hash table; well above twice the number of names.
const SLOTS: usize = 512;

/// Marks a slot without a name.
const EMPTY: u8 = u8::MAX;

static NAMES: [u8; SLOTS] = hash_table();

static COMPACT: [u8; 26] = compact_table();

/// Cheap and spread well enough over the known names: the length and three letters whose case bit is masked.
const fn slot(length: usize, first: u8, middle: u8, last: u8) -> usize {
    let [first, middle, last] = [(first | 0x20) as usize, (middle | 0x20) as usize, (last | 0x20) as usize];
    (length.wrapping_mul(67) ^ first.wrapping_mul(5) ^ middle.wrapping_mul(39) ^ last.wrapping_mul(151)) % SLOTS
}

// Evaluated by the compiler, which checks each index.
#[allow(clippy::indexing_slicing)]
const fn hash_table() -> [u8; SLOTS] {
    let mut table = [EMPTY; SLOTS];
    let mut number = 0;
    while number < KNOWN.len() {
        let text = KNOWN[number].text.as_bytes();
        let mut at = slot(text.len(), text[0], text[text.len() / 2], text[text.len() - 1]);
        while table[at] != EMPTY {
            at = (at + 1) % SLOTS;
        }
        table[at] = number as u8;
        number += 1;
    }
    table
}

// Evaluated by the compiler, which checks each index.
#[allow(clippy::indexing_slicing)]
const fn compact_table() -> [u8; 26] {
    let mut table = [EMPTY; 26];
    let mut number = 0;
    while number < KNOWN.len() {
        let letter = KNOWN[number].compact;
        if letter != 0 {
            table[(letter - b'a') as usize] = number as u8;
        }
        number += 1;
    }
    table
}

impl NameCode {
    /// No known name.
    pub(crate) const OTHER: Self = Self(EMPTY);

    /// A bit for each known name; none for the others.
    #[inline]
    pub(crate) const fn bit(self) -> u128 {
        if self.0 == EMPTY { 0 } else { 1 << self.0 }
    }

    pub(crate) const CONTENT_LENGTH: Self = NameCode(Number::ContentLength as u8);

    /// The number of the name that `text` spells.
    #[inline]
    pub(crate) fn lookup(text: &[u8]) -> Self {
        match text {
            [] => Self::OTHER,
            [letter] => {
                let place = usize::from((letter | 0x20).wrapping_sub(b'a'));
                let is_letter = letter.is_ascii_alphabetic();
                COMPACT.get(place).filter(|_| is_letter).map_or(Self::OTHER, |number| Self(*number))
            }
            [first, .., last] => Self::lookup_long(text, *first, *last),
        }
    }

    #[inline]
    fn lookup_long(text: &[u8], first: u8, last: u8) -> Self {
        let middle = text.get(text.len() / 2).copied().unwrap_or_default();
        let mut at = slot(text.len(), first, middle, last);
        while let Some(&number) = NAMES.get(at) {
            let Some(known) = KNOWN.get(usize::from(number)) else { break };
            let name = known.text.as_bytes();
            if name == text || name.eq_ignore_ascii_case(text) {
                return Self(number);
            }
            at = (at + 1) % SLOTS;
        }
        Self::OTHER
    }

    /// Whether a response begins with the request's lines of that name (RFC 3261 8.2.6.2).
    pub(crate) fn is_copied_into_responses(self) -> bool {
        const COPIED: [NameCode; 5] = [
            NameCode(Number::Via as u8),
            NameCode(Number::From as u8),
            NameCode(Number::To as u8),
            NameCode(Number::CallId as u8),
            NameCode(Number::CSeq as u8),
        ];
        COPIED.contains(&self)
    }

    fn known(self) -> Option<&'static Known> {
        KNOWN.get(usize::from(self.0))
    }

    /// The canonical spelling of a known name.
    pub(crate) fn text(self) -> &'static str {
        self.known().map_or("", |known| known.text)
    }

    pub(crate) fn is_list(self) -> bool {
        self.known().is_some_and(|known| known.form == Form::List)
    }

    pub(crate) fn is_single(self) -> bool {
        self.known().is_some_and(|known| known.form == Form::Single)
    }
}
