//! The register of requests, and what was done by those who are logged in: its storage, and who may see and change it. Its page is
//! the dashboard's.

use crate::ledger::{Ledger, Refusal};
use crate::ledger_store::{SqlStore, integer};
use crate::pages::{Keeper, failure, keeper};
use crate::random::random;
use crate::site::Site;
use crate::visit::Visit;
use crate::{answer, dashboard, pages};
use postern_receipt::{
    Capacity, EntryKind, Request, RequestKind, Role, Timestamp, Word, admin_act_json, append_entry,
};
use std::rc::Rc;
use web_sys::Response;
use worker::{Env, Result, SqlStorageValue};

/// Requests that are shown: the open ones first, then the latest.
const SHOWN_MAX: u32 = 500;
/// Acts that are shown, and acts that are kept: about two years of a busy team. Of older ones the log has the commitment.
const ACTS_SHOWN: u32 = 50;
const ACTS_KEPT: u32 = 20_000;

const COLUMNS: &str =
    "number, kind, reference, received_ms, extended_ms, extended_by, answered_ms, answered_by";

impl SqlStore {
    /// The register, and behind an empty line what was done last: a line each, cells between tabs.
    pub fn register(&self) -> Result<String> {
        let requests = format!(
            "SELECT {COLUMNS} FROM requests ORDER BY answered_ms IS NOT NULL, received_ms DESC, number DESC LIMIT ?"
        );
        // Those from before the log had them stand by themselves.
        let acts = "SELECT at_ms, who, what FROM (\
             SELECT at_ms, json ->> 'who' AS who, json ->> 'what' AS what, place, 1 AS is_logged FROM entries WHERE kind = 'act' \
             UNION ALL SELECT at_ms, who, what, number, 0 FROM admin_acts\
             ) ORDER BY is_logged DESC, place DESC LIMIT ?";
        let requests = self.lines(&requests, vec![i64::from(SHOWN_MAX).into()])?;
        Ok(format!("{requests}\n{}", self.lines(acts, vec![i64::from(ACTS_SHOWN).into()])?))
    }

    /// Notes in the log what somebody did then.
    pub fn note(&mut self, capacity: Capacity, now_ms: u64, who: &str, what: &str) -> Result<()> {
        let failed = |error: String| worker::Error::RustError(error);
        let who = Word::parse(who).map_err(|error| failed(error.to_string()))?;
        let json = admin_act_json(now_ms, &who, what);
        append_entry(self, EntryKind::Act, json, now_ms, random(), capacity)
            .map_err(|error| failed(error.to_string()))?;
        let old = "DELETE FROM entries WHERE kind = 'act' AND place <= \
                   (SELECT place FROM entries WHERE kind = 'act' ORDER BY place DESC LIMIT 1 OFFSET ?)";
        self.0.exec(old, vec![i64::from(ACTS_KEPT).into()]).map(|_| ())
    }

    /// Makes the change that a form of the register asks for, and notes who made it; a sentence where it is none.
    pub fn change_register(
        &mut self,
        capacity: Capacity,
        now_ms: u64,
        who: &str,
        form: &str,
    ) -> Result<std::result::Result<(), String>> {
        let (act, request) = match self.changed(now_ms, who, form)? {
            Ok(changed) => changed,
            Err(sentence) => return Ok(Err(sentence)),
        };
        let signed = |signed: &Option<(u64, Word)>| match signed {
            Some((at_ms, by)) => Ok::<_, worker::Error>([integer(*at_ms)?, by.as_str().into()]),
            None => Ok([SqlStorageValue::Null, SqlStorageValue::Null]),
        };
        let mut row = vec![
            if request.number == 0 { SqlStorageValue::Null } else { integer(request.number)? },
            request.kind.name().into(),
            request.reference.as_str().into(),
            integer(request.received_ms)?,
        ];
        row.extend(signed(&request.extended)?);
        row.extend(signed(&request.answered)?);
        // No await between these: both are written, or neither. Nothing is changed that cannot be noted.
        self.note(capacity, now_ms, who, &format!("request {}: {act}", request.reference))?;
        let statement = format!("INSERT OR REPLACE INTO requests ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?)");
        self.0.exec(&statement, row)?;
        Ok(Ok(()))
    }

