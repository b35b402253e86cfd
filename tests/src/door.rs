//! A door that handlers wait before: the test sees who has come and lets them in one by one. No handler has to poll, and the
//! server needs no further message for it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use crate::wait::until;

/// What a script needs to wait: `wait_at_the_door()` in a sync handler, `await wait_at_the_async_door()` in an async one.
/// The door's port is in the environment: see [`Door::environment`].
pub const SCRIPT: &str = r#"
import asyncio
import os
import socket


def wait_at_the_door():
    with socket.create_connection(("127.0.0.1", int(os.environ["DOOR"]))) as door:
        door.recv(1)


async def wait_at_the_async_door():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ["DOOR"]))
    await reader.read()
    writer.close()
"#;

/// A door.
pub struct Door(TcpListener);

/// A handler that waits before the door. It goes on when this is dropped.
pub struct Waiting(#[allow(dead_code)] TcpStream);

impl Door {
    /// A closed door.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    /// The value of the server's variable `DOOR`.
    #[must_use]
    pub fn environment(&self) -> String {
        self.0.local_addr().unwrap().port().to_string()
    }

    /// The next handler that has come.
    #[must_use]
    pub fn next(&self) -> Waiting {
        until("a handler before the door", || self.look())
    }

    /// The next handler that has come, if there is one.
    #[must_use]
    pub fn look(&self) -> Option<Waiting> {
        match self.0.accept() {
            Ok((stream, _)) => Some(Waiting(stream)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }
}
