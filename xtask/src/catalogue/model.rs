//! All vendors' addresses in the order they are asked, and their plain owner.

use super::pattern::{Address, Shape, UrlRule};
use super::schema::VendorFile;

/// A row of shapes: after all closed ends?, layer, need.
pub(super) type Row = (bool, usize, u8);

/// Addresses of all vendors, the most telling first, each with its vendor's index.
#[derive(Debug)]
pub(super) struct Model {
    rules: Vec<(UrlRule, usize)>,
    shapes: Vec<(Shape, usize, Row)>,
}

impl Model {
    pub fn new(vendors: &[VendorFile]) -> Result<Self, String> {
        let (mut rules, mut shapes) = (Vec::new(), Vec::new());
        for (index, vendor) in vendors.iter().enumerate() {
            for pattern in &vendor.urls {
                rules.push((UrlRule::parse(pattern)?, index));
            }
            for pattern in &vendor.first_party {
                shapes.push((Shape::parse(pattern)?, index));
            }
        }
        rules.sort_by_key(|(rule, index)| (rule.rank(), *index));
        shapes.sort_by_key(|(shape, index)| (shape.rank(), *index));
        Ok(Self { rules, shapes: in_rows(vendors, shapes)? })
    }

    pub fn rules(&self) -> &[(UrlRule, usize)] {
        &self.rules
    }

    /// Shapes with the row of the stub's table that each stands in.
    pub fn shapes(&self) -> &[(Shape, usize, Row)] {
        &self.shapes
    }

    /// The vendor an address belongs to: the host's rules first, then what is telling on any host.
    pub fn owner(&self, address: &Address) -> Option<usize> {
        let rule = self.rules.iter().find(|(rule, _)| rule.is_match(address)).map(|(_, index)| *index);
        rule.or_else(|| {
            self.shapes.iter().find(|(shape, ..)| shape.is_match(address)).map(|(_, index, _)| *index)
        })
    }
}

/// Shapes in the order of as few rows as can be: by need, but one that refines another goes before it.
fn in_rows(vendors: &[VendorFile], shapes: Vec<(Shape, usize)>) -> Result<Vec<(Shape, usize, Row)>, String> {
    let mut placed: Vec<(Shape, usize, Row)> = Vec::new();
    for (shape, index) in shapes {
        let need = vendors.get(index).map_or(Ok(0), VendorFile::need_bits)?;
        let layer = placed
            .iter()
            .filter(|(before, _, (_, _, other))| *other != need && before.refines(&shape))
            .map(|(_, _, (_, layer, other))| layer + usize::from(*other > need))
            .max()
            .unwrap_or(0);
        let row = (shape.path.ends_with('*'), layer, need);
        placed.push((shape, index, row));
    }
    placed.sort_by_key(|(_, _, row)| *row);
    Ok(placed)
}
