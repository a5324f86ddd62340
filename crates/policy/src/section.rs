//! Reading one TOML table key by key: every value checked, every fault kept with its line, every key
//! nobody asked for a fault. What the keys mean is `parse`'s.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::cause::Cause;
use crate::error::Issue;
use crate::value::nearest;

/// Longest text shown to visitors, characters: a layer-1 body four times over.
const TEXT_CHARS_MAX: usize = 2000;

/// The faults found so far, and where a byte of the file stands.
pub(crate) struct Report<'t> {
    text: &'t str,
    pub(crate) errors: Vec<Issue>,
    pub(crate) warnings: Vec<Issue>,
}

impl<'t> Report<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, errors: Vec::new(), warnings: Vec::new() }
    }

    /// The line of that byte offset, from 1.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }

    pub(crate) fn refuse(&mut self, line: usize, key: String, cause: Cause) {
        self.errors.push(Issue { line, key, cause });
    }

    pub(crate) fn warn(&mut self, line: usize, key: String, cause: Cause) {
        self.warnings.push(Issue { line, key, cause });
    }
}

/// A table of the file, or the place where one is missing.
pub(crate) struct Section<'t> {
    path: String,
    line: usize,
    table: Option<&'t DeTable<'t>>,
    asked: Vec<&'static str>,
    /// Are tables in here the file's own to name?
    has_tables: bool,
}

impl<'t> Section<'t> {
    pub(crate) fn root(table: &'t DeTable<'t>) -> Self {
        Self { path: String::new(), line: 1, table: Some(table), asked: Vec::new(), has_tables: false }
    }

    /// Is it in the file at all?
    pub(crate) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// The dotted path of a key in here; of this table itself for the empty key.
    pub(crate) fn path_of(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }

    /// The line of that key, or of this table where the key is absent.
    pub(crate) fn line_of(&self, report: &Report<'_>, key: &str) -> usize {
        self.table
            .and_then(|table| table.get_key_value(key))
            .map_or(self.line, |(name, _)| report.line_at(name.span().start))
    }

    pub(crate) fn refuse(&self, report: &mut Report<'_>, key: &str, cause: Cause) {
        report.refuse(self.line_of(report, key), self.path_of(key), cause);
    }

    pub(crate) fn warn(&self, report: &mut Report<'_>, key: &str, cause: Cause) {
        report.warn(self.line_of(report, key), self.path_of(key), cause);
    }

    fn value(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.asked.push(key);
        self.table.and_then(|table| table.get(key))
    }

    /// The table under that key.
    pub(crate) fn section(&mut self, report: &mut Report<'_>, key: &'static str) -> Self {
        let table = match self.value(key).map(|value| value.get_ref()) {
            Some(DeValue::Table(table)) => Some(table),
            Some(other) => {
                self.refuse(report, key, wrong_type("a table, as in [name]", other));
                None
            }
            None => None,
        };
        self.part(report, key, table)
    }

    fn part(&self, report: &Report<'_>, key: &str, table: Option<&'t DeTable<'t>>) -> Self {
        let (path, line) = (self.path_of(key), self.line_of(report, key));
        Self { path, line, table, asked: Vec::new(), has_tables: false }
    }

    /// The tables in here under names of the file's own choosing, beside keys that are read one by one.
    pub(crate) fn tables(&mut self, report: &Report<'_>) -> Vec<(String, Self)> {
        self.has_tables = true;
        let all = self.table.into_iter().flat_map(|table| table.iter());
        let tables =
            all.filter_map(|(name, value)| Some((name.get_ref().as_ref(), value.get_ref().as_table()?)));
        tables.map(|(name, table)| (name.to_owned(), self.part(report, name, Some(table)))).collect()
    }

