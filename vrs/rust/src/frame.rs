//! Frames: owned, in place, given back exactly once.
use std::fmt;
use std::mem;

use crate::link::{Link, BATCH};
use crate::sys::*;
use crate::Port;

/// Why a frame is dropped; `lvrm status` shows how many of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(u16);

macro_rules! reasons {
    ($($name:ident = $value:ident, $about:literal;)*) => {
        impl Reason {
            $(#[doc = $about] pub const $name: Reason = Reason($value);)*
        }
    };
}

reasons! {
    BAD_HEADER = LVRM_DROP_BAD_HEADER, "Malformed.";
    BAD_CHECKSUM = LVRM_DROP_BAD_CHECKSUM, "The header's checksum is wrong.";
    TTL_EXPIRED = LVRM_DROP_TTL_EXPIRED, "No hop is left to it.";
    NO_ROUTE = LVRM_DROP_NO_ROUTE, "No route leads there.";
    BLACKHOLE = LVRM_DROP_BLACKHOLE, "A route says so.";
    UNREACHABLE_ROUTE = LVRM_DROP_UNREACHABLE_ROUTE, "A route says so.";
    PROHIBITED = LVRM_DROP_PROHIBITED, "A route says so.";
    TOO_BIG = LVRM_DROP_TOO_BIG, "Longer than the link takes.";
    NO_NEIGHBOUR = LVRM_DROP_NO_NEIGHBOUR, "The next hop's MAC is not known.";
    NEIGHBOUR_QUEUE_FULL = LVRM_DROP_NEIGHBOUR_QUEUE_FULL, "Too many wait for the next hop's MAC.";
    BAD_SOURCE = LVRM_DROP_BAD_SOURCE, "No source may be called so.";
    BAD_DESTINATION = LVRM_DROP_BAD_DESTINATION, "No destination may be called so.";
    REVERSE_PATH = LVRM_DROP_REVERSE_PATH, "Its source is not reached by where it came from.";
    SOURCE_ROUTE = LVRM_DROP_SOURCE_ROUTE, "It asks for a way of its own.";
    LINK_DOWN = LVRM_DROP_LINK_DOWN, "The output port is down.";
    NO_OUTPUT_PORT = LVRM_DROP_NO_OUTPUT_PORT, "The way leads out of no port.";
    NO_EMPTY_SLOT = LVRM_DROP_NO_EMPTY_SLOT, "There was no room for what it needs.";
    NOT_IP = LVRM_DROP_NOT_IP, "Of a protocol that this VR doesn't route.";
    POLICY = LVRM_DROP_POLICY, "A rule of the VR's own.";
    OTHER = LVRM_DROP_OTHER, "Anything else.";
}

/// The frame can't grow so far: there is no more room on that side, or (before the frame) the
/// number of bytes is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no room for it in the frame's slot")
    }
}

impl std::error::Error for NoRoom {}

/// An Ethernet frame in shared memory, without VLAN tag and frame check sequence. Dropping it gives
/// it back with [`Reason::OTHER`].
pub struct Frame {
    word: u64,
    link: &'static Link,
}

const fn field(word: u64, shift: u32, mask: u64) -> usize {
    (word >> shift & mask) as usize
}

impl Frame {
    pub(crate) fn new(word: u64, link: &'static Link) -> Frame {
        Frame { word, link }
    }

    /// Where it came in. Of no meaning for a frame of the VR's own making.
    #[inline]
    pub fn input_port(&self) -> Port {
        field(self.word, LVRM_INPUT_PORT_SHIFT, LVRM_INPUT_PORT_MASK) as Port
    }

