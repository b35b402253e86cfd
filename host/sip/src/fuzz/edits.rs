//! Edits of the header index against a model that is a list of names and values. No parsing of values.

use bytes::Bytes;

use crate::grammar::ListElements;
use crate::{HeaderName, Headers, Limits, Message, parse_message};

/// Something of everything: folding, compact forms, lists in one line and in several, an unknown name, an empty value.
const MESSAGE: &[u8] =
    b"OPTIONS sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b\r\nVia : SIP/2.0/TCP c\r\n\
    Subject: one\r\n two\r\nX-Unknown: a, b\r\nRoute: <sip:a;lr>, \"a, b\" <sip:c,d>\r\nx-UNKNOWN:\r\nk: x\r\n\
    Supported: y,,z\r\nContent-Length: 2\r\n\r\nhi";

type Model = Vec<(HeaderName, Vec<u8>)>;

/// Runs the edits that `input` spells, each of three bytes, and compares with the model after each.
pub fn headers(input: &[u8]) {
    let Ok(Message::Request(mut request)) = parse_message(Bytes::from_static(MESSAGE), &Limits::default()) else {
        return;
    };
    let mut model = read(request.headers());
    for edit in input.chunks_exact(3).take(32) {
        let &[verb, name, value] = edit else { return };
        apply(request.headers_mut(), &mut model, verb, &name_of(name), value);
        assert_eq!(read(request.headers()), model, "{}", edit.escape_ascii());
    }
    let printed = request.to_bytes();
    let again = parse_message(printed.clone(), &Limits::default());
    assert!(again.is_ok(), "{}", printed.escape_ascii());
    if let Ok(again) = again {
        assert_eq!(read(again.headers()), model, "{}", printed.escape_ascii());
    }
}

fn read(headers: &Headers) -> Model {
    headers
        .iter()
        .filter(|header| header.name != HeaderName::ContentLength)
        .map(|header| (header.name, header.value.to_vec()))
        .collect()
}

fn name_of(number: u8) -> HeaderName {
    let names = [&b"Via"[..], b"s", b"X-Unknown", b"Route", b"Supported", b"X-Other", b"From"];
    let text = names.get(usize::from(number) % names.len()).copied().unwrap_or_default();
    HeaderName::parse(text).unwrap_or(HeaderName::Via)
}

fn apply(headers: &mut Headers, model: &mut Model, verb: u8, name: &HeaderName, value: u8) {
    let text = value_of(value);
    let first = model.iter().position(|(other, _)| other == name);
    match verb % 7 {
        0 => {
            headers.set(name.clone(), text.clone());
            let rest: Model = model.iter().filter(|(other, _)| other != name).cloned().collect();
            let at = first.unwrap_or(rest.len());
            *model = rest;
            model.insert(at, (name.clone(), text));
        }
        1 => {
            headers.append(name.clone(), text.clone());
            let last = model.iter().rposition(|(other, _)| other == name);
            insert_before_length(model, last.map(|at| at + 1), (name.clone(), text));
        }
        2 => {
            headers.prepend(name.clone(), text.clone());
            model.insert(first.unwrap_or(0), (name.clone(), text));
        }
        3 => {
            let removed = headers.remove(name);
            let before = model.len();
            model.retain(|(other, _)| other != name);
            assert_eq!(removed, before - model.len());
        }
        4 => {
            let popped = headers.pop_first_value(name);
            let expected = pop(model, name);
            assert_eq!(popped.as_deref(), expected.as_deref());
        }
        5 => {
            headers.replace_first_value(name, text.clone());
            replace(model, name, text);
        }
        _ => {
            headers.retain_values(name, |element| element.len() % 2 == usize::from(value % 2));
            retain(model, name, usize::from(value % 2));
        }
    }
}

/// Content-Length is at the end of the message and not in the model; what is appended stands behind both.
fn insert_before_length(model: &mut Model, at: Option<usize>, line: (HeaderName, Vec<u8>)) {
    model.insert(at.unwrap_or(model.len()), line);
}

fn value_of(value: u8) -> Vec<u8> {
    let values = [&b"one"[..], b"a, b", b"\"x, y\" <sip:a,b>, c", b"<sip:z;lr>", b"0"];
    values.get(usize::from(value) % values.len()).copied().unwrap_or_default().to_vec()
}

fn elements(name: &HeaderName, value: &[u8]) -> Vec<Vec<u8>> {
    if name.is_list() {
        ListElements::new(value).map(<[u8]>::to_vec).collect()
    } else {
        Some(value).filter(|value| !value.is_empty()).map(<[u8]>::to_vec).into_iter().collect()
    }
}

fn pop(model: &mut Model, name: &HeaderName) -> Option<Vec<u8>> {
    let at = model.iter().position(|(other, _)| other == name)?;
    let (_, value) = model.get_mut(at)?;
    if !name.is_list() {
        return Some(model.remove(at).1);
    }
    let (first, rest) = split_first(value);
    match rest {
        Some(rest) => *value = rest,
        None => drop(model.remove(at)),
    }
    first
}

fn split_first(value: &[u8]) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let mut list = ListElements::new(value);
    let first = list.next().map(<[u8]>::to_vec);
    let rest = crate::grammar::trim(list.rest()).to_vec();
    let has_rest = ListElements::new(&rest).next().is_some();
    (first, has_rest.then_some(rest))
}

fn replace(model: &mut Model, name: &HeaderName, text: Vec<u8>) {
    let Some((_, value)) = model.iter_mut().find(|(other, _)| other == name) else {
        model.push((name.clone(), text));
        return;
    };
    let rest = if name.is_list() { split_first(value).1 } else { None };
    *value = match rest {
        Some(rest) => [&text[..], b", ", &rest[..]].concat(),
        None => text,
    };
}

fn retain(model: &mut Model, name: &HeaderName, parity: usize) {
    model.retain_mut(|(other, value)| {
        if other != name {
            return true;
        }
        let all = elements(name, value);
        let kept: Vec<Vec<u8>> = all.iter().filter(|element| element.len() % 2 == parity).cloned().collect();
        if kept.len() == all.len() {
            return true;
        }
        *value = kept.join(&b", "[..]);
        !kept.is_empty()
    });
}