    /// The tables in here under names of the file's own choosing, in order of name.
    pub(crate) fn entries(&self, report: &mut Report<'_>) -> Vec<(String, Self)> {
        let mut entries = Vec::new();
        for (name, value) in self.table.into_iter().flat_map(|table| table.iter()) {
            let name = name.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Table(table) => {
                    entries.push((name.to_owned(), self.part(report, name, Some(table))))
                }
                other => self.refuse(report, name, wrong_type("a table, as in [name]", other)),
            }
        }
        entries
    }

    /// A text, if the key is there: visible, bounded, without control characters.
    pub(crate) fn text(&mut self, report: &mut Report<'_>, key: &'static str) -> Option<String> {
        let text = match self.value(key)?.get_ref() {
            DeValue::String(text) => text,
            other => {
                self.refuse(report, key, wrong_type("a text in quotes", other));
                return None;
            }
        };
        match check_text(text) {
            Ok(text) => Some(text),
            Err(cause) => {
                self.refuse(report, key, cause);
                None
            }
        }
    }

    /// A text that must be there; `example` says how it is written.
    pub(crate) fn required(
        &mut self,
        report: &mut Report<'_>,
        key: &'static str,
        example: &'static str,
    ) -> String {
        if self.table.is_none_or(|table| !table.contains_key(key)) {
            self.refuse(report, key, Cause::Missing(example));
        }
        self.text(report, key).unwrap_or_default()
    }

    /// Checks a text read before; an empty one was refused already.
    pub(crate) fn check(
        &self,
        report: &mut Report<'_>,
        key: &str,
        text: &str,
        is_fine: fn(&str) -> bool,
        cause: fn(String) -> Cause,
    ) {
        if !text.is_empty() && !is_fine(text) {
            self.refuse(report, key, cause(text.to_owned()));
        }
    }

    /// Checks each text of a list read before.
    pub(crate) fn check_all(
        &self,
        report: &mut Report<'_>,
        key: &str,
        texts: &[String],
        is_fine: fn(&str) -> bool,
        cause: fn(String) -> Cause,
    ) {
        for text in texts {
            self.check(report, key, text, is_fine, cause);
        }
    }

    /// A date, written with or without quotes.
    pub(crate) fn required_date(
        &mut self,
        report: &mut Report<'_>,
        key: &'static str,
        example: &'static str,
    ) -> String {
        if let Some(DeValue::Datetime(date)) =
            self.table.and_then(|table| table.get(key)).map(|value| value.get_ref())
        {
            self.asked.push(key);
            return date.to_string();
        }
        self.required(report, key, example)
    }

    /// One word of a list, if the key is there.
    pub(crate) fn word<T: Copy>(
        &mut self,
        report: &mut Report<'_>,
        key: &'static str,
        what: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let found = self.text(report, key)?;
        let value = words.iter().find(|(word, _)| *word == found).map(|(_, value)| *value);
        if value.is_none() {
            let allowed = words.iter().map(|(word, _)| *word).collect();
            self.refuse(report, key, Cause::UnknownWord { what, found, allowed });
        }
        value
    }

    /// A number of days, at least 1, if the key is there.
    pub(crate) fn days(&mut self, report: &mut Report<'_>, key: &'static str) -> Option<u32> {
        let days = self.integer(report, key, "a whole number of days")?;
        let fitting = u32::try_from(days.min(i64::from(u32::MAX))).ok().filter(|days| *days > 0);
        if fitting.is_none() {
            self.refuse(report, key, Cause::Days(days));
        }
        fitting
    }

    /// A number of milliseconds up to `max`, if the key is there.
    pub(crate) fn milliseconds(
        &mut self,
        report: &mut Report<'_>,
        key: &'static str,
        max: u32,
    ) -> Option<u32> {
        let found = self.integer(report, key, "a whole number of milliseconds")?;
        let fitting = u32::try_from(found).ok().filter(|found| *found <= max);
        if fitting.is_none() {
            self.refuse(report, key, Cause::Milliseconds { found, max });
        }
        fitting
    }

    /// A number of months, 1 to `max`, if the key is there.
    pub(crate) fn months(&mut self, report: &mut Report<'_>, key: &'static str, max: u16) -> Option<u16> {
        let found = self.integer(report, key, "a whole number of months")?;
        let fitting = u16::try_from(found).ok().filter(|found| (1..=max).contains(found));
        if fitting.is_none() {
            self.refuse(report, key, Cause::Months { found, max });
        }
        fitting
    }

    /// A number of pixels up to `max`, if the key is there.
    pub(crate) fn pixels(&mut self, report: &mut Report<'_>, key: &'static str, max: u32) -> Option<u32> {
        let found = self.integer(report, key, "a whole number of pixels")?;
        let fitting = u32::try_from(found).ok().filter(|found| *found <= max);
        if fitting.is_none() {
            self.refuse(report, key, Cause::Pixels { found, max });
        }
        fitting
    }

    /// A number of hundredths, 1 to 99, if the key is there.
    pub(crate) fn percent(&mut self, report: &mut Report<'_>, key: &'static str) -> Option<u32> {
        let found = self.integer(report, key, "a whole number of percent")?;
        let fitting = u32::try_from(found).ok().filter(|found| (1..100).contains(found));
        if fitting.is_none() {
            self.refuse(report, key, Cause::Percent(found));
        }
        fitting
    }

    /// A number of percentage points, 1 to `max`, if the key is there.
    pub(crate) fn points(&mut self, report: &mut Report<'_>, key: &'static str, max: u32) -> Option<u32> {
        let found = self.integer(report, key, "a whole number of percentage points")?;
        let fitting = u32::try_from(found).ok().filter(|found| (1..=max).contains(found));
        if fitting.is_none() {
            self.refuse(report, key, Cause::Points { found, max });
        }
        fitting
    }

    /// A whole number, if the key is there; one beyond 64 bits is the largest.
    fn integer(&mut self, report: &mut Report<'_>, key: &'static str, expected: &'static str) -> Option<i64> {
        match self.value(key)?.get_ref() {
            DeValue::Integer(number) => {
                Some(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX))
            }
            other => {
                self.refuse(report, key, wrong_type(expected, other));
                None
            }
        }
    }

    /// `true` or `false`, if the key is there.
    pub(crate) fn boolean(&mut self, report: &mut Report<'_>, key: &'static str) -> Option<bool> {
        match self.value(key)?.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            other => {
                self.refuse(report, key, wrong_type("true or false", other));
                None
            }
        }
    }

    /// A list of texts; empty if the key is absent.
    pub(crate) fn list(&mut self, report: &mut Report<'_>, key: &'static str) -> Vec<String> {
        let items = match self.value(key).map(|value| value.get_ref()) {
            None => return Vec::new(),
            Some(DeValue::Array(items)) => items,
            Some(other) => {
                self.refuse(report, key, wrong_type("a list, as in [\"shop.example\"]", other));
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => match check_text(text) {
                    Ok(text) => texts.push(text),
                    Err(cause) => self.refuse(report, key, cause),
                },
                other => self.refuse(report, key, wrong_type("texts in quotes", other)),
            }
        }
        texts
    }

    /// Is that key in the file?
    pub(crate) fn says(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Marks a key as known though it is read elsewhere or refused with its own words.
    pub(crate) fn has(&mut self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// Refuses every key nobody asked for.
    pub(crate) fn close(self, report: &mut Report<'_>) {
        #[cfg(test)]
        ASKED.with_borrow_mut(|all| all.entry(self.path.clone()).or_default().extend(&self.asked));
        for (name, value) in self.table.into_iter().flat_map(|table| table.iter()) {
            let name = name.get_ref().as_ref();
            if self.has_tables && value.get_ref().is_table() {
                continue;
            }
            if !self.asked.contains(&name) {
                let nearest = nearest(name, self.asked.iter().copied()).map(str::to_owned);
                let known = self.asked.iter().map(|key| (*key).to_owned()).collect();
                self.refuse(report, name, Cause::UnknownKey { nearest, known });
            }
        }
    }
}

#[cfg(test)]
thread_local! {
    /// Every key asked for, by table, so that a test can hold the schema against it.
    pub(crate) static ASKED: std::cell::RefCell<
        std::collections::BTreeMap<String, std::collections::BTreeSet<&'static str>>,
    > = std::cell::RefCell::default();
}

fn check_text(text: &str) -> Result<String, Cause> {
    let text = text.trim();
    let length = text.chars().count();
    if text.is_empty() {
        return Err(Cause::Empty);
    }
    if length > TEXT_CHARS_MAX {
        return Err(Cause::TooLong { length, max: TEXT_CHARS_MAX });
    }
    match text.chars().find(|sign| sign.is_control() && *sign != '\n') {
        Some(sign) => Err(Cause::ControlCharacter(u32::from(sign))),
        None => Ok(text.to_owned()),
    }
}

fn wrong_type(expected: &'static str, found: &DeValue<'_>) -> Cause {
    let found = match found {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    Cause::WrongType { expected, found }
}