    /// What was asked, and the request as it is then.
    fn changed(
        &self,
        now_ms: u64,
        who: &str,
        form: &str,
    ) -> Result<std::result::Result<(String, Request), String>> {
        let refuse = |sentence: &str| Ok(Err(sentence.to_string()));
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.trim().to_string()))
            .collect();
        let known = ["act", "kind", "reference", "number", "received"];
        if fields.iter().any(|(name, _)| !known.contains(&name.as_str())) {
            return refuse("The register has no such field.");
        }
        let field = |wanted: &str| {
            fields.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str())
        };
        let Ok(who) = Word::parse(who) else { return refuse("Nobody is named so.") };
        let act = field("act");
        let changed = match act {
            "add" => {
                let (Some(kind), Ok(reference)) =
                    (RequestKind::named(field("kind")), Word::parse(field("reference")))
                else {
                    return refuse(
                        "A request has a kind of the list, and a reference of 1 to 40 of A-Z a-z 0-9 . _ -",
                    );
                };
                let Some(day) = Timestamp::parse(&format!("{}T00:00:00Z", field("received"))) else {
                    return refuse("That is no day: write it as 2026-11-28.");
                };
                Request::new(kind, reference, day.unix_ms(), now_ms)
            }
            "extend" | "answer" => {
                let statement = format!("SELECT {COLUMNS} FROM requests WHERE number = ?");
                let number = integer(field("number").parse().unwrap_or(0))?;
                let found = self.lines(&statement, vec![number])?;
                let Some(mut request) = Request::read(found.trim_end_matches('\n')) else {
                    return refuse("There is no request of that number.");
                };
                let done =
                    if act == "extend" { request.extend(now_ms, who) } else { request.answer(now_ms, who) };
                done.map(|()| request)
            }
            _ => return refuse("A request is added, extended or answered."),
        };
        Ok(changed.map(|request| (act.to_string(), request)).map_err(|error| error.to_string()))
    }
}

/// Who is logged in as an admin; else what to answer.
async fn admin(site: &Site, visit: &Visit) -> Result<std::result::Result<Keeper, Response>> {
    Ok(match keeper(site, visit).await {
        None => Err(pages::to_login(visit)?),
        Some(keeper) if keeper.person.role < Role::Admin => {
            Err(failure(403, "Not for your role", "The register of requests is for admins.")?)
        }
        // What is written while nobody knows whose it is would be lost.
        Some(_) if site.policy.is_err() => Err(failure(
            503,
            "The register cannot be found",
            "Nobody knows whose it is while the policy cannot be read: postern check says why.",
        )?),
        Some(keeper) => Ok(keeper),
    })
}

/// Answers `GET /_postern/requests`.
pub async fn show(site: &Rc<Site>, env: &Env, visit: &Visit) -> Result<Response> {
    match admin(site, visit).await? {
        Ok(keeper) => dashboard::show_register(site, env, visit, &keeper, None).await,
        Err(answer) => Ok(answer),
    }
}

/// Answers `POST /_postern/requests`: a request is added, extended or answered.
pub async fn change(site: &Rc<Site>, env: &Env, visit: &Visit) -> Result<Response> {
    if !crate::decision::is_same_origin(visit) {
        return answer::text(403, "Change the register on the site itself.");
    }
    let keeper = match admin(site, visit).await? {
        Ok(keeper) => keeper,
        Err(answer) => return Ok(answer),
    };
    let Ok(body) = crate::decision::read_body(visit).await else {
        return answer::text(400, "That is no form of the register.");
    };
    let changed = match Ledger::of(site, env) {
        Ok(ledger) => ledger.change_register(visit.now_ms, keeper.person.name.as_str(), &body).await,
        Err(refusal) => Err(refusal),
    };
    match changed {
        Ok(()) => answer::see_other(postern_view::REQUESTS_PATH),
        Err(Refusal { status: 400, sentence }) => {
            dashboard::show_register(site, env, visit, &keeper, Some(&sentence)).await
        }
        Err(Refusal { status, sentence }) => answer::text(status, &sentence),
    }
}
