//! The register of requests, and what was done by those who are logged in: its storage, and its page for admins.

use crate::answer;
use crate::ledger::{Ledger, Refusal};
use crate::ledger_store::{SqlStore, integer};
use crate::pages::person;
use crate::site::Site;
use crate::visit::Visit;
use postern_receipt::{Person, RegisterError, Request, RequestKind, RequestStanding, Role, Timestamp, Word};
use postern_view::{ActLine, RequestLine, RequestsPage};
use serde::{Deserialize, Serialize};
use web_sys::Response;
use worker::{Env, Result, SqlStorageValue};

/// Requests that are shown: the open ones first, then the latest.
const SHOWN_MAX: u32 = 500;
/// Acts that are shown, and acts that are kept: about two years of a busy team.
const ACTS_SHOWN: u32 = 50;
const ACTS_KEPT: u32 = 20_000;

/// A request, as messages and rows have it.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    number: u64,
    kind: String,
    reference: String,
    received_ms: u64,
    extended_ms: Option<u64>,
    extended_by: Option<String>,
    answered_ms: Option<u64>,
    answered_by: Option<String>,
}

/// Something that was done.
#[derive(Debug, Serialize, Deserialize)]
pub struct Act {
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// By whom.
    pub who: String,
    /// What.
    pub what: String,
}

/// What the page shows.
#[derive(Debug, Serialize, Deserialize)]
pub struct Register {
    requests: Vec<Row>,
    acts: Vec<Act>,
}

/// A change that an admin asks for.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Change {
    act: String,
    number: u64,
    kind: String,
    reference: String,
    received_ms: u64,
    now_ms: u64,
    who: String,
}

impl Row {
    fn read(self) -> Option<Request> {
        let signed = |at: Option<u64>, by: Option<String>| at.zip(by.and_then(|by| Word::parse(&by).ok()));
        Some(Request {
            number: self.number,
            kind: RequestKind::named(&self.kind)?,
            reference: Word::parse(&self.reference).ok()?,
            received_ms: self.received_ms,
            extended: signed(self.extended_ms, self.extended_by),
            answered: signed(self.answered_ms, self.answered_by),
        })
    }
}

const COLUMNS: &str =
    "number, kind, reference, received_ms, extended_ms, extended_by, answered_ms, answered_by";

impl SqlStore {
    /// The register, and what was done last.
    pub fn register(&self) -> Result<Register> {
        let statement = format!(
            "SELECT {COLUMNS} FROM requests ORDER BY answered_ms IS NOT NULL, received_ms DESC, number DESC LIMIT ?"
        );
        let requests = self.0.exec(&statement, vec![i64::from(SHOWN_MAX).into()])?.to_array()?;
        let acts = self
            .0
            .exec(
                "SELECT at_ms, who, what FROM admin_acts ORDER BY number DESC LIMIT ?",
                vec![i64::from(ACTS_SHOWN).into()],
            )?
            .to_array()?;
        Ok(Register { requests, acts })
    }

    /// Notes what somebody did.
    pub fn note(&self, act: &Act) -> Result<()> {
        let row = vec![integer(act.at_ms)?, act.who.as_str().into(), act.what.as_str().into()];
        self.0.exec("INSERT INTO admin_acts (at_ms, who, what) VALUES (?, ?, ?)", row)?;
        self.0
            .exec(
                "DELETE FROM admin_acts WHERE number <= (SELECT MAX(number) FROM admin_acts) - ?",
                vec![i64::from(ACTS_KEPT).into()],
            )
            .map(|_| ())
    }

