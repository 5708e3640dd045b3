//! The link to lvrm.
use std::ffi::CStr;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::event::{self, Event};
use crate::frame::{Batch, Frame};
use crate::link::Link;
use crate::sys::{self, lvrm_event_header, lvrm_neighbour_request};
use crate::Port;

/// Why a VR can't attach: one line, with what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachError(String);

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AttachError {}

/// Why an event was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The queue is full, ours or the receiver's: try later.
    QueueFull,
    /// The payload is longer than [`crate::MAX_EVENT_BYTES`].
    TooLong,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::QueueFull => "the control queue is full",
            SendError::TooLong => "the payload is too long for an event",
        })
    }
}

impl std::error::Error for SendError {}

/// Frames that a VR wants beyond those that are addressed to the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants(u32);

impl Wants {
    /// Nothing more.
    pub const NOTHING: Wants = Wants(0);
    /// A copy of ARP and neighbour discovery.
    pub const NEIGHBOUR_FRAMES: Wants = Wants(sys::LVRM_WANTS_NEIGHBOUR_FRAMES);
    /// Other hosts' unicast frames.
    pub const PROMISCUOUS: Wants = Wants(sys::LVRM_WANTS_PROMISCUOUS);

    /// Requests of `lvrm handlers`: [`Event::Other`], as `lvrm_vr.h` tells.
    pub const HANDLER_REQUESTS: Wants = Wants(sys::LVRM_WANTS_HANDLER_REQUESTS);

    /// Both.
    pub const fn and(self, other: Wants) -> Wants {
        Wants(self.0 | other.0)
    }
}

/// Some ports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortSet([u64; 4]);

impl PortSet {
    /// No port.
    pub const fn new() -> PortSet {
        PortSet([0; 4])
    }

    /// One more.
    pub fn insert(&mut self, port: Port) {
        self.0[usize::from(port) / 64] |= 1 << (port % 64);
    }
}

impl FromIterator<Port> for PortSet {
    fn from_iter<T: IntoIterator<Item = Port>>(ports: T) -> PortSet {
        let mut set = PortSet::new();
        ports.into_iter().for_each(|port| set.insert(port));
        set
    }
}

/// A VRI's link to lvrm. There is one for each process; it stays on the thread that attached.
pub struct Vr {
    link: &'static Link,
    payload: Box<[u8; sys::LVRM_MAX_EVENT_BYTES]>,
}

impl Vr {
    /// Attaches to the lvrm that started this process.
    pub fn attach() -> Result<Vr, AttachError> {
        use std::sync::atomic::{AtomicBool, Ordering};
        static ATTACHED: AtomicBool = AtomicBool::new(false);
        if ATTACHED.swap(true, Ordering::SeqCst) {
            return Err(AttachError("this process has attached already".into()));
        }
        // SAFETY: called once. The text is static.
        let raw = unsafe { sys::lvrm_vr_attach_as(sys::LVRM_ABI_HASH) };
        if raw.is_null() {
            let text = unsafe { CStr::from_ptr(sys::lvrm_vr_error()) };
            return Err(AttachError(text.to_string_lossy().into_owned()));
        }
        // SAFETY: just attached.
        let link = Box::leak(Box::new(unsafe { Link::new(raw) }));
        Ok(Vr { link, payload: Box::new([0; sys::LVRM_MAX_EVENT_BYTES]) })
    }

    /// Says that this VRI can take frames; call it after [`Event::Synchronised`]. What it wants is
    /// wanted of all ports.
    pub fn ready(&mut self, wants: Wants) {
        // SAFETY: the link is attached, as everywhere below.
        unsafe { sys::lvrm_vr_ready(self.link.raw, wants.0, std::ptr::null()) }
    }

    /// The same, with wants about some ports only.
    pub fn ready_for(&mut self, wants: Wants, ports: PortSet) {
        unsafe { sys::lvrm_vr_ready(self.link.raw, wants.0, ports.0.as_ptr()) }
    }

    /// False once lvrm is gone: end then.
    #[inline]
    pub fn alive(&self) -> bool {
        unsafe { sys::lvrm_vr_alive(self.link.raw) }
    }

    /// The next frames, up to 64; serve events first. Sends what was given back before.
    #[inline]
    pub fn receive(&mut self) -> Batch {
        self.link.flush();
        Batch::fill(self.link, |words| unsafe {
            sys::lvrm_vr_receive(self.link.raw, words.as_mut_ptr(), words.len())
        })
    }

    /// Sends what was given back. `receive`, `next_event` and `wait` do so too.
    pub fn flush(&mut self) {
        self.link.flush();
    }

