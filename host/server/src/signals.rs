//! What the operator tells the process by signals. Handlers run on a thread of their own, not in the signal.

use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// What a signal means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// SIGHUP: load the script again.
    Reload,
    /// SIGTERM or SIGINT: take no new calls, end when the others have. Once more: end now.
    Stop,
}

/// Calls `obey` for each signal, on a thread of its own, until the process ends.
///
/// # Errors
/// When the signals cannot be caught.
pub fn listen(mut obey: impl FnMut(Order) + Send + 'static) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::Builder::new().name("siphon-signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            obey(if signal == SIGHUP { Order::Reload } else { Order::Stop });
        }
    })?;
    Ok(())
}
