//! The register of what people have asked for under GDPR Art. 15 to 22, and until when each must be answered. It holds no
//! personal data: a request is named by a reference of the site's own, under which the site keeps the rest.
//! Source: GDPR Art. 12(3); standards.md S4.10, requirement 73.

use crate::field::Word;

const DAY_MS: u64 = 86_400_000;
/// Days to answer. "One month" of Art. 12(3), as the notices that this was made for say it.
const ANSWER_DAYS: u64 = 30;
/// Days by which that may be extended once, where the request is complex.
const EXTENSION_DAYS: u64 = 60;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// Art. 15.
    Access,
    /// Art. 16.
    Rectification,
    /// Art. 17.
    Erasure,
    /// Art. 18.
    Restriction,
    /// Art. 20.
    Portability,
    /// Art. 21.
    Objection,
}

impl RequestKind {
    /// Every kind, in the order of the articles.
    pub const ALL: [Self; 6] = [
        Self::Access,
        Self::Rectification,
        Self::Erasure,
        Self::Restriction,
        Self::Portability,
        Self::Objection,
    ];

    /// The word in storage and forms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Rectification => "rectification",
            Self::Erasure => "erasure",
            Self::Restriction => "restriction",
            Self::Portability => "portability",
            Self::Objection => "objection",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its place in the register, from 1.
    pub number: u64,
    /// What is asked for.
    pub kind: RequestKind,
    /// The site's own reference.
    pub reference: Word,
    /// When it came, Unix milliseconds.
    pub received_ms: u64,
    /// When and by whom the time was extended.
    pub extended: Option<(u64, Word)>,
    /// When and by whom it was answered.
    pub answered: Option<(u64, Word)>,
}

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestStanding {
    /// To be answered within so many days, this one included.
    Open {
        /// Days left, 1 or more.
        days: u64,
    },
    /// It should have been answered so many days ago.
    Overdue {
        /// Days over, 1 or more.
        days: u64,
    },
    /// Answered.
    Answered {
        /// In time?
        is_in_time: bool,
    },
}

/// Why a request is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// It is answered.
    #[error("this request is answered already")]
    Answered,
    /// It was extended before.
    #[error("the time of this request was extended before, and it can be extended once")]
    ExtendedBefore,
    /// Too late: who asked must be told within the first month. Source: GDPR Art. 12(3).
    #[error("the time of this request is over, and an extension must be told within it")]
    TooLate,
    /// It would come from the future.
    #[error("a request cannot have come later than today")]
    Future,
}