    /// Bytes from the Ethernet header on.
    #[inline]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        field(self.word, LVRM_LENGTH_SHIFT, LVRM_LENGTH_MASK)
    }

    /// Free bytes before it.
    #[inline]
    pub fn headroom(&self) -> usize {
        2 * field(self.word, LVRM_OFFSET_SHIFT, LVRM_OFFSET_MASK)
    }

    /// Free bytes behind it.
    #[inline]
    pub fn tailroom(&self) -> usize {
        let used = self.headroom() + self.len();
        let most = LVRM_MAX_FRAME_BYTES - self.len();
        self.link.slot_bytes.saturating_sub(used).min(most)
    }

    fn start(&self) -> *mut u8 {
        let slot = field(self.word, LVRM_SLOT_SHIFT, LVRM_SLOT_MASK);
        // SAFETY: lvrm's words name slots of the arena.
        unsafe { self.link.arena.add(slot * self.link.slot_bytes + self.headroom()) }
    }

    /// Its bytes, from the Ethernet header on.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the slot is ours until the frame is given back, which takes `self`.
        unsafe { std::slice::from_raw_parts(self.start(), self.len()) }
    }

    /// Its bytes, from the Ethernet header on, to be changed in place.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `&mut self` is the only way to it.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.len()) }
    }

    /// Makes it longer at its front, by an even number of bytes; they hold anything.
    pub fn grow_front(&mut self, bytes: usize) -> Result<&mut [u8], NoRoom> {
        let offset = self.headroom();
        let length = self.len() + bytes;
        if bytes % 2 != 0 || bytes > offset || length > LVRM_MAX_FRAME_BYTES {
            return Err(NoRoom);
        }
        self.place(offset - bytes, length);
        Ok(self.bytes_mut())
    }

    /// Takes an even number of bytes away from its front.
    pub fn shrink_front(&mut self, bytes: usize) -> Result<&mut [u8], NoRoom> {
        let offset = self.headroom() + bytes;
        let most = 2 * LVRM_OFFSET_MASK as usize;
        if bytes % 2 != 0 || bytes > self.len() || offset > most {
            return Err(NoRoom);
        }
        self.place(offset, self.len() - bytes);
        Ok(self.bytes_mut())
    }

    /// Changes its length at its end; new bytes hold anything.
    pub fn resize(&mut self, length: usize) -> Result<&mut [u8], NoRoom> {
        if length > self.len() + self.tailroom() {
            return Err(NoRoom);
        }
        self.place(self.headroom(), length);
        Ok(self.bytes_mut())
    }

    fn place(&mut self, offset: usize, length: usize) {
        let kept = self.word
            & !(LVRM_LENGTH_MASK << LVRM_LENGTH_SHIFT | LVRM_OFFSET_MASK << LVRM_OFFSET_SHIFT);
        self.word =
            kept | (length as u64) << LVRM_LENGTH_SHIFT | (offset as u64 / 2) << LVRM_OFFSET_SHIFT;
    }

    /// Sends it out of `port`. One that this VR may not use quarantines the VRI.
    #[inline]
    pub fn forward(self, port: Port) {
        self.give(u64::from(port), 0);
    }

    /// Drops it, for `reason`.
    #[inline]
    pub fn discard(self, reason: Reason) {
        self.give(u64::from(reason.0), 1);
    }

    #[inline]
    fn give(self, output: u64, dropped: u64) {
        self.link.give(answer(self.word, output, dropped));
        mem::forget(self);
    }
}

#[inline]
fn answer(word: u64, output: u64, dropped: u64) -> u64 {
    let kept =
        word & !(LVRM_OUTPUT_MASK << LVRM_OUTPUT_SHIFT | LVRM_DROPPED_MASK << LVRM_DROPPED_SHIFT);
    kept | output << LVRM_OUTPUT_SHIFT | dropped << LVRM_DROPPED_SHIFT
}

impl Drop for Frame {
    fn drop(&mut self) {
        let word = answer(self.word, u64::from(Reason::OTHER.0), 1);
        self.link.give(word);
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (port, bytes) = (self.input_port(), self.len());
        write!(f, "Frame {{ input_port: {port}, len: {bytes} }}")
    }
}

/// Frames that came together: an iterator. What is left of it when it is dropped is given back with
/// [`Reason::OTHER`].
pub struct Batch {
    words: [u64; BATCH],
    next: usize,
    count: usize,
    link: &'static Link,
}

impl Batch {
    /// `fill` says how many words it wrote.
    #[inline]
    pub(crate) fn fill(
        link: &'static Link,
        fill: impl FnOnce(&mut [u64; BATCH]) -> usize,
    ) -> Batch {
        let mut words = [0; BATCH];
        let count = fill(&mut words);
        Batch { words, next: 0, count, link }
    }

