//! What is known of one visit, as far as it is counted: a value in each dimension, all of them coarse, none of them the visitor's own.

use crate::{Batch, Counter, Counts, Day, Dimension, UNKNOWN};

/// The values of one visit.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facts {
    values: Vec<(Dimension, String)>,
    /// Did a program answer for its user?
    pub is_by_agent: bool,
    /// Is it the first answer of a browser that was counted as asked ([`Counter::First`])?
    pub is_first: bool,
    /// Does its sender say that it is no visitor's browser ([`crate::is_bot`])? Then nothing of it is counted.
    pub is_bot: bool,
}

/// The word for what a program answered.
const AGENT: &str = "agent";

/// The word for the first answer of who was asked.
const FIRST: &str = "first";

/// The word for what a bot sent.
const BOT: &str = "bot";

/// The layer of what no visitor answered: the browser's own signal took something back.
pub const SIGNAL_LAYER: &str = "signal";

impl Facts {
    /// The same with a value in one dimension; an empty one is not known.
    #[must_use]
    pub fn with(mut self, dimension: Dimension, value: &str) -> Self {
        let value = if value.is_empty() { UNKNOWN } else { value };
        self.values.push((dimension, crate::plain_value(value)));
        self
    }

    /// Dimension and value of each, who answered, and whether for the first time, with tabs between.
    #[must_use]
    pub fn write(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        for (dimension, value) in &self.values {
            words.extend([dimension.name(), value]);
        }
        let is = [(AGENT, self.is_by_agent), (FIRST, self.is_first), (BOT, self.is_bot)];
        for (word, _) in is.into_iter().filter(|(_, is)| *is) {
            words.extend([word, ""]);
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
                None => {
                    facts.is_by_agent |= name == AGENT;
                    facts.is_first |= name == FIRST;
                    facts.is_bot |= name == BOT;
                }
            }
        }
        facts
    }

    /// Counts something of a page: for everybody, and for each value.
    pub fn count(&self, batch: &mut Batch, day: Day, counts: Counts) {
        batch.add(day, Dimension::All, "", counts);
        // Who lets a vendor in is in no part of everybody by that.
        for (dimension, value) in self.values.iter().filter(|(dimension, _)| !is_of_things(*dimension)) {
            batch.add(day, *dimension, value, counts);
        }
    }

    /// Counts acts of these facts, unless they are a bot's: `times` of the same: what they amount to, in a counter's word or another where they answer
    /// nothing, and the names of the categories that they grant. What a signal takes back is no answer, whatever is left. Who is asked
    /// anew and says no refuses: what that takes back held no longer.
    pub fn count_acts(&self, batch: &mut Batch, day: Day, outcome: &str, granted: &[&str], times: u64) {
        if self.is_bot {
            return;
        }
        let mut counts = match Counter::parse(outcome) {
            Some(Counter::Withdrawn) if self.is_first => {
                Counts::default().with_first(Counter::Refused, times)
            }
            Some(answer) if self.is_first => Counts::default().with_first(answer, times),
            Some(answer) => Counts::default().with(answer, times),
            None => Counts::default(),
        };
        if counts.decided() > 0 {
            let granted = granted.iter().filter_map(|name| Counter::of_category(name));
            counts = granted.fold(counts, |counts, category| counts.with(category, times));
            if self.is_by_agent {
                counts = counts.with(Counter::ByAgent, times);
            }
            if self.values.iter().any(|(of, value)| *of == Dimension::Layer && value == SIGNAL_LAYER) {
                counts = Counts::default();
            }
        }
        self.count(batch, day, counts);
        for (dimension, value) in self.values.iter().filter(|(dimension, _)| is_of_things(*dimension)) {
            batch.add(day, *dimension, value, Counts::default().with(Counter::Times, times));
        }
    }
}

/// Does that dimension count what was done, of which one act may do several?
fn is_of_things(dimension: Dimension) -> bool {
    matches!(dimension, Dimension::Vendor | Dimension::Gate)
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
        let known = Facts::parse("city\tParis\tplace\teu/FR\tplace");
        assert_eq!(known, Facts::default().with(Dimension::Place, "eu/FR"));
    }

    #[test]
    fn what_a_bot_sends_counts_for_nothing() {
        let bot = Facts { is_bot: true, ..facts() }.with(Dimension::Gate, "released/ga4");
        assert_eq!(Facts::parse(&bot.write()), bot);
        let mut batch = Batch::default();
        bot.count_acts(&mut batch, Day::new(5).unwrap(), "accepted", &["analytics"], 1);
        assert_eq!(batch.cells().count(), 0);
    }

    #[test]
    fn an_act_counts_once_for_everybody_and_once_for_each_value() {
        let mut batch = Batch::default();
        let facts = facts()
            .with(Dimension::Vendor, "youtube")
            .with(Dimension::Gate, "released/youtube")
            .with(Dimension::Gate, "released/ga4");
        facts.count_acts(&mut batch, Day::new(5).unwrap(), "partial", &["necessary", "analytics"], 3);
        let counts = Counts::default()
            .with(Counter::Partial, 3)
            .with(Counter::Analytics, 3)
            .with(Counter::ByAgent, 3)
            .write();
        let cells =
            ["all\t", "place\teu/FR", "page\t?", "wait\t2-5"].map(|cell| format!("5\t{cell}\t{counts}\n"));
        let things =
            "5\tvendor\tyoutube\t15:3\n5\tgate\treleased/ga4\t15:3\n5\tgate\treleased/youtube\t15:3\n";
        assert_eq!(batch.write(), format!("{}{things}", cells.concat()));
    }

    #[test]
    fn the_first_answer_of_who_was_asked_is_told_apart() {
        let (mut batch, day) = (Batch::default(), Day::new(5).unwrap());
        let first = Facts { is_first: true, ..facts() };
        assert_eq!(Facts::parse(&first.write()), first);
        for (outcome, expected) in [
            ("accepted", "6:2 10:2 12:2 16:2 17:2"),
            ("refused", "7:2 10:2 12:2 16:2"),
            // Asked anew: what is taken back held no longer.
            ("withdrawn", "7:2 10:2 12:2 16:2"),
            ("vendor", ""),
            ("expired", ""),
        ] {
            first.count_acts(&mut batch, day, outcome, &["analytics"], 2);
            let all = batch.take();
            assert_eq!(
                all.cells().next().map_or(String::new(), |(_, counts)| counts.write()),
                expected,
                "{outcome}"
            );
        }
    }

    #[test]
    fn what_answers_nothing_grants_nothing_in_the_figures() {
        let (mut batch, day) = (Batch::default(), Day::new(5).unwrap());
        let by_signal = facts().with(Dimension::Layer, SIGNAL_LAYER);
        for (facts, outcome, expected) in [
            (&facts(), "withdrawn", "9:1"),
            (&facts(), "vendor", ""),
            (&facts(), "expired", ""),
            (&facts(), "no such", ""),
            (&by_signal, "partial", ""),
            (&by_signal, "withdrawn", "9:1"),
        ] {
            facts.count_acts(&mut batch, day, outcome, &["analytics"], 1);
            let all = batch.take();
            assert_eq!(
                all.cells().next().map_or(String::new(), |(_, counts)| counts.write()),
                expected,
                "{outcome}"
            );
        }
    }
}
