//! What is known of one visit, as far as it is counted: a value in each dimension, all of them coarse, none of them the visitor's own.

use crate::{Batch, Counter, Counts, Day, Dimension, UNKNOWN};

/// The values of one visit.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facts {
    values: Vec<(Dimension, String)>,
    /// Did a program answer for its user?
    pub is_by_agent: bool,
}

/// The word for what a program answered.
const AGENT: &str = "agent";

/// What one act amounts to, as far as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActCounts<'a> {
    /// The outcome's word: a counter's name, or another where it answers nothing.
    pub outcome: &'a str,
    /// The names of the categories that it grants.
    pub granted: &'a [&'a str],
    /// The ids of vendors granted by themselves.
    pub vendors: &'a [&'a str],
}

impl Facts {
    /// The same with a value in one dimension; an empty one is not known.
    #[must_use]
    pub fn with(mut self, dimension: Dimension, value: &str) -> Self {
        let value = if value.is_empty() { UNKNOWN } else { value };
        self.values.push((dimension, crate::plain_value(value)));
        self
    }

    /// Dimension and value of each, and who answered, with tabs between.
    #[must_use]
    pub fn write(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        for (dimension, value) in &self.values {
            words.extend([dimension.name(), value]);
        }
        if self.is_by_agent {
            words.extend([AGENT, ""]);
        }
        words.join("\t")
    }

    /// Reads them back. What nobody here can read is left out: the act counts all the same.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut facts = Self::default();
        let mut words = text.split('\t');
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            match Dimension::parse(name) {
                Some(dimension) => facts = facts.with(dimension, value),
                None => facts.is_by_agent |= name == AGENT,
            }
        }
        facts
    }

    /// Counts something of a page: for everybody, and for each value.
    pub fn count(&self, batch: &mut Batch, day: Day, counts: Counts) {
        batch.add(day, Dimension::All, "", counts);
        for (dimension, value) in &self.values {
            batch.add(day, *dimension, value, counts);
        }
    }

    /// Counts acts of these facts, `times` of the same.
    pub fn count_acts(&self, batch: &mut Batch, day: Day, act: &ActCounts<'_>, times: u64) {
        if let Some(outcome) = Counter::parse(act.outcome) {
            let mut counts = Counts::default().with(outcome, times);
            if counts.decided() > 0 {
                let granted = act.granted.iter().filter_map(|name| Counter::of_category(name));
                counts = granted.fold(counts, |counts, category| counts.with(category, times));
                if self.is_by_agent {
                    counts = counts.with(Counter::ByAgent, times);
                }
            }
            self.count(batch, day, counts);
        }
        for vendor in act.vendors {
            batch.add(day, Dimension::Vendor, vendor, Counts::default().with(Counter::Times, times));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts { is_by_agent: true, ..Facts::default() }
            .with(Dimension::Place, "eu/FR")
            .with(Dimension::Page, "")
            .with(Dimension::Wait, "2-5")
    }

    #[test]
    fn facts_survive_their_text() {
        assert_eq!(facts().write(), "place\teu/FR\tpage\t?\twait\t2-5\tagent\t");
        assert_eq!(Facts::parse(&facts().write()), facts());
        assert_eq!(Facts::parse(""), Facts::default());
        assert_eq!(
            Facts::parse("city\tParis\tplace\teu/FR\tplace"),
            Facts::default().with(Dimension::Place, "eu/FR")
        );
    }

    #[test]
    fn an_act_counts_once_for_everybody_and_once_for_each_value() {
        let mut batch = Batch::default();
        let day = Day::new(5).unwrap();
        let act =
            ActCounts { outcome: "partial", granted: &["necessary", "analytics"], vendors: &["youtube"] };
        facts().count_acts(&mut batch, day, &act, 3);
        let counts = Counts::default()
            .with(Counter::Partial, 3)
            .with(Counter::Analytics, 3)
            .with(Counter::ByAgent, 3)
            .write();
        assert_eq!(
            batch.write(),
            format!(
                "5\tall\t\t{counts}\n5\tplace\teu/FR\t{counts}\n5\tpage\t?\t{counts}\n5\twait\t2-5\t{counts}\n5\tvendor\tyoutube\t15:3\n"
            )
        );
    }

    #[test]
    fn what_answers_nothing_grants_nothing_in_the_figures() {
        let (mut batch, day) = (Batch::default(), Day::new(5).unwrap());
        for (outcome, expected) in [("withdrawn", "9:1"), ("vendor", ""), ("expired", ""), ("no such", "")] {
            facts().count_acts(
                &mut batch,
                day,
                &ActCounts { outcome, granted: &["analytics"], vendors: &[] },
                1,
            );
            let all = batch.take();
            assert_eq!(
                all.cells().next().map_or(String::new(), |(_, counts)| counts.write()),
                expected,
                "{outcome}"
            );
        }
    }
}
