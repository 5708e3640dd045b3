//! Virtual routers for lvrm in Rust: a safe face of `vrs/include/lvrm_vr.h`.
//!
//! lvrm starts a VR as a process and shares memory with it: frames come in batches, stay where they
//! are, and go back with an output port or with a reason why they are dropped.
//!
//! ```no_run
//! use lvrm_vr::{Event, Reason, Vr, Wants};
//!
//! let mut vr = Vr::attach().unwrap_or_else(|error| {
//!     eprintln!("my-vr: {error}");
//!     std::process::exit(4)
//! });
//! while vr.alive() {
//!     while let Some(event) = vr.next_event() {
//!         match event {
//!             Event::Synchronised => vr.ready(Wants::NOTHING),
//!             Event::Stop => return,
//!             _ => {}
//!         }
//!     }
//!     let batch = vr.receive();
//!     if batch.is_empty() {
//!         vr.wait(1000);
//!     }
//!     for mut frame in batch {
//!         match frame.bytes_mut().get(12..14) {
//!             Some([0x08, 0x00]) => frame.forward(0),
//!             _ => frame.discard(Reason::NOT_IP),
//!         }
//!     }
//! }
//! ```
//!
//! A [`Frame`] is owned: it goes back exactly once, at the latest when it is dropped
//! ([`Reason::OTHER`]), and can't be used after that. Frames and [`Vr`] stay on the thread that
//! attached. `docs/writing-a-vr.md` tells what lvrm expects of a VR.
#![warn(missing_docs)]

mod event;
mod frame;
mod link;
#[rustfmt::skip]
#[allow(clippy::all)]
mod sys;
mod vr;

pub use event::{Address, Event, Link, Neighbour, NextHop, Prefix, Route, RouteKind};
pub use frame::{Batch, Frame, NoRoom, Reason};
pub use vr::{AttachError, PortSet, SendError, Vr, Wants};

/// A port's number: an interface of the gateway's, or an interface and a VLAN tag.
pub type Port = u8;

/// How many bytes are free before a frame when it comes, for headers of a VR's own.
pub const HEADROOM_BYTES: usize = sys::LVRM_HEADROOM_BYTES;
/// Longest payload of an event to siblings.
pub const MAX_EVENT_BYTES: usize = sys::LVRM_MAX_EVENT_BYTES;
