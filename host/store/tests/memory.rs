//! What a binding costs, counted at the allocator.
#![allow(unsafe_code)] // A global allocator that counts cannot be written without it.
#![allow(missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use siphon_script::Aor;
use siphon_script::ports::{Binding, BindingStore, Registration};
use siphon_sip::{Flow, ListenerId, TenantId, Time, TransportProtocol};
use siphon_store::MemoryBindings;

/// Counts the bytes that are allocated, as the system's allocator rounds them.
struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

/// glibc adds a word and gives multiples of 16, 32 at least.
const fn rounded(size: usize) -> usize {
    let with_header = (size + 8).next_multiple_of(16);
    if with_header < 32 { 32 } else { with_header }
}

// Every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(rounded(layout.size()), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(rounded(layout.size()), Ordering::Relaxed);
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a telephone behind a NAT registers over UDP.
fn typical(number: usize) -> Binding {
    let flow = Flow {
        transport: TransportProtocol::Udp,
        listener: ListenerId(0),
        local: SocketAddr::from(([203, 0, 113, 10], 5060)),
        remote: SocketAddr::from(([198, 51, 100, 23], 41234)),
        connection: None,
    };
    Binding {
        uri: format!("sip:user{number:06}@192.168.178.23:5060;transport=udp").into_bytes().into(),
        call_id: format!("3848276298220188{number:06}@192.168.178.23").into_bytes().into(),
        cseq: 2,
        q: None,
        expires_at: Time::ZERO + Duration::from_secs(3600),
        refreshed_at: Time::ZERO,
        instance: Some(format!("<urn:uuid:00000000-0000-1000-8000-00000a{number:06}>").into()),
        reg_id: None,
        params: [].into(),
        path: [].into(),
        received: Some("sip:198.51.100.23:41234;transport=udp".into()),
        flow: Some(flow),
        flow_token: None,
    }
}

#[test]
fn a_typical_binding_takes_less_than_700_bytes() {
    const AORS: usize = 50_000;
    let before = ALLOCATED.load(Ordering::Relaxed);
    let table = MemoryBindings::new([1, 2], AORS);
    for number in 0..AORS {
        let aor = Aor::parse(&format!("sip:user{number:06}@example.com")).unwrap();
        let registration = Registration { bindings: vec![typical(number)], profile: None };
        table.update(TenantId::DEFAULT, &aor, &mut |_| Some(registration.clone())).unwrap();
    }
    let each = (ALLOCATED.load(Ordering::Relaxed) - before) / AORS;
    println!("{each} bytes a binding with its address, its places in the tables and what the allocator adds");
    assert_eq!(table.len(), AORS);
    assert!(each < 700, "{each} bytes");
}
