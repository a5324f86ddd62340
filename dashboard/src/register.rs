//! The page of the register of requests. Who may see it, and what changes it, is the Worker's affair (`worker/src/register.rs`).

use postern_receipt::{Request, RequestKind, RequestStanding, Word};
use postern_stats::Day;
use postern_view::{ActLine, Place, RequestLine, RequestsPage};

/// The page: `register` is what the Ledger says, `error` what was wrong with a form.
pub fn page(place: Place<'_>, register: &str, now_ms: u64, error: Option<&str>) -> String {
    let day = |at_ms| Day::from_unix_ms(at_ms, 0);
    // Requests, an empty line, acts.
    let (requests, acts) = match register.strip_prefix('\n') {
        Some(acts) => ("", acts),
        None => register.split_once("\n\n").unwrap_or_default(),
    };
    let requests: Vec<Request> = requests.lines().filter_map(Request::read).collect();
    let told: Vec<String> = requests.iter().map(|request| standing(request, now_ms)).collect();
    let lines: Vec<RequestLine> = requests
        .iter()
        .zip(&told)
        .map(|(request, standing)| {
            let now = request.standing(now_ms);
            RequestLine {
                number: request.number,
                kind: request.kind.name(),
                reference: request.reference.as_str(),
                received: day(request.received_ms),
                due: day(request.due_ms()),
                standing,
                is_overdue: matches!(now, RequestStanding::Overdue { .. }),
                is_open: request.answered.is_none(),
                can_extend: request.extended.is_none() && matches!(now, RequestStanding::Open { .. }),
            }
        })
        .collect();
    let acts: Vec<ActLine> = acts
        .lines()
        .filter_map(|line| {
            let (at, rest) = line.split_once('\t')?;
            let (who, what) = rest.split_once('\t')?;
            Some(ActLine { at_unix_ms: at.parse().ok()?, who, what })
        })
        .collect();
    let kinds = RequestKind::ALL.map(RequestKind::name);
    let facts =
        RequestsPage { place, kinds: &kinds, today: day(now_ms), requests: &lines, acts: &acts, error };
    postern_view::requests_page(&facts).into_string()
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
