//! The process's one link to lvrm, and the frames that are on their way back.
use std::cell::{Cell, UnsafeCell};

use crate::sys;

pub(crate) const BATCH: usize = 64;

/// Lives as long as the process: frames refer to it. Not `Sync`, so what refers to it stays on the
/// thread that attached.
pub(crate) struct Link {
    pub(crate) raw: *mut sys::lvrm_vr,
    pub(crate) arena: *mut u8,
    pub(crate) slot_bytes: usize,
    out: UnsafeCell<[u64; BATCH]>,
    out_count: Cell<usize>,
}

impl Link {
    /// # Safety
    /// `raw` is what `lvrm_vr_attach_as` returned, for the first time.
    pub(crate) unsafe fn new(raw: *mut sys::lvrm_vr) -> Link {
        Link {
            raw,
            arena: (*raw).arena,
            slot_bytes: (*raw).slot_bytes as usize,
            out: UnsafeCell::new([0; BATCH]),
            out_count: Cell::new(0),
        }
    }

    /// A link without lvrm, over `arena`: what is given back stays in the batch.
    #[cfg(test)]
    pub(crate) fn over(arena: &'static mut [u8], slot_bytes: usize) -> Link {
        Link {
            raw: std::ptr::null_mut(),
            arena: arena.as_mut_ptr(),
            slot_bytes,
            out: UnsafeCell::new([0; BATCH]),
            out_count: Cell::new(0),
        }
    }

    /// What was given back and not yet sent.
    #[cfg(test)]
    pub(crate) fn given(&self) -> Vec<u64> {
        // SAFETY: no reference to it lives on anywhere.
        let out = unsafe { &*self.out.get() };
        out[..self.out_count.get()].to_vec()
    }

    /// Takes a frame's word back; it leaves with the batch.
    #[inline]
    pub(crate) fn give(&self, word: u64) {
        let count = self.out_count.get();
        // SAFETY: one thread, and no reference to the array outlives a function of this file;
        // `count` is below BATCH, as `flush` empties a full one.
        unsafe { (*self.out.get())[count] = word };
        self.out_count.set(count + 1);
        if count + 1 == BATCH {
            self.flush();
        }
    }

    /// Sends what was given back.
    #[inline]
    pub(crate) fn flush(&self) {
        let count = self.out_count.replace(0);
        if count > 0 {
            // SAFETY: the link is attached, and the words are those of frames we held.
            unsafe { sys::lvrm_vr_send(self.raw, (*self.out.get()).as_ptr(), count) };
        }
    }
}
