//! The figures as the pages see them: asked of the object that keeps them, and read.

use postern_stats::{Counts, Day, Dimension, Point, Question, Range, Segment, Week};
use postern_view::{Standing, Sum};
use serde_json::json;
use worker::{Env, Error, Method, Request, RequestInit, Result};

/// The binding in `wrangler.dashboard.toml`.
const BINDING: &str = "FIGURES";

/// What was asked for.
#[derive(Default)]
pub struct Figures {
    /// Where they stand.
    pub standing: Standing,
    /// Sums of the range, by value of each dimension.
    pub sums: Vec<Sum>,
    /// The same over time, of everybody or of a segment.
    pub points: Vec<Point>,
    /// Each way to ask over time, where they were asked for.
    pub ways: Vec<Vec<Point>>,
    /// What must be seen to: kind and words of each.
    pub alerts: Vec<(String, String)>,
    /// Everybody's last whole week, if there is one.
    pub week: Option<Week>,
}

/// What stands beside figures that were asked for.
pub struct Other {
    /// Which days.
    pub range: Range,
    /// Of whom; of everybody if nobody is named.
    pub segment: Option<Segment>,
    /// Their figures.
    pub figures: Figures,
}

impl Other {
    /// What is counted of them in all.
    pub fn whole(&self) -> Counts {
        whole(&self.figures.sums, self.segment.as_ref())
    }
}

/// A site's figures.
pub struct Site<'a> {
    /// The platform's bindings.
    pub env: &'a Env,
    /// Its id.
    pub id: &'a str,
    /// Its policy, as a file.
    pub policy: &'a str,
    /// Its day.
    pub today: Day,
    /// The first day that may still be counted.
    pub settled: Day,
}

impl Site<'_> {
    /// The figures of a range: over time those of the segment, or of everybody; the sums of all.
    pub async fn figures(&self, range: Range, segment: Option<&Segment>) -> Result<Figures> {
        let of = segment.map_or_else(|| "everybody".into(), ToString::to_string);
        self.ask(range, &Dimension::ALL, &of, &[]).await
    }

    /// What a question has stand beside its figures, if anything.
    pub async fn beside(&self, question: &Question) -> Result<Option<Other>> {
        let Some((range, segment)) = question.other(self.settled) else { return Ok(None) };
        let figures = self.figures(range, segment.as_ref()).await?;
        Ok(Some(Other { range, segment, figures }))
    }

    /// Everybody's figures of a range, over time and in all.
    pub async fn curve(&self, range: Range) -> Result<Figures> {
        self.ask(range, &[Dimension::All], "everybody", &[]).await
    }

    /// The ways to ask of these values over time, in the same order; none while more is being gathered.
    pub async fn ways(&self, range: Range, values: &[String]) -> Result<Vec<Vec<Point>>> {
        Ok(self.ask(range, &[], "", values).await?.ways)
    }

    /// Everybody's sums of a range alone.
    pub async fn whole(&self, range: Range) -> Result<Counts> {
        let figures = self.ask(range, &[Dimension::All], "", &[]).await?;
        Ok(whole(&figures.sums, None))
    }

    /// Where the figures stand, alone.
    pub async fn standing(&self) -> Result<Standing> {
        let range = Range { first: self.today, last: self.today };
        Ok(self.ask(range, &[], "", &[]).await?.standing)
    }

    async fn ask(
        &self,
        range: Range,
        dimensions: &[Dimension],
        of: &str,
        ways: &[String],
    ) -> Result<Figures> {
        let question = json!({
            "site": self.id,
            "policy": self.policy,
            "today": self.today.number(),
            "settled": self.settled.number(),
            "first": range.first.number(),
            "last": range.last.number(),
            "dimensions": dimensions.iter().map(|dimension| dimension.name()).collect::<Vec<_>>(),
            "of": of,
            "ways": ways,
        });
        let stub = self.env.durable_object(BINDING)?.get_by_name(self.id)?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(question.to_string().into()));
        let request = Request::new_with_init("https://figures.internal/", &init)?;
        let mut answer = stub.fetch_with_request(request).await?;
        let text = answer.text().await?;
        if answer.status_code() != 200 {
            return Err(Error::RustError(text));
        }
        read(&text).ok_or_else(|| Error::RustError("the figures cannot be read".into()))
    }
}

/// The sum of what a segment has, or everybody.
pub fn whole(sums: &[Sum], segment: Option<&Segment>) -> Counts {
    let dimension = segment.map_or(Dimension::All, |segment| segment.level.dimension());
    let of_dimension = sums.iter().filter(|(of, _, _)| *of == dimension);
    let own = of_dimension.filter(|(_, value, _)| segment.is_none_or(|segment| segment.matches(value)));
    Counts::total(own.map(|(_, _, counts)| *counts))
}

fn read(text: &str) -> Option<Figures> {
    let day = |cell: &str| cell.parse().ok().and_then(Day::new);
    let mut read = Figures::default();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        match *cells.as_slice() {
            ["standing", more, due, begin, first, last, today, gate] => {
                let mut done = gate.split(' ').map(str::parse);
                read.standing = Standing {
                    has_more: more == "1",
                    due: due.parse().ok()?,
                    begin: day(begin),
                    published: day(first).zip(day(last)),
                    today: Counts::parse(today)?,
                    gate: Standing::GATE.map(|_| done.next().and_then(Result::ok).unwrap_or_default()),
                };
            }
            ["alert", kind, text] => read.alerts.push((kind.to_owned(), text.to_owned())),
            ["week", first, last, counts, before] => {
                let days = Range { first: day(first)?, last: day(last)? };
                read.week =
                    Some(Week { days, counts: Counts::parse(counts)?, before: Counts::parse(before)? });
            }
            ["sum", dimension, value, counts] => {
                read.sums.push((Dimension::parse(dimension)?, value.to_owned(), Counts::parse(counts)?));
            }
            ["point", first, last, counts] => {
                let (first, last, counts) = (day(first)?, day(last)?, Counts::parse(counts)?);
                read.points.push(Point { first, last, counts });
            }
            ["way", place, first, last, counts] => {
                let (place, counts) = (place.parse::<usize>().ok()?, Counts::parse(counts)?);
                if place >= read.ways.len() {
                    read.ways.resize(place + 1, Vec::new());
                }
                let (first, last) = (day(first)?, day(last)?);
                read.ways.get_mut(place)?.push(Point { first, last, counts });
            }
            _ => return None,
        }
    }
    Some(read)
}
