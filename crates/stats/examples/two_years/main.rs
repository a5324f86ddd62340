//! Two years of a site that does not exist, as the storage of figures would hold them: lines of batches, one batch a day,
//! on standard output. The same arguments give the same lines. What the site is like stands in `site.rs`, which tests read too.
//!
//! Usage: `two_years [LAST_DAY] [--days N] [--views N] [--decisions N]`

mod site;

use postern_stats::Day;
use site::Site;
use std::error::Error;
use std::io::{BufWriter, Write};

fn main() -> Result<(), Box<dyn Error>> {
    let mut site = Site::new()?;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().ok_or("a number is missing");
        match word.as_str() {
            "--days" => site.days = number()?.parse()?,
            "--views" => site.views = number()?.parse()?,
            "--decisions" => site.decisions = number()?.parse()?,
            day => site.last = Day::parse(day)?,
        }
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    for batch in site.batches() {
        out.write_all(batch.write().as_bytes())?;
    }
    out.flush()?;
    Ok(())
}
