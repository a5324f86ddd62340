//! What the edge says of addresses, a line each, for who compares another matcher with it
//! (`tests/journeys/differential.test.mjs`).
//!
//! Arguments: ids of catalogue vendors that a site lists, all granted by themselves. First line out: the stub's rows for
//! such a site. Then for each line in: `-` if the address passes, else what it needs, hexadecimal bits.

use postern_catalogue::{Catalogue, SiteVendor, vendor};
use postern_consent::CategorySet;
use postern_rewrite::{Grants, Verdict, stub_rows};
use std::io::{BufRead as _, Write as _};
use std::rc::Rc;
use url::Url;

const PAGE: &str = "https://shop.example/";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ids: Vec<String> = std::env::args().skip(1).collect();
    let listed = ids.iter().filter_map(|id| {
        let need = vendor(id)?.need;
        Some(SiteVendor {
            id,
            name: id,
            need,
            hosts: &[],
            paths: &[],
            cookies: &[],
            params: &[],
            storage: &[],
        })
    });
    let catalogue = Rc::new(Catalogue::of_site(listed));
    let grants = Grants::new(catalogue, CategorySet::NECESSARY)
        .with_vendors((0..ids.len()).collect(), CategorySet::ALL);
    let page = Url::parse(PAGE)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", stub_rows(&grants, &["shop.example"]))?;
    for line in std::io::stdin().lock().lines() {
        let verdict = page.join(&line?).map(|url| grants.judge(&url, "shop.example"));
        match verdict {
            Ok(Verdict::Held(owner) | Verdict::Stranger(owner)) => {
                writeln!(out, "{:x}", owner.need.categories().bits())?;
            }
            Ok(Verdict::Passes | Verdict::Unknown) | Err(_) => writeln!(out, "-")?,
        }
    }
    Ok(())
}