impl Request {
    /// A request, as a line of the storage has it: its fields in their order, with tabs between, nothing for what has not been done.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.split('\t').collect();
        let [number, kind, reference, received_ms, extended_ms, extended_by, answered_ms, answered_by] =
            cells.try_into().ok()?;
        let signed = |at: &str, by: &str| at.parse().ok().zip(Word::parse(by).ok());
        Some(Self {
            number: number.parse().ok()?,
            kind: RequestKind::named(kind)?,
            reference: Word::parse(reference).ok()?,
            received_ms: received_ms.parse().ok()?,
            extended: signed(extended_ms, extended_by),
            answered: signed(answered_ms, answered_by),
        })
    }

    /// A request that came then, to be given its number.
    ///
    /// # Errors
    /// [`RegisterError::Future`].
    pub fn new(
        kind: RequestKind,
        reference: Word,
        received_ms: u64,
        now_ms: u64,
    ) -> Result<Self, RegisterError> {
        if received_ms > now_ms {
            return Err(RegisterError::Future);
        }
        Ok(Self { number: 0, kind, reference, received_ms, extended: None, answered: None })
    }

    /// Until when it must be answered, Unix milliseconds.
    #[must_use]
    pub fn due_ms(&self) -> u64 {
        let days = if self.extended.is_some() { ANSWER_DAYS + EXTENSION_DAYS } else { ANSWER_DAYS };
        self.received_ms.saturating_add(days * DAY_MS)
    }

    /// How it stands then.
    #[must_use]
    pub fn standing(&self, now_ms: u64) -> RequestStanding {
        let due_ms = self.due_ms();
        match &self.answered {
            Some((at_ms, _)) => RequestStanding::Answered { is_in_time: *at_ms <= due_ms },
            None if now_ms <= due_ms => RequestStanding::Open { days: (due_ms - now_ms) / DAY_MS + 1 },
            None => RequestStanding::Overdue { days: (now_ms - due_ms).div_ceil(DAY_MS) },
        }
    }

    /// Extends its time.
    ///
    /// # Errors
    /// [`RegisterError`] by cause.
    pub fn extend(&mut self, now_ms: u64, by: Word) -> Result<(), RegisterError> {
        match (&self.answered, &self.extended, self.standing(now_ms)) {
            (Some(_), ..) => return Err(RegisterError::Answered),
            (_, Some(_), _) => return Err(RegisterError::ExtendedBefore),
            (.., RequestStanding::Overdue { .. }) => return Err(RegisterError::TooLate),
            _ => self.extended = Some((now_ms, by)),
        }
        Ok(())
    }

    /// Marks it as answered.
    ///
    /// # Errors
    /// [`RegisterError::Answered`].
    pub fn answer(&mut self, now_ms: u64, by: Word) -> Result<(), RegisterError> {
        if self.answered.is_some() {
            return Err(RegisterError::Answered);
        }
        self.answered = Some((now_ms, by));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAME: u64 = 1_795_346_441_000;

    fn anna() -> Word {
        Word::parse("anna").unwrap()
    }

    fn request() -> Request {
        Request::new(RequestKind::Erasure, Word::parse("DSR-7").unwrap(), CAME, CAME).unwrap()
    }

    #[test]
    fn a_request_is_due_in_thirty_days_and_in_ninety_once_extended() {
        let day = |days: u64| CAME + days * DAY_MS;
        let mut request = request();
        assert_eq!(request.standing(CAME), RequestStanding::Open { days: 31 });
        assert_eq!(request.standing(day(29)), RequestStanding::Open { days: 2 });
        assert_eq!(request.standing(day(30)), RequestStanding::Open { days: 1 });
        assert_eq!(request.standing(day(30) + 1), RequestStanding::Overdue { days: 1 });
        assert_eq!(request.standing(day(32)), RequestStanding::Overdue { days: 2 });
        assert_eq!(request.extend(day(30) + 1, anna()), Err(RegisterError::TooLate));
        assert_eq!(request.extend(day(30), anna()), Ok(()));
        assert_eq!(request.extend(day(30), anna()), Err(RegisterError::ExtendedBefore));
        assert_eq!(request.standing(day(90)), RequestStanding::Open { days: 1 });
        assert_eq!(request.standing(day(91)), RequestStanding::Overdue { days: 1 });
        assert_eq!(request.answer(day(91), anna()), Ok(()));
        assert_eq!(request.standing(day(400)), RequestStanding::Answered { is_in_time: false });
        assert_eq!(request.answer(day(92), anna()), Err(RegisterError::Answered));
        assert_eq!(request.extend(day(92), anna()), Err(RegisterError::Answered));
    }

    #[test]
    fn an_answer_in_time_is_in_time_for_ever() {
        let mut request = request();
        request.answer(CAME + ANSWER_DAYS * DAY_MS, anna()).unwrap();
        assert_eq!(request.standing(u64::MAX), RequestStanding::Answered { is_in_time: true });
    }

    #[test]
    fn nothing_comes_from_the_future() {
        let reference = Word::parse("DSR-8").unwrap();
        let found = Request::new(RequestKind::Access, reference, CAME + 1, CAME);
        assert_eq!(found, Err(RegisterError::Future));
    }

    #[test]
    fn kinds_are_read_back_by_name() {
        for kind in RequestKind::ALL {
            assert_eq!(RequestKind::named(kind.name()), Some(kind));
        }
        assert_eq!(RequestKind::named("complaint"), None);
    }
}
