//! The figures as the pages see them: asked of the object that keeps them, and read.

use postern_stats::{Counts, Day, Dimension, Point, Range, Segment};
use postern_view::{Standing, Sum};
use serde_json::{Value, json};
use worker::{Env, Error, Method, Request, RequestInit, Result};

/// The binding in `wrangler.dashboard.toml`.
const BINDING: &str = "FIGURES";

/// Dimensions of which figures are shown.
const SHOWN: [Dimension; 11] = Dimension::ALL;

/// What was asked for.
#[derive(Default)]
pub struct Figures {
    /// Where they stand.
    pub standing: Standing,
    /// Sums of the range, by value of each dimension.
    pub sums: Vec<Sum>,
    /// Blocks of everybody, or of a segment.
    pub blocks: Vec<Point>,
    /// What must be seen to: kind and words of each.
    pub alerts: Vec<(String, String)>,
}

/// A site's figures.
pub struct Site<'a> {
    /// The platform's bindings.
    pub env: &'a Env,
    /// Its id.
    pub id: &'a str,
    /// Its day.
    pub today: Day,
}

impl Site<'_> {
    /// The figures of a range: over time those of the segment, or of everybody; the sums of all.
    pub async fn figures(&self, range: Range, segment: Option<&Segment>) -> Result<Figures> {
        let dimension = segment.map_or(Dimension::All, |segment| segment.level.dimension());
        let question = json!({
            "site": self.id,
            "today": self.today.number(),
            "first": range.first.number(),
            "last": range.last.number(),
            "dimensions": SHOWN.map(Dimension::name),
            "series": dimension.name(),
            "part": segment.map_or("", |segment| segment.value.as_str()),
        });
        let text = self.ask(&question).await?;
        let mut figures = read(&text).ok_or_else(|| Error::RustError("the figures cannot be read".into()))?;
        if let Some(segment) = segment {
            figures.blocks.retain(|(_, value)| segment.matches(value));
        }
        Ok(Figures {
            standing: figures.standing,
            sums: figures.sums,
            alerts: figures.alerts,
            blocks: figures.blocks.into_iter().map(|(point, _)| point).collect(),
        })
    }

    /// Where the figures stand, alone.
    pub async fn standing(&self) -> Result<Standing> {
        let day = self.today.number();
        let question = json!({ "site": self.id, "today": day, "first": day, "last": day });
        let text = self.ask(&question).await?;
        read(&text)
            .map(|figures| figures.standing)
            .ok_or_else(|| Error::RustError("the figures cannot be read".into()))
    }

    async fn ask(&self, question: &Value) -> Result<String> {
        let stub = self.env.durable_object(BINDING)?.get_by_name(self.id)?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(question.to_string().into()));
        let mut answer =
            stub.fetch_with_request(Request::new_with_init("https://figures.internal/", &init)?).await?;
        let text = answer.text().await?;
        if answer.status_code() == 200 { Ok(text) } else { Err(Error::RustError(text)) }
    }
}

/// The sum of what a segment has, or everybody.
pub fn whole(sums: &[Sum], segment: Option<&Segment>) -> Counts {
    let dimension = segment.map_or(Dimension::All, |segment| segment.level.dimension());
    let of_dimension = sums.iter().filter(|(of, _, _)| *of == dimension);
    let own = of_dimension.filter(|(_, value, _)| segment.is_none_or(|segment| segment.matches(value)));
    Counts::total(own.map(|(_, _, counts)| *counts))
}

struct Read {
    standing: Standing,
    sums: Vec<Sum>,
    blocks: Vec<(Point, String)>,
    alerts: Vec<(String, String)>,
}

fn read(text: &str) -> Option<Read> {
    let day = |cell: &str| cell.parse().ok().and_then(Day::new);
    let mut read =
        Read { standing: Standing::default(), sums: Vec::new(), blocks: Vec::new(), alerts: Vec::new() };
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        match *cells.as_slice() {
            ["standing", more, begin, first, last, today] => {
                read.standing = Standing {
                    has_more: more == "1",
                    begin: day(begin),
                    published: day(first).zip(day(last)),
                    today: Counts::parse(today)?,
                };
            }
            ["sum", dimension, value, counts] => {
                read.sums.push((Dimension::parse(dimension)?, value.to_owned(), Counts::parse(counts)?));
            }
            ["block", first, last, value, counts] => {
                let point = Point { first: day(first)?, last: day(last)?, counts: Counts::parse(counts)? };
                read.blocks.push((point, value.to_owned()));
            }
            ["alert", kind, text] => read.alerts.push((kind.to_owned(), text.to_owned())),
            _ => return None,
        }
    }
    Some(read)
}
