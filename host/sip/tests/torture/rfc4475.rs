//! The rows of RFC 4475.

use siphon_sip::sdp::SessionDescription;
use siphon_sip::{Contacts, HeaderName, Headers, Host, Message, Method, NameAddr, Uri, Via, unescape};

use super::Verdict::{self, Accepted, Dropped, Garbage, Malformed, Refused};
use super::{Row, nothing, request, response};

const fn row(
    section: &'static str,
    name: &'static str,
    verdict: Verdict,
    why: &'static str,
    facts: fn(&Message),
) -> Row {
    Row { name, section, verdict, why, facts }
}

pub(crate) const ROWS: &[Row] = &[
    row("3.1.1.1", "wsinv", Accepted, "folding and blanks wherever the grammar lets them be", wsinv),
    row("3.1.1.2", "intmeth", Accepted, "every character that a token, a user and a word may have", intmeth),
    row("3.1.1.3", "esc01", Accepted, "escapes in URIs and nowhere else", esc01),
    row("3.1.1.4", "escnull", Accepted, "an escaped NUL is a character of the user", escnull),
    row("3.1.1.5", "esc02", Accepted, "in a method, a name or a display name % escapes nothing", esc02),
    row("3.1.1.6", "lwsdisp", Accepted, "no blank between display name and <", lwsdisp),
    row("3.1.1.7", "longreq", Accepted, "many and long values", longreq),
    row("3.1.1.8", "dblreq", Accepted, "what follows the body in a datagram is noise", dblreq),
    row("3.1.1.9", "semiuri", Accepted, "a semicolon in the user is the user's", semiuri),
    row("3.1.1.10", "transports", Accepted, "transports that nobody knows in Vias", transports),
    row("3.1.1.11", "mpart01", Accepted, "a body with NULs in it", mpart01),
    row("3.1.1.12", "unreason", Accepted, "a reason phrase of UTF-8", unreason),
    row("3.1.1.13", "noreason", Accepted, "no reason phrase", noreason),
    row("3.1.2.1", "badinv01", Refused(400), "empty parameters and values in Via and Contact", nothing),
    row("3.1.2.2", "clerr", Malformed(400), "a datagram shorter than its Content-Length", nothing),
    row("3.1.2.3", "ncl", Malformed(400), "a negative Content-Length frames nothing", nothing),
    row("3.1.2.4", "scalar02", Refused(400), "a CSeq of more than 32 bits", nothing),
    row("3.1.2.5", "scalarlg", Dropped, "a CSeq of more than 32 bits in a response", nothing),
    row("3.1.2.6", "quotbal", Refused(400), "a quote that does not end", nothing),
    row("3.1.2.7", "ltgtruri", Refused(400), "a Request-URI in <>", nothing),
    row("3.1.2.8", "lwsruri", Refused(400), "a blank in the Request-URI", nothing),
    row(
        "3.1.2.9",
        "lwsstart",
        Refused(400),
        "two blanks in the Request-Line: both ways are allowed, we refuse",
        nothing,
    ),
    row("3.1.2.10", "trws", Refused(400), "blanks behind the Request-Line: both ways are allowed, we refuse", nothing),
    row("3.1.2.11", "escruri", Refused(400), "headers in the Request-URI", nothing),
    row("3.1.2.12", "baddate", Refused(400), "a Date that is not GMT: both ways are allowed", nothing),
    row("3.1.2.13", "regbadct", Refused(400), "a Contact with headers that is not in <>", nothing),
    row("3.1.2.14", "badaspec", Refused(400), "blanks within <>", nothing),
    row("3.1.2.15", "baddn", Malformed(400), "a comma in a display name without quotes, and no blank line", nothing),
    row("3.1.2.16", "badvers", Refused(505), "SIP/7.0", nothing),
    row("3.1.2.17", "mismatch01", Refused(400), "CSeq names another method", nothing),
    row("3.1.2.18", "mismatch02", Refused(501), "as before with an unknown method: 501 is the better answer", nothing),
    row("3.1.2.19", "bigcode", Garbage, "a status code of 4294967301", nothing),
    row("3.2.1", "badbranch", Accepted, "a branch of the cookie alone: matched as RFC 2543 would", badbranch),
    row("3.3.1", "insuf", Refused(400), "no Call-ID, From and To", nothing),
    row("3.3.2", "unkscm", Refused(416), "a scheme that nobody knows", unkscm),
    row("3.3.3", "novelsc", Refused(416), "a scheme that we never route by", novelsc),
    row("3.3.4", "unksm2", Accepted, "other schemes in To, From and Contact are the registrar's business", unksm2),
    row("3.3.5", "bext01", Accepted, "well formed; the 420 is the transaction user's", bext01),
    row("3.3.6", "invut", Accepted, "well formed; the 415 is an endpoint's", invut),
    row("3.3.7", "regaut01", Accepted, "an authorization scheme that nobody knows travels on", regaut01),
    row("3.3.8", "multi01", Refused(400), "two values where one is allowed", nothing),
    row("3.3.9", "mcl01", Malformed(400), "two Content-Lengths frame nothing", nothing),
    row("3.3.10", "bcast", Dropped, "a Via below ours that is the broadcast address", nothing),
    row("3.3.11", "zeromf", Accepted, "well formed; the 483 is a proxy's", zeromf),
    row("3.3.12", "cparam01", Accepted, "without <> a parameter is the header's", cparam01),
    row("3.3.13", "cparam02", Accepted, "within <> a parameter is the URI's", cparam02),
    row("3.3.14", "regescrt", Accepted, "headers in a Contact URI stay in it", regescrt),
    row("3.3.15", "sdp01", Accepted, "well formed; the 406 is an endpoint's", sdp01),
    row("3.4.1", "inv2543", Accepted, "RFC 2543: no branch, From tag, Content-Length and Max-Forwards", inv2543),
];