    /// A frame of the VR's own making, of length 0 and with the usual headroom. There may be none.
    /// One that isn't needed is best kept for later.
    pub fn originate(&mut self) -> Option<Frame> {
        let mut word = 0;
        let taken = unsafe { sys::lvrm_vr_take_empty(self.link.raw, &mut word, 1) };
        (taken == 1).then(|| Frame::new(word, self.link))
    }

    /// The next control event.
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        self.link.flush();
        let mut header = lvrm_event_header { bytes: 0, kind: 0, source: 0 };
        let payload = self.payload.as_mut_ptr();
        if !unsafe { sys::lvrm_vr_receive_event(self.link.raw, &mut header, payload) } {
            return None;
        }
        let bytes = usize::from(header.bytes).min(self.payload.len());
        Some(event::parse(&header, &self.payload[..bytes]))
    }

    /// Asks for a next hop's MAC; it comes as [`Event::Neighbour`]. Limit how often you ask.
    pub fn need_neighbour(&mut self, port: Port, address: IpAddr) -> Result<(), SendError> {
        self.ask(sys::LVRM_EVENT_NEED_NEIGHBOUR, port, address)
    }

    /// Says that a stale neighbour is in use, so that the kernel looks whether it is still there.
    pub fn renew_neighbour(&mut self, port: Port, address: IpAddr) -> Result<(), SendError> {
        self.ask(sys::LVRM_EVENT_RENEW_NEIGHBOUR, port, address)
    }

    fn ask(&mut self, kind: u16, port: Port, address: IpAddr) -> Result<(), SendError> {
        let mut bytes = [0; 16];
        let family = match address {
            IpAddr::V4(it) => {
                bytes[..4].copy_from_slice(&it.octets());
                4
            }
            IpAddr::V6(it) => {
                bytes = it.octets();
                6
            }
        };
        let request = lvrm_neighbour_request { port, family, reserved: [0; 6], address: bytes };
        let size = std::mem::size_of_val(&request);
        let start = (&request as *const lvrm_neighbour_request).cast();
        // SAFETY: `request` lives during the call, and has no padding.
        sent(unsafe { sys::lvrm_vr_send_event(self.link.raw, kind, start, size) })
    }

    /// This VRI was busy for so much more time: for a VR whose frames take time that its thread
    /// doesn't spend. From the first call on this goes instead of lvrm's own account.
    pub fn add_busy(&mut self, time: Duration) {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        unsafe { sys::lvrm_vr_add_busy(self.link.raw, ns) }
    }

    /// This VRI's number: what siblings know it by.
    pub fn number(&self) -> u32 {
        unsafe { sys::lvrm_vr_number(self.link.raw) }
    }

    /// Says something to all other VRIs of this VR.
    pub fn tell_siblings(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_event(sys::LVRM_EVENT_SIBLINGS, payload)
    }

    /// Sends an event of a kind that this crate has no function for; `lvrm_vr.h` tells which a VR
    /// may send. Others quarantine the VRI.
    pub fn send_event(&mut self, kind: u16, payload: &[u8]) -> Result<(), SendError> {
        let bytes = payload.len();
        sent(unsafe { sys::lvrm_vr_send_event(self.link.raw, kind, payload.as_ptr(), bytes) })
    }

    /// Says something to one sibling, by the number that its events come from. It is lost when
    /// that VRI is gone.
    pub fn tell_sibling(&mut self, number: u32, payload: &[u8]) -> Result<(), SendError> {
        let bytes = payload.len();
        sent(unsafe { sys::lvrm_vr_send_sibling(self.link.raw, number, payload.as_ptr(), bytes) })
    }

    /// Waits for frames or events, at most `timeout_ms`. Call it when there was nothing to do; it
    /// may return early.
    pub fn wait(&mut self, timeout_ms: u32) {
        self.link.flush();
        unsafe { sys::lvrm_vr_wait(self.link.raw, timeout_ms) }
    }
}

impl Drop for Vr {
    fn drop(&mut self) {
        self.link.flush();
    }
}

fn sent(code: i32) -> Result<(), SendError> {
    match code {
        0 => Ok(()),
        EAGAIN => Err(SendError::QueueFull),
        _ => Err(SendError::TooLong),
    }
}

const EAGAIN: i32 = -11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_of_lvrm_it_says_how_to_start_it() {
        std::env::remove_var("LVRM_LINK");
        let error = Vr::attach().err().unwrap().to_string();
        assert!(error.contains("a VR is started by lvrm"), "{error}");
        assert!(Vr::attach().is_err());
    }

    #[test]
    fn declarations_and_library_belong_together() {
        assert_eq!(unsafe { sys::lvrm_vr_abi_hash() }, sys::LVRM_ABI_HASH);
    }

    #[test]
    fn ports_in_a_set() {
        let set: PortSet = [0, 63, 64, 254].into_iter().collect();
        assert_eq!(set, PortSet([1 | 1 << 63, 1, 0, 1 << 62]));
    }
}
