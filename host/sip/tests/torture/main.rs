//! The torture messages of RFC 4475 and RFC 5118, one row a message: whether it parses, what an element does with it by the
//! RFC's text, and for the valid ones what was read. The files beside the tables are the RFCs' own archives byte by byte;
//! RFC 5118's archive has bare line feeds and counts its bodies by them, so that here the line ends are CRLF, the three
//! Content-Lengths of messages with a body are right, and two messages have the blank line that the archive forgot.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test is all that this is"
)]

mod rfc4475;
mod rfc5118;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use siphon_sip::verdict::{validate_request, validate_response};
use siphon_sip::{Limits, Message, Request, Response, parse_message, salvage_request};

/// What an element does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It parses, and the stack goes on with it.
    Accepted,
    /// It parses, and the request is answered with this status.
    Refused(u16),
    /// It does not parse; the request is answered with this status.
    Malformed(u16),
    /// It parses, and is dropped without an answer.
    Dropped,
    /// It does not parse and is dropped without an answer.
    Garbage,
}

/// One message of an RFC.
struct Row {
    /// The name that the RFC gives it, which is the file's.
    name: &'static str,
    /// The RFC's section.
    section: &'static str,
    verdict: Verdict,
    /// Why, in a few words; where the RFC leaves a choice, which one it is.
    why: &'static str,
    /// What must have been read.
    facts: fn(&Message),
}

/// For messages of which nothing is said but the verdict.
fn nothing(_: &Message) {}

fn folder(family: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture").join(family)
}

fn request(message: &Message) -> &Request {
    message.as_request().expect("a request")
}

fn response(message: &Message) -> &Response {
    message.as_response().expect("a response")
}

/// What the crate makes of a datagram.
fn verdict_on(datagram: Bytes) -> (Verdict, Option<Message>) {
    let message = match parse_message(datagram.clone(), &Limits::default()) {
        Ok(message) => message,
        Err(error) => {
            let status = error.status().filter(|_| salvage_request(datagram, &Limits::default()).is_some());
            return (status.map_or(Verdict::Garbage, |status| Verdict::Malformed(status.as_u16())), None);
        }
    };
    let verdict = match &message {
        Message::Request(request) => match validate_request(request) {
            Ok(()) => Verdict::Accepted,
            Err(rejection) => Verdict::Refused(rejection.status.as_u16()),
        },
        Message::Response(response) => match validate_response(response) {
            Ok(()) => Verdict::Accepted,
            Err(_) => Verdict::Dropped,
        },
    };
    (verdict, Some(message))
}

fn check(family: &str, row: &Row) -> Result<(), String> {
    let Row { name, section, why, .. } = row;
    let path = folder(family).join(format!("{name}.dat"));
    let datagram = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (verdict, message) = verdict_on(datagram.into());
    if verdict != row.verdict {
        return Err(format!("{name} ({section}): {verdict:?}, expected {:?}: {why}", row.verdict));
    }
    let Some(message) = message else { return Ok(()) };
    catch_unwind(AssertUnwindSafe(|| (row.facts)(&message))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        format!("{name} ({section}): {}", text.unwrap_or_default())
    })
}

fn check_all(family: &str, rows: &[Row]) {
    let failures: Vec<String> = rows.iter().filter_map(|row| check(family, row).err()).collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

fn check_names(family: &str, rows: &[Row]) {
    let files: BTreeSet<String> =
        fs::read_dir(folder(family)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let named: BTreeSet<String> = rows.iter().map(|row| format!("{}.dat", row.name)).collect();
    assert_eq!(files, named);
    assert_eq!(named.len(), rows.len(), "a message has two rows");
}

#[test]
fn every_message_of_rfc_4475_is_treated_as_the_rfc_says() {
    check_all("rfc4475", rfc4475::ROWS);
}

#[test]
fn every_file_of_rfc_4475_has_a_row_and_every_row_a_file() {
    check_names("rfc4475", rfc4475::ROWS);
}

/// The archive has that message without the blank line behind its headers, which is an error of its own.
#[test]
fn a_comma_in_a_display_name_without_quotes_is_refused_also_when_the_message_is_whole() {
    let mut datagram = fs::read(folder("rfc4475").join("baddn.dat")).unwrap();
    datagram.extend(b"\r\n");
    assert_eq!(verdict_on(datagram.into()).0, Verdict::Refused(400));
}

#[test]
fn every_message_of_rfc_5118_is_treated_as_the_rfc_says() {
    check_all("rfc5118", rfc5118::ROWS);
}

#[test]
fn every_file_of_rfc_5118_has_a_row_and_every_row_a_file() {
    check_names("rfc5118", rfc5118::ROWS);
}
