//! Several answers at a time. The library's own way sorts them by a heap where they are many, which is several kB of code.

use futures_util::future::maybe_done;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// What each gives, in their order, once all have.
pub async fn together<T>(each: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = each.map(|one| Box::pin(maybe_done(one))).collect();
    poll_fn(|context| {
        let open = waiting.iter_mut().filter_map(|one| one.as_mut().poll(context).is_pending().then_some(()));
        if open.count() == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.iter_mut().filter_map(|one| Pin::as_mut(one).take_output()).collect()
}
