//! `timer`: one-shot timers of a script. The repeating ones are handlers: see
//! [`HandlerKind::Every`](crate::HandlerKind::Every).

use std::time::Duration;

use crate::context::{Context, Interface};
use crate::error::ApiError;
use crate::event::Callback;

/// Calls back once after `delay_ms` milliseconds, with the key. The same key replaces the timer that has it, also from
/// inside its own callback.
pub fn set(context: &Context, key: &str, delay_ms: f64, callback: Callback) -> Result<(), ApiError> {
    context.check_granted(Interface::Timer)?;
    let delay = Duration::try_from_secs_f64(delay_ms / 1000.0)
        .map_err(|_| ApiError::Value(format!("not a delay in milliseconds: {delay_ms}")))?;
    let timers = &context.ports.timers;
    if timers.set(context.tenant, context.generation, key, delay, callback) {
        Ok(())
    } else {
        Err(ApiError::Runtime("no more timers can be set".to_owned()))
    }
}

/// Forgets a timer; false when there is none.
pub fn cancel(context: &Context, key: &str) -> Result<bool, ApiError> {
    context.check_granted(Interface::Timer)?;
    Ok(context.ports.timers.cancel(context.tenant, key))
}

/// How many timers are waiting.
pub fn active_count(context: &Context) -> Result<usize, ApiError> {
    context.check_granted(Interface::Timer)?;
    Ok(context.ports.timers.active_count(context.tenant))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::BackgroundEvent;
    use crate::kit::Kit;

    #[test]
    fn a_timer_is_called_back_with_its_key() {
        let kit = Kit::new();
        set(&kit.context(), "k", 1500.0, Callback(Arc::new("callback"))).unwrap();
        assert_eq!(kit.timers.delay("k"), Some(Duration::from_millis(1500)));
        let Some(BackgroundEvent::Timer { key, callback }) = kit.timers.fire("k") else { panic!("no timer") };
        assert_eq!((key.as_str(), callback.downcast::<&str>()), ("k", Some(&"callback")));
        assert_eq!(active_count(&kit.context()), Ok(0));
    }

    #[test]
    fn the_same_key_replaces_and_cancel_forgets() {
        let kit = Kit::new();
        let context = kit.context();
        set(&context, "k", 1.0, Callback(Arc::new(()))).unwrap();
        set(&context, "k", 2.0, Callback(Arc::new(()))).unwrap();
        assert_eq!(active_count(&context), Ok(1));
        assert_eq!(cancel(&context, "k"), Ok(true));
        assert_eq!(cancel(&context, "k"), Ok(false));
    }

    #[test]
    fn a_delay_that_is_none_is_a_value_error() {
        let context = Kit::new().context();
        for delay in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(set(&context, "k", delay, Callback(Arc::new(()))), Err(ApiError::Value(_))));
        }
    }
}