fn uri(text: &[u8]) -> Uri {
    Uri::parse(text.to_vec()).expect("a URI")
}

fn sip(text: &[u8]) -> siphon_sip::SipUri {
    match uri(text) {
        Uri::Sip(uri) => uri,
        other => panic!("not a SIP URI: {other}"),
    }
}

fn contacts(headers: &Headers) -> Vec<NameAddr> {
    match headers.contacts().expect("contacts") {
        Contacts::Star => panic!("a star"),
        Contacts::List(list) => list.into_iter().map(|contact| contact.0).collect(),
    }
}

fn vias(headers: &Headers) -> Vec<Via> {
    headers.values_bytes(&HeaderName::Via).map(|value| Via::parse(&value).expect("a Via")).collect()
}

fn other(name: &'static str) -> HeaderName {
    HeaderName::parse(name.as_bytes()).expect("a name")
}

fn sdp(message: &Message) -> SessionDescription {
    SessionDescription::parse(message.body()).expect("a session description")
}

fn wsinv(message: &Message) {
    let request = request(message);
    let headers = request.headers();
    assert_eq!(*request.method(), Method::Invite);
    assert_eq!(*request.uri(), "sip:vivekg@chair-dnrc.example.com;unknownparam");
    assert!(sip(request.uri()).params.has("unknownparam"));
    assert_eq!(headers.to_tag().unwrap(), "1918181833n");
    assert_eq!(headers.to().unwrap().uri, "sip:vivekg@chair-dnrc.example.com");
    assert_eq!(headers.from_tag().unwrap(), "98asjd8");
    let from = headers.from().unwrap();
    assert_eq!(from.display.unwrap(), r#"J Rosenberg \""#);
    assert_eq!(from.uri, "sip:jdrosen@example.com");
    assert_eq!(headers.max_forwards().unwrap().unwrap(), 68);
    let cseq = headers.cseq().unwrap();
    assert_eq!((cseq.number, cseq.method), (9, Method::Invite));
    assert_eq!(headers.call_id().unwrap(), "wsinv.ndaksdj@192.0.2.1");
    assert_eq!(headers.first(&HeaderName::Subject), Some(&b""[..]));
    let newfangled = headers.first(&other("NewFangledHeader")).unwrap();
    assert_eq!(newfangled, b"newfangled value continued newfangled value");
    let unusual = headers.first(&other("unknownheaderwithunusualvalue")).unwrap();
    assert_eq!(unusual, b";;,,;;,;");
    assert_eq!(headers.first_str(&HeaderName::ContentType), Some("application/sdp"));
    assert_eq!(request.body().len(), 150);
    assert_eq!(sdp(message).media()[1].port(), 3227);
    wsinv_routing(headers);
}

fn wsinv_routing(headers: &Headers) {
    let vias = vias(headers);
    let sent_by: Vec<String> = vias.iter().map(|via| via.host.to_string()).collect();
    assert_eq!(sent_by, ["192.0.2.2", "spindle.example.com", "192.168.255.111"]);
    let branches: Vec<String> = vias.iter().map(|via| via.branch().unwrap().to_string()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    let transports: Vec<String> = vias.iter().map(|via| via.transport.to_string()).collect();
    assert_eq!(transports, ["UDP", "TCP", "UDP"]);
    assert!(!vias[0].has_magic_cookie() && vias[1].has_magic_cookie());
    let routes: Vec<NameAddr> = headers.routes().collect::<Result<_, _>>().unwrap();
    let route = sip(&routes[0].uri);
    assert!(route.is_loose());
    assert_eq!(route.params.get("unknownwith").unwrap().unwrap(), "value");
    assert_eq!(route.params.get("unknown-no-value"), Some(None));
    let Contacts::List(contacts) = headers.contacts().unwrap() else { panic!("a star") };
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].display.as_ref().unwrap(), &r#"Quoted string """#);
    assert_eq!(contacts[0].params.get("newparam").unwrap().unwrap(), "newvalue");
    assert_eq!(contacts[0].params.get("secondparam"), Some(None));
    assert_eq!(contacts[0].params.get("q").unwrap().unwrap(), "0.33");
}

fn intmeth(message: &Message) {
    let request = request(message);
    let headers = request.headers();
    let method = "!interesting-Method0123456789_*+`.%indeed'~";
    assert_eq!(request.method().as_bytes(), method.as_bytes());
    assert!(matches!(request.method(), Method::Other(_)));
    let uri = sip(request.uri());
    assert_eq!(uri.user.unwrap(), "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    assert_eq!(uri.password.unwrap(), "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    assert_eq!(uri.host, Host::Name("example.com".into()));
    assert_eq!(headers.via().unwrap().branch().unwrap(), "z9hG4bK-.!%66*_+`'~");
    let to = headers.to().unwrap();
    assert_eq!(to.display.unwrap().as_bytes(), b"BEL:\x07 NUL:\0 DEL:\x7f");
    assert_eq!(sip(&to.uri).user.unwrap(), "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_ref().unwrap(), &"token1~` token2'+_ token3*%!.-");
    assert_eq!(from.tag().unwrap(), "_token~1'+`*%!-.");
    let parameter = from.params.get("fromParam''~+*_!.-%").unwrap().unwrap();
    assert_eq!(parameter.to_str().unwrap().trim_matches('"'), "работающий");
    assert_eq!(headers.call_id().unwrap(), r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#);
    let cseq = headers.cseq().unwrap();
    assert_eq!((cseq.number, cseq.method.as_bytes()), (139_122_385, method.as_bytes()));
    assert_eq!(headers.max_forwards().unwrap().unwrap(), 255);
    assert_eq!(headers.first_str(&other("extensionHeader-!.%*+_`'~")), Some("\u{feff}大停電"));
}

fn esc01(message: &Message) {
    let request = request(message);
    let headers = request.headers();
    let uri = sip(request.uri());
    assert_eq!(uri.user.unwrap(), "sips%3Auser%40example.com");
    assert_eq!(uri.host, Host::Name("example.net".into()));
    let to = sip(&headers.to().unwrap().uri);
    assert_eq!(*unescape(to.user.as_ref().unwrap()), *b"user");
    assert!(Uri::Sip(to).equivalent(&self::uri(b"sip:user@example.com")));
    let from = sip(&headers.from().unwrap().uri);
    assert_eq!(*unescape(from.user.as_ref().unwrap()), *b"I have spaces");
    assert_eq!(headers.from_tag().unwrap(), "938");
    let contact = sip(&contacts(headers)[0].uri);
    assert_eq!(*unescape(contact.user.as_ref().unwrap()), *b"caller");
    let parameters: Vec<(Vec<u8>, Vec<u8>)> = contact
        .params
        .iter()
        .map(|(name, value)| {
            let value = value.map(|value| unescape(value).into_owned());
            (unescape(name).into_owned(), value.unwrap_or_default())
        })
        .collect();
    assert_eq!(parameters, [(b"lr".to_vec(), b"".to_vec()), (b"name".to_vec(), b"value%41".to_vec())]);
    assert_eq!(sdp(message).media().len(), 2);
}

fn escnull(message: &Message) {
    let headers = request(message).headers();
    let to = sip(&headers.to().unwrap().uri);
    assert_eq!(to.user.as_ref().unwrap(), &"null-%00-null");
    assert_eq!(*unescape(to.user.as_ref().unwrap()), *b"null-\0-null");
    let contacts = contacts(headers);
    assert_eq!(contacts.len(), 2);
    let users: Vec<Vec<u8>> =
        contacts.iter().map(|contact| unescape(&sip(&contact.uri).user.unwrap()).into_owned()).collect();
    assert_eq!(users, [b"\0".to_vec(), b"\0\0".to_vec()]);
    assert!(!uri(&contacts[0].uri).equivalent(&uri(&contacts[1].uri)));
    assert_eq!(request(message).body().len(), 0);
}

fn esc02(message: &Message) {
    let request = request(message);
    let headers = request.headers();
    assert_ne!(*request.method(), Method::Register);
    assert_eq!(request.method().as_bytes(), b"RE%47IST%45R");
    assert_eq!(headers.to().unwrap().display.unwrap(), "%Z%45");
    assert_eq!(headers.from().unwrap().display.unwrap(), "%Z%45");
    assert_eq!(contacts(headers).len(), 2);
    assert_eq!(headers.first_str(&other("C%6Fntact")), Some("<sip:alias2@host2.example.com>"));
}

fn lwsdisp(message: &Message) {
    let from = request(message).headers().from().unwrap();
    assert_eq!(from.display.as_ref().unwrap(), &"caller");
    assert_eq!(from.uri, "sip:caller@example.com");
    assert_eq!(from.tag().unwrap(), "323");
}

fn longreq(message: &Message) {
    let headers = request(message).headers();
    let to = headers.to().unwrap();
    let display = format!("I have a user name of {} proportion", "extreme".repeat(10));
    assert_eq!(to.display.unwrap().to_str(), Some(display.as_str()));
    let to = sip(&to.uri);
    assert_eq!(to.port, Some(6000));
    assert_eq!(to.params.iter().count(), 3);
    let name = format!("longparam{}", "name".repeat(25));
    assert_eq!(to.params.get(&name).unwrap().unwrap(), "shortvalue");
    assert_eq!(headers.from_tag().unwrap().len(), 2 + 150 + 3);
    assert_eq!(headers.from().unwrap().params.iter().count(), 3);
    assert_eq!(headers.call_id().unwrap().len(), "longreq.onelongcallid".len() + 20 * 6);
    assert_eq!(headers.cseq().unwrap().number, 3_882_340);
    let vias = vias(headers);
    assert_eq!(vias.len(), 34);
    assert_eq!(headers.count_lines(&HeaderName::Via), 34);
    assert_eq!(vias[0].host.to_string(), "sip33.example.com");
    assert_eq!(vias[33].received().unwrap().to_string(), "192.0.2.5");
    assert_eq!(vias[33].branch().unwrap().len(), "verybranchvalue".len() + 50 * 4);
    let unknown =
        other("Unknown-LongLongLongLongLongLongLongLongLongLongLongLongLongLongLongLongLongLongLongLong-Name");
    assert!(headers.contains(&unknown));
    assert_eq!(contacts(headers).len(), 1);
    assert_eq!(request(message).body().len(), 150);
}

fn dblreq(message: &Message) {
    let request = request(message);
    assert_eq!(*request.method(), Method::Register);
    assert_eq!(request.body().len(), 0);
    assert!(!request.to_bytes().windows(6).any(|bytes| bytes == b"INVITE"));
    assert_eq!(contacts(request.headers())[0].uri, "sip:j.user@host.example.com");
}

fn semiuri(message: &Message) {
    let uri = sip(request(message).uri());
    assert_eq!(*unescape(uri.user.as_ref().unwrap()), *b"user;par=u@example.net");
    assert_eq!(uri.host, Host::Name("example.com".into()));
    assert_eq!(uri.params.iter().count(), 0);
    let accepted: Vec<&[u8]> = request(message).headers().values(&HeaderName::Accept).collect();
    assert_eq!(accepted.len(), 6);
    assert_eq!(accepted[5], b"message/sipfrag");
}

fn transports(message: &Message) {
    let transports: Vec<String> =
        vias(request(message).headers()).iter().map(|via| via.transport.to_string()).collect();
    assert_eq!(transports, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
}

fn mpart01(message: &Message) {
    let request = request(message);
    assert_eq!(*request.method(), Method::Message);
    assert_eq!(request.body().len(), 553);
    assert!(request.body().contains(&0));
    assert!(request.body().ends_with(b"--7a9cbec02ceef655--\r\n"));
    let via = request.headers().via().unwrap();
    assert_eq!((via.port, via.rport()), (Some(5070), Some(None)));
    let routes: Vec<NameAddr> = request.headers().routes().collect::<Result<_, _>>().unwrap();
    assert_eq!(routes[0].uri, "sip:127.0.0.1:5080");
}

fn unreason(message: &Message) {
    let response = response(message);
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.reason().to_str(), Some("= 2**3 * 5**2 но сто девяносто девять - простое"));
    assert_eq!(response.body().len(), 154);
}

fn noreason(message: &Message) {
    let response = response(message);
    assert_eq!(response.status().as_u16(), 100);
    assert_eq!(*response.reason(), "");
}

fn badbranch(message: &Message) {
    let via = request(message).headers().via().unwrap();
    assert_eq!(via.branch().unwrap(), "z9hG4bK");
    assert!(!via.has_magic_cookie(), "a cookie without an identifier identifies nothing");
}

fn unkscm(message: &Message) {
    assert!(matches!(uri(request(message).uri()), Uri::Other(_)));
    assert_eq!(*request(message).uri(), "nobodyKnowsThisScheme:totallyopaquecontent");
}

fn novelsc(message: &Message) {
    assert_eq!(*request(message).uri(), "soap.beep://192.0.2.103:3002");
}

fn unksm2(message: &Message) {
    let headers = request(message).headers();
    assert_eq!(headers.to().unwrap().uri, "isbn:2983792873");
    assert_eq!(headers.from().unwrap().uri, "http://www.example.com");
    assert_eq!(headers.from_tag().unwrap(), "3234233");
    assert_eq!(contacts(headers)[0].uri, "name:John_Smith");
}

fn bext01(message: &Message) {
    let headers = request(message).headers();
    let required: Vec<&[u8]> = headers.values(&HeaderName::Require).collect();
    assert_eq!(required, [&b"nothingSupportsThis"[..], b"nothingSupportsThisEither"]);
    let required: Vec<&[u8]> = headers.values(&HeaderName::ProxyRequire).collect();
    assert_eq!(required, [&b"noProxiesSupportThis"[..], b"norDoAnyProxiesSupportThis"]);
    assert!(headers.has_option_tag(&HeaderName::Require, "nothingSupportsThisEither"));
}

fn invut(message: &Message) {
    let request = request(message);
    assert_eq!(request.headers().first_str(&HeaderName::ContentType), Some("application/unknownformat"));
    assert_eq!(request.body().len(), 40);
}

fn regaut01(message: &Message) {
    let request = request(message);
    let authorization = "NoOneKnowsThisScheme opaque-data=here";
    assert_eq!(request.headers().first_str(&HeaderName::Authorization), Some(authorization));
    assert_eq!(request.body().len(), 0);
}

fn zeromf(message: &Message) {
    assert_eq!(request(message).headers().max_forwards().unwrap().unwrap(), 0);
}

fn cparam01(message: &Message) {
    let contact = contacts(request(message).headers()).remove(0);
    assert_eq!(contact.uri, "sip:+19725552222@gw1.example.net");
    assert_eq!(contact.params.get("unknownparam"), Some(None));
}

fn cparam02(message: &Message) {
    let contact = contacts(request(message).headers()).remove(0);
    assert_eq!(contact.uri, "sip:+19725552222@gw1.example.net;unknownparam");
    assert!(!contact.params.has("unknownparam"));
    assert!(sip(&contact.uri).params.has("unknownparam"));
}

fn regescrt(message: &Message) {
    let contact = contacts(request(message).headers()).remove(0);
    assert_eq!(sip(&contact.uri).headers.unwrap(), "Route=%3Csip:sip.example.com%3E");
    assert!(!request(message).headers().contains(&HeaderName::Route));
}

fn sdp01(message: &Message) {
    let accepted: Vec<&[u8]> = request(message).headers().values(&HeaderName::Accept).collect();
    assert_eq!(accepted, [b"text/nobodyKnowsThis"]);
    assert_eq!(sdp(message).media()[0].codecs()[0].name, Some(&b"PCMU"[..]));
}

fn inv2543(message: &Message) {
    let request = request(message);
    let headers = request.headers();
    assert_eq!(headers.via().unwrap().branch(), None);
    assert_eq!(headers.from_tag(), None);
    assert!(headers.max_forwards().is_none());
    assert_eq!(request.body().len(), 105, "the body is the rest of the datagram");
    assert_eq!(sip(&headers.from().unwrap().uri).user.unwrap(), "+13035551111");
    let to = headers.to().unwrap();
    assert_eq!(to.uri, "sip:+16505552222@ss1.example.net");
    assert_eq!(to.params.get("user").unwrap().unwrap(), "phone");
}
