//! `cargo xtask size`: what a visitor pays, against the budgets.

use crate::dev::node_script;
use crate::{build, root};

/// Builds, then prints each shipped file raw, gzip and brotli beside its budget.
///
/// # Errors
/// A failed build, or a budget that is not met.
pub fn size() -> Result<(), String> {
    let tools = build::build()?;
    node_script("sizes", tools.node().arg(root().join("xtask/size.mjs")))
}