    /// Whether no frame is left in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.next == self.count
    }
}

impl Iterator for Batch {
    type Item = Frame;

    #[inline]
    fn next(&mut self) -> Option<Frame> {
        if self.next == self.count {
            return None;
        }
        let word = self.words[self.next];
        self.next += 1;
        Some(Frame::new(word, self.link))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Batch {}

impl Drop for Batch {
    fn drop(&mut self) {
        for frame in self.by_ref() {
            drop(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT_BYTES: usize = 2048;

    fn link() -> &'static Link {
        let arena = Box::leak(vec![0u8; 4 * SLOT_BYTES].into_boxed_slice());
        Box::leak(Box::new(Link::over(arena, SLOT_BYTES)))
    }

    fn word(slot: u64, length: u64) -> u64 {
        let offset = LVRM_HEADROOM_BYTES as u64 / 2;
        1 << LVRM_PRESENT_SHIFT
            | slot
            | length << LVRM_LENGTH_SHIFT
            | offset << LVRM_OFFSET_SHIFT
            | 7 << LVRM_INPUT_PORT_SHIFT
    }

    #[test]
    fn a_frame_goes_back_with_its_port_or_its_reason() {
        let link = link();
        Frame::new(word(1, 60), link).forward(3);
        Frame::new(word(2, 60), link).discard(Reason::NO_ROUTE);
        drop(Frame::new(word(3, 60), link));
        let given = link.given();
        assert_eq!(given[0], word(1, 60) | 3 << LVRM_OUTPUT_SHIFT);
        let dropped =
            |reason: u16| u64::from(reason) << LVRM_OUTPUT_SHIFT | 1 << LVRM_DROPPED_SHIFT;
        assert_eq!(given[1], word(2, 60) | dropped(LVRM_DROP_NO_ROUTE));
        assert_eq!(given[2], word(3, 60) | dropped(LVRM_DROP_OTHER));
    }

    #[test]
    fn it_grows_and_shrinks_within_its_slot_only() {
        let link = link();
        let mut frame = Frame::new(word(1, 60), link);
        assert_eq!((frame.input_port(), frame.len()), (7, 60));
        frame.bytes_mut().fill(9);
        let start = frame.bytes().as_ptr() as usize;
        assert_eq!(start - link.arena as usize, SLOT_BYTES + LVRM_HEADROOM_BYTES);
        assert_eq!(frame.grow_front(4).unwrap().len(), 64);
        assert_eq!(frame.bytes()[..6], [0, 0, 0, 0, 9, 9]);
        assert_eq!(frame.grow_front(3), Err(NoRoom));
        assert_eq!(frame.grow_front(64), Err(NoRoom));
        assert_eq!(frame.grow_front(62).unwrap().len(), 126);
        assert_eq!((frame.headroom(), frame.tailroom()), (0, SLOT_BYTES - 126));
        assert!(frame.resize(SLOT_BYTES + 1).is_err());
        assert_eq!(frame.resize(SLOT_BYTES).unwrap().len(), SLOT_BYTES);
        assert_eq!(frame.shrink_front(512), Err(NoRoom));
        assert_eq!(frame.shrink_front(510).unwrap().len(), SLOT_BYTES - 510);
        assert_eq!(frame.shrink_front(2), Err(NoRoom));
        frame.forward(1);
        assert_eq!(link.given().len(), 1);
    }

    #[test]
    fn what_a_batch_still_holds_goes_back_when_it_ends() {
        let link = link();
        let mut batch = Batch::fill(link, |words| {
            words[..3].copy_from_slice(&[word(1, 60), word(2, 60), word(3, 60)]);
            3
        });
        assert_eq!(batch.len(), 3);
        batch.next().unwrap().forward(0);
        drop(batch);
        let dropped = |word: u64| word >> LVRM_DROPPED_SHIFT & 1;
        let given: Vec<u64> = link.given().into_iter().map(dropped).collect();
        assert_eq!(given, [0, 1, 1]);
    }
}
