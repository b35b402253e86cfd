//! `log`: lines of a script in the server's log, with tenant, generation and call. Levels and formats are the server's.

use crate::context::{Context, Interface};
use crate::error::ApiError;

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `log.debug`.
    Debug,
    /// `log.info`.
    Info,
    /// `log.warn` and `log.warning`.
    Warn,
    /// `log.error`.
    Error,
}

/// Writes a line with the target `siphon::script`.
pub fn log(context: &Context, level: Level, message: &str) -> Result<(), ApiError> {
    context.check_granted(Interface::Log)?;
    let Context { tenant, generation, call_id, .. } = context;
    macro_rules! line {
        ($level:ident) => {
            tracing::event!(
                target: "siphon::script",
                tracing::Level::$level,
                tenant = %tenant,
                generation,
                call_id = %call_id,
                "{message}"
            )
        };
    }
    match level {
        Level::Debug => line!(DEBUG),
        Level::Info => line!(INFO),
        Level::Warn => line!(WARN),
        Level::Error => line!(ERROR),
    }
    Ok(())
}
