//! The allocator: a free list of a few hundred bytes of code, in place of the default's nine thousand.
//! It is slower; the gate allocates some dozen times per click.

use lol_alloc::{AssumeSingleThreaded, FreeListAllocator};

#[global_allocator]
// SAFETY: a page's module runs on one thread; it is never shared with a worker.
#[allow(unsafe_code)]
static MEMORY: AssumeSingleThreaded<FreeListAllocator> =
    unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) };