    /// Makes a change, and notes who made it; a sentence where it is none.
    pub fn change_register(&self, change: &Change) -> Result<std::result::Result<(), String>> {
        let who = Word::parse(&change.who).map_err(|error| worker::Error::RustError(error.to_string()))?;
        let changed = if change.act == "add" {
            let (Some(kind), Ok(reference)) =
                (RequestKind::named(&change.kind), Word::parse(&change.reference))
            else {
                return Ok(Err(
                    "A request has a kind of the list, and a reference of 1 to 40 of A-Z a-z 0-9 . _ -"
                        .into(),
                ));
            };
            Request::new(kind, reference, change.received_ms, change.now_ms)
        } else {
            let statement = format!("SELECT {COLUMNS} FROM requests WHERE number = ?");
            let found: Vec<Row> = self.0.exec(&statement, vec![integer(change.number)?])?.to_array()?;
            let Some(mut request) = found.into_iter().next().and_then(Row::read) else {
                return Ok(Err(RegisterError::Unknown.to_string()));
            };
            let done = match change.act.as_str() {
                "extend" => request.extend(change.now_ms, who.clone()),
                "answer" => request.answer(change.now_ms, who.clone()),
                _ => return Ok(Err("A request is added, extended or answered".into())),
            };
            done.map(|()| request)
        };
        let request = match changed {
            Ok(request) => request,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let signed = |signed: &Option<(u64, Word)>| match signed {
            Some((at_ms, by)) => Ok::<_, worker::Error>([integer(*at_ms)?, by.as_str().into()]),
            None => Ok([SqlStorageValue::Null, SqlStorageValue::Null]),
        };
        let number = if request.number == 0 { SqlStorageValue::Null } else { integer(request.number)? };
        let mut row = vec![
            number,
            request.kind.name().into(),
            request.reference.as_str().into(),
            integer(request.received_ms)?,
        ];
        row.extend(signed(&request.extended)?);
        row.extend(signed(&request.answered)?);
        // No await between these: both are written, or neither.
        self.0.exec(&format!("INSERT OR REPLACE INTO requests ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?)"), row)?;
        let what = format!("request {}: {}", request.reference, change.act);
        self.note(&Act { at_ms: change.now_ms, who: change.who.clone(), what })?;
        Ok(Ok(()))
    }
}

/// Who is logged in as an admin; else what to answer.
fn admin(site: &Site, visit: &Visit) -> Result<std::result::Result<Person, Response>> {
    Ok(match person(site, visit) {
        None => Err(answer::see_other(postern_view::LOGIN_PATH)?),
        Some(person) if person.role < Role::Admin => {
            Err(answer::text(403, "The register of requests is for admins.")?)
        }
        Some(person) => Ok(person),
    })
}

/// Answers `GET /_postern/requests`.
pub async fn show(site: &Site, env: &Env, visit: &Visit) -> Result<Response> {
    match admin(site, visit)? {
        Ok(_) => page(site, env, visit, 200, None).await,
        Err(answer) => Ok(answer),
    }
}

/// Answers `POST /_postern/requests`: a request is added, extended or answered.
pub async fn change(site: &Site, env: &Env, visit: &Visit) -> Result<Response> {
    if !crate::decision::is_same_origin(visit) {
        return answer::text(403, "Change the register on the site itself.");
    }
    let person = match admin(site, visit)? {
        Ok(person) => person,
        Err(answer) => return Ok(answer),
    };
    let Ok(body) = crate::decision::read_body(visit).await else {
        return answer::text(400, "That is no form of the register.");
    };
    let mut change = Change { now_ms: visit.now_ms, who: person.name.to_string(), ..Change::default() };
    for (name, value) in url::form_urlencoded::parse(body.as_bytes()) {
        match name.as_ref() {
            "act" => change.act = value.into_owned(),
            "kind" => change.kind = value.into_owned(),
            "reference" => change.reference = value.trim().to_string(),
            "number" => change.number = value.parse().unwrap_or(0),
            "received" => {
                let day = Timestamp::parse(&format!("{value}T00:00:00Z"));
                let Some(day) = day else {
                    return page(site, env, visit, 400, Some("That is no day: write it as 2026-11-28."))
                        .await;
                };
                change.received_ms = day.unix_ms();
            }
            other => return answer::text(400, &format!("The register has no field {other:?}.")),
        }
    }
    let changed = match Ledger::of(site, env) {
        Ok(ledger) => ledger.change_register(&change).await,
        Err(refusal) => Err(refusal),
    };
    match changed {
        Ok(()) => answer::see_other(postern_view::REQUESTS_PATH),
        Err(Refusal { status: 400, sentence }) => page(site, env, visit, 400, Some(&sentence)).await,
        Err(Refusal { status, sentence }) => answer::text(status, &sentence),
    }
}

async fn page(site: &Site, env: &Env, visit: &Visit, status: u16, error: Option<&str>) -> Result<Response> {
    let found = match Ledger::of(site, env) {
        Ok(ledger) => ledger.register().await,
        Err(refusal) => Err(refusal),
    };
    let register = match found {
        Ok(register) => register,
        Err(refusal) => return answer::text(refusal.status, &refusal.sentence),
    };
    let day = |at_ms| Timestamp::from_unix_ms(at_ms).to_string().get(..10).unwrap_or_default().to_string();
    let requests: Vec<Request> = register.requests.into_iter().filter_map(Row::read).collect();
    let told: Vec<[String; 3]> = requests
        .iter()
        .map(|request| [day(request.received_ms), day(request.due_ms()), standing(request, visit.now_ms)])
        .collect();
    let lines: Vec<RequestLine> = requests
        .iter()
        .zip(&told)
        .map(|(request, [received, due, standing])| {
            let now = request.standing(visit.now_ms);
            RequestLine {
                number: request.number,
                kind: request.kind.name(),
                reference: request.reference.as_str(),
                received,
                due,
                standing,
                is_overdue: matches!(now, RequestStanding::Overdue { .. }),
                is_open: request.answered.is_none(),
                can_extend: request.extended.is_none() && matches!(now, RequestStanding::Open { .. }),
            }
        })
        .collect();
    let times: Vec<String> =
        register.acts.iter().map(|act| Timestamp::from_unix_ms(act.at_ms).to_string()).collect();
    let acts: Vec<ActLine> = register
        .acts
        .iter()
        .zip(&times)
        .map(|(act, at)| ActLine { at, who: &act.who, what: &act.what })
        .collect();
    let kinds = RequestKind::ALL.map(RequestKind::name);
    let name = site.policy.as_ref().map_or("postern", |policy| policy.site.id.as_str());
    let facts = RequestsPage {
        site: name,
        kinds: &kinds,
        today: &day(visit.now_ms),
        requests: &lines,
        acts: &acts,
        error,
    };
    answer::page(status, &postern_view::requests_page(&facts).into_string())
}

fn standing(request: &Request, now_ms: u64) -> String {
    let by =
        |signed: &Option<(u64, Word)>| signed.as_ref().map_or(String::new(), |(_, by)| format!(" by {by}"));
    match request.standing(now_ms) {
        RequestStanding::Open { days: 1 } => "due today".to_string(),
        RequestStanding::Open { days } if request.extended.is_some() => {
            format!("{days} days left, extended{}", by(&request.extended))
        }
        RequestStanding::Open { days } => format!("{days} days left"),
        RequestStanding::Overdue { days: 1 } => "overdue since yesterday".to_string(),
        RequestStanding::Overdue { days } => format!("overdue for {days} days"),
        RequestStanding::Answered { is_in_time: true } => {
            format!("answered in time{}", by(&request.answered))
        }
        RequestStanding::Answered { is_in_time: false } => format!("answered late{}", by(&request.answered)),
    }
}
