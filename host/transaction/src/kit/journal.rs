//! What left and what was told, with the time of each. It records; it judges nothing.

use siphon_sip::{Limits, Message, Time, parse_message};

use super::millis;
use crate::{Event, Output};

/// Lines with the millisecond in which they were written.
#[derive(Debug, Default)]
pub struct Journal(Vec<(u64, String)>);

impl Journal {
    /// Adds a line.
    pub fn write(&mut self, now: Time, line: String) {
        self.0.push((millis(now), line));
    }

    /// All lines.
    #[must_use]
    pub fn lines(&self) -> Vec<(u64, &str)> {
        self.0.iter().map(|(at, line)| (*at, line.as_str())).collect()
    }

    /// Forgets all lines.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// A message by its method or its status code; `?` when it is none.
#[must_use]
pub fn label(bytes: &bytes::Bytes) -> String {
    match parse_message(bytes.clone(), &Limits::default()) {
        Ok(Message::Request(request)) => request.method().to_string(),
        Ok(Message::Response(response)) => response.status().as_u16().to_string(),
        Err(_) => "?".to_owned(),
    }
}

/// What an output does, in a word or three: `INVITE` for a send, `told 180`, `told timeout`, `ended` for events.
pub(super) fn describe(output: &Output) -> String {
    match output {
        Output::Send { bytes, .. } => label(bytes),
        Output::Event(event) => match event {
            Event::Response { response, .. } => format!("told {}", response.status().as_u16()),
            Event::Timeout { .. } | Event::ServerTimeout { .. } => "told timeout".to_owned(),
            Event::TransportFailed { .. } | Event::ServerTransportFailed { .. } => "told failure".to_owned(),
            Event::ClientTerminated { .. } | Event::ServerTerminated { .. } => "ended".to_owned(),
        },
    }
}
