//! The script of the simulator, with the verbs that every script has. What it does with a request is in the session's
//! plan; what SIP does with that is the core's.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use siphon_core::kit::{Script, failure_callback, reply_callback};
use siphon_script::registrar::{self, SaveOptions};
use siphon_script::request::{ForkOptions, RelayOptions, Target as ForkTo};
use siphon_script::{ApiError, Generation, Reply, Request};

use super::network::LISTENERS;
use super::plan::{Decision, OnFailure, OnReply, Plan, Purpose, Target};

type Handled = Result<(), ApiError>;

/// What the script remembers: the sessions whose spare target was tried.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<HashSet<u32>>>);

/// The generation of that number. Every other one has handlers for replies and CANCELs too.
pub(super) fn load(seed: u64, number: u64, memory: &Memory) -> Arc<Generation> {
    let memory = memory.clone();
    let plain = Script::new()
        .on_request("", move |request| on_request(seed, request))
        .on_failure(move |request, reply| on_failure(seed, &memory, request, reply));
    if number.is_multiple_of(2) {
        return plain.load(number);
    }
    plain
        .on_reply(move |request, reply| on_reply(seed, request, reply))
        .on_register_reply(|_, reply| reply.relay())
        .on_cancel(|_| Ok(()))
        .load(number)
}

/// The number in a Call-ID.
pub(super) fn session_of(call_id: &str) -> Option<u32> {
    call_id.strip_prefix('c')?.strip_suffix("@sim")?.parse().ok()
}

fn plan_of(seed: u64, request: &Request) -> Result<Plan, ApiError> {
    let call_id = request.call_id().unwrap_or_default();
    session_of(&call_id).map(|number| Plan::of(seed, number)).ok_or_else(|| raise("a foreign Call-ID"))
}

fn raise(why: &str) -> ApiError {
    ApiError::Value(why.to_owned())
}

fn on_request(seed: u64, request: &Arc<Request>) -> Handled {
    let plan = plan_of(seed, request)?;
    if request.in_dialog() {
        return in_dialog(&plan, request);
    }
    if plan.purpose == Purpose::Register {
        return registrar::save(request, &SaveOptions::default()).map(|_| ());
    }
    if plan.routing.record_route {
        request.record_route()?;
    }
    let sockets: Vec<String> = LISTENERS.iter().map(|listener| format!("udp:{listener}")).collect();
    let other = sockets.get(1 - plan.caller.listener).filter(|_| plan.routing.other_listener);
    let send_socket = other.map(String::as_str);
    let fork = |targets: &[ForkTo], sequential| request.fork(targets, ForkOptions { sequential, send_socket });
    match plan.routing.decision {
        Decision::RelayToNextHop => {
            let uri = plan.targets[0].uri();
            request.relay(RelayOptions { next_hop: Some(&uri), send_socket, ..callbacks(&plan) })
        }
        Decision::RelayToUri => {
            request.set_ruri(&plan.targets[0].uri())?;
            request.relay(RelayOptions { send_socket, ..callbacks(&plan) })
        }
        Decision::ForkParallel => fork(&to_all(&plan.targets), false),
        Decision::ForkSequential => fork(&to_all(&plan.targets), true),
        Decision::Lookup(phone) => {
            let contacts = registrar::lookup(request.context(), &format!("sip:phone{phone}@example.com"))?;
            if contacts.is_empty() {
                return request.reply(404, "Not Found", false);
            }
            let targets: Vec<ForkTo> = contacts.into_iter().map(|contact| ForkTo::Contact(Box::new(contact))).collect();
            fork(&targets, false)
        }
        Decision::Reply(status) => request.reply(i64::from(status), "By Script", false),
        Decision::Announce => {
            request.set_reply_header("Contact", &format!("<sip:{}>", LISTENERS[plan.caller.listener]))?;
            request.reply(200, "Announcement", false)
        }
        Decision::RingOnly => request.reply(180, "Ringing", false),
        Decision::RingReliably => request.reply(183, "Session Progress", true),
        Decision::Raise => Err(raise("as planned")),
        Decision::Drop => Ok(()),
    }
}

/// The script of an announcement is the user agent of its dialog.
fn in_dialog(plan: &Plan, request: &Arc<Request>) -> Handled {
    if plan.purpose == Purpose::Call && plan.routing.decision == Decision::Announce {
        return request.reply(200, "OK", false);
    }
    request.loose_route()?;
    request.relay(RelayOptions::default())
}

fn to_all(targets: &[Target]) -> Vec<ForkTo> {
    targets.iter().map(|target| ForkTo::Uri(target.uri())).collect()
}

fn callbacks(plan: &Plan) -> RelayOptions<'static> {
    if !plan.routing.callbacks {
        return RelayOptions::default();
    }
    RelayOptions {
        on_reply: Some(reply_callback(|_, reply| reply.relay())),
        on_failure: Some(failure_callback(|_, _, _| Ok(()))),
        ..RelayOptions::default()
    }
}

fn on_reply(seed: u64, request: &Arc<Request>, reply: &Arc<Reply>) -> Handled {
    let plan = plan_of(seed, request)?;
    if request.in_dialog() {
        return reply.relay();
    }
    let class = reply.status_code() / 100;
    match plan.routing.on_reply {
        OnReply::SuppressProvisional if class == 1 => Ok(()),
        OnReply::SuppressSuccess if class == 2 => Ok(()),
        OnReply::SuppressFailure if class > 2 => Ok(()),
        OnReply::RejectProvisional if class == 1 => reply.reject(480, None).map(|_| ()),
        OnReply::Raise => Err(raise("as planned")),
        _ => reply.relay(),
    }
}

fn on_failure(seed: u64, memory: &Memory, request: &Arc<Request>, reply: &Arc<Reply>) -> Handled {
    let plan = plan_of(seed, request)?;
    if request.in_dialog() {
        return reply.relay();
    }
    let is_first = || {
        let number = session_of(&request.call_id().unwrap_or_default());
        number.is_some_and(|number| memory.0.lock().unwrap().insert(number))
    };
    match plan.routing.on_failure {
        OnFailure::Retarget if is_first() => {
            request.set_ruri(&plan.spare.uri())?;
            request.relay(RelayOptions::default())
        }
        OnFailure::Fork if is_first() => request.fork(&[ForkTo::Uri(plan.spare.uri())], ForkOptions::default()),
        OnFailure::Reply => request.reply(480, "By Script", false),
        OnFailure::Raise => Err(raise("as planned")),
        OnFailure::Ignore => Ok(()),
        OnFailure::Forward | OnFailure::Retarget | OnFailure::Fork => reply.relay(),
    }
}
