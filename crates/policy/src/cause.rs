//! What can be wrong with a policy file, and how each fault is said. No parsing here.

/// Why something in the file is refused or warned about. The text says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The file is not TOML.
    #[error("not valid TOML: {0}")]
    Syntax(String),
    /// The file is larger than we read.
    #[error("the file has {bytes} bytes; keep it under {max}")]
    TooLarge {
        /// Size found, bytes.
        bytes: usize,
        /// Largest size read, bytes.
        max: usize,
    },
    /// A required key is absent.
    #[error("is missing; add {0}")]
    Missing(&'static str),
    /// A key nobody defined.
    #[error("unknown key; {}", one_of(nearest.as_deref(), known))]
    UnknownKey {
        /// The defined key it resembles.
        nearest: Option<String>,
        /// Every key defined there.
        known: Vec<String>,
    },
    /// A value of another TOML type.
    #[error("is {found}; write {expected}")]
    WrongType {
        /// What must stand there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A text without a visible sign.
    #[error("is empty; write it or remove the key")]
    Empty,
    /// A text longer than we show.
    #[error("has {length} signs; shorten it to {max}")]
    TooLong {
        /// Length found, characters.
        length: usize,
        /// Longest text shown, characters.
        max: usize,
    },
    /// A text with an invisible control character.
    #[error("has a control character (U+{0:04X}); remove it")]
    ControlCharacter(u32),
    /// A word outside its list.
    #[error("unknown {what} {found:?}; use one of {}", allowed.join(", "))]
    UnknownWord {
        /// What kind of word.
        what: &'static str,
        /// The word found.
        found: String,
        /// The words there are.
        allowed: Vec<&'static str>,
    },
    /// Not a slug.
    #[error("{0:?} is not a slug; use a-z, 0-9 and -, at most 40 signs, first a letter")]
    Slug(String),
    /// Not a URL.
    #[error("{0:?} is not a URL; write it in full, as in https://shop.example/privacy")]
    Url(String),
    /// A URL with more than scheme, host and port.
    #[error("{0:?} is not an origin; write scheme and host only, as in https://shop.example")]
    Origin(String),
    /// Not a URL and not a path.
    #[error("{0:?} is not a link; write a path as in /privacy or a full https:// URL")]
    Link(String),
    /// Not a host name.
    #[error("{0:?} is not a host name; write it in lower case without scheme or port, as in shop.example")]
    Host(String),
    /// Not a date.
    #[error("{0:?} is not a date; write YYYY-MM-DD")]
    Date(String),
    /// A change announced for too few days. Source: standards.md requirement 32.
    #[error("announces the change for {days} days; announce it for {min} or more")]
    ChangeTooShort {
        /// Days found, both ends counted.
        days: u32,
        /// Days due.
        min: u32,
    },
    /// Not a version.
    #[error("{0:?} is not a version; use 1 to 40 of A-Z, a-z, 0-9, . _ and -")]
    Version(String),
    /// Not a language tag.
    #[error("{0:?} is not a language tag; write one as in en, el or pt-BR")]
    Language(String),
    /// Not a country code.
    #[error("{0:?} is not a country code; write two capital letters as in DE")]
    Country(String),
    /// A number below 1.
    #[error("{0} is not a number of days; write 1 or more")]
    Days(i64),
    /// A grant remembered longer than the profile allows.
    #[error(
        "{days} days is longer than the {max} that profile {profile} allows ({source_text}); write {max} or less"
    )]
    GrantTooLong {
        /// Days found.
        days: u32,
        /// Days allowed.
        max: u32,
        /// The legal profile.
        profile: String,
        /// Where the number comes from.
        source_text: String,
    },
    /// A refusal remembered for less than the profile demands.
    #[error(
        "{days} days is shorter than the {min} that profile {profile} demands ({source_text}); write {min} or more"
    )]
    RefusalTooShort {
        /// Days found.
        days: u32,
        /// Days demanded.
        min: u32,
        /// The legal profile.
        profile: String,
        /// Where the number comes from.
        source_text: String,
    },
    /// A grant that some countries' profiles cut short (warning).
    #[error("{days} days is longer than some profiles allow; grants there last {}", in_profiles(bounds))]
    GrantClamped {
        /// Days found.
        days: u32,
        /// Each profile that allows less, with the days it allows.
        bounds: Vec<(String, u32)>,
    },
    /// A refusal that some countries' profiles remember longer (warning).
    #[error("{days} days is shorter than some profiles demand; refusals there last {}", in_profiles(bounds))]
    RefusalClamped {
        /// Days found.
        days: u32,
        /// Each profile that demands more, with the days it demands.
        bounds: Vec<(String, u32)>,
    },
    /// Milliseconds out of range.
    #[error("{found} ms is out of range; write 0 to {max}")]
    Milliseconds {
        /// Milliseconds found.
        found: i64,
        /// Most milliseconds allowed.
        max: u32,
    },
    /// Months out of range.
    #[error("{found} months is out of range; write 1 to {max}")]
    Months {
        /// Months found.
        found: i64,
        /// Most months allowed.
        max: u16,
    },
    /// A category's receipts cannot be kept for less than all are: one receipt is about several.
    #[error(
        "{months} months is less than keep_months = {keep_months}, and one receipt is about several categories; write more, or lower keep_months"
    )]
    KeptShorter {
        /// Months found.
        months: u16,
        /// Months every receipt is kept.
        keep_months: u16,
    },
    /// Pixels out of range.
    #[error("{found} px is out of range; write 0 to {max}")]
    Pixels {
        /// Pixels found.
        found: i64,
        /// Most pixels allowed.
        max: u32,
    },
    /// Not a colour.
    #[error("{0:?} is not a colour; write six hexadecimal digits, as in #1f5f8b")]
    Colour(String),
    /// Colours that many people cannot tell apart. Source: WCAG 2.2 SC 1.4.3, 1.4.11.
    #[error(
        "{front} on {back} has a contrast of {}:1 and needs {}:1; make one of them lighter or darker",
        hundredths(*ratio),
        hundredths(*min)
    )]
    Contrast {
        /// Name and colour of what is looked at.
        front: String,
        /// Name and colour of what it stands on.
        back: String,
        /// Contrast found, hundredths.
        ratio: u32,
        /// Contrast needed, hundredths.
        min: u32,
    },
    /// Longer than any browser keeps a cookie.
    #[error("{days} days is longer than browsers keep a cookie; write {max} or less")]
    LongerThanCookie {
        /// Days found.
        days: u32,
        /// Days a cookie lives at most.
        max: u32,
    },
    /// Someone tries to switch the necessary.
    #[error("the necessary needs no consent and cannot be switched; remove this key")]
    NecessarySwitched,
    /// Nothing to ask for.
    #[error("no category is offered; add at least one, as in [categories.analytics] with title and text")]
    NothingOffered,
    /// A vendor in a category nobody can grant.
    #[error(
        "category {0:?} is not offered, so this vendor could never run; add [categories.{0}] or set enabled = false"
    )]
    CategoryNotOffered(&'static str),
    /// More vendors than a choice can name one by one.
    #[error(
        "{found} vendors are enabled, and a choice can name {max}; set enabled = false for those that the site does not use"
    )]
    TooManyVendors {
        /// Vendors found.
        found: usize,
        /// Most there may be.
        max: usize,
    },
    /// A vendor the catalogue does not know and the file does not describe.
    #[error("unknown vendor; {}", match .0 {
        Some(nearest) => format!("did you mean {nearest:?}? if not, give it name and category"),
        None => "give it name and category".to_owned(),
    })]
    UnknownVendor(Option<String>),
    /// A vendor the catalogue does not know and of which nothing can be told apart (warning).
    #[error(
        "is not in the catalogue and has no hosts, paths or cookies here: it is named to visitors, but nothing of it is held; add them"
    )]
    NotInCatalogue,
    /// Meta outside marketing. Source: standards.md S0.5.
    #[error("Meta's tools serve advertising and can only be \"marketing\", not {0:?}; remove this key")]
    MetaCategory(&'static str),
    /// A tracker called necessary. Source: standards.md requirement 14.
    #[error(
        "the catalogue files it under {0:?}: it needs consent (ePrivacy Directive Art. 5(3)) and cannot be \"necessary\"; remove this key"
    )]
    TrackerNecessary(&'static str),
    /// A vendor called necessary without saying why. Source: standards.md requirement 14.
    #[error("is missing; say in {0} signs or more why the page cannot do without this vendor")]
    ReasonMissing(usize),
    /// A word where a reason is due. Source: standards.md requirement 14.
    #[error("has {length} signs; say in {min} or more why the page cannot do without this vendor")]
    ReasonTooShort {
        /// Length found, characters.
        length: usize,
        /// Length due, characters.
        min: usize,
    },
    /// Not an address of a vendor.
    #[error(
        "{0:?} is not an address; write a host with a dot, and perhaps how the path begins, as in cdn.example.com/tracker/"
    )]
    VendorAddress(String),
    /// The site's own host given to a vendor: all of the site would be held.
    #[error("{0:?} is the site's own; name the paths that lead to the vendor, as in paths = [\"/ingest/\"]")]
    OwnHost(String),
    /// Not the beginning of a path.
    #[error(
        "{0:?} is not the beginning of a path; write it from the first / on and more than that, as in /ingest/"
    )]
    VendorPath(String),
    /// Not a pattern of pages.
    #[error("{0:?} is no pattern of pages; write one as /shop/*")]
    PagePattern(String),
    /// Not the name of a time zone.
    #[error("{0:?} is no time zone; write one as Europe/Dublin")]
    TimeZone(String),
    /// More than there is room for.
    #[error("has {count} groups, and there is room for {max}")]
    TooMany {
        /// Groups found.
        count: usize,
        /// Most there may be.
        max: usize,
    },
    /// Not a share.
    #[error("{0} is out of range; write 1 to 99")]
    Percent(i64),
    /// A difference that no experiment can be planned for.
    #[error(
        "{found} points are out of range; write 1 to {max}: larger differences are found too, but for them alone so few browsers would be asked that chance could hide them"
    )]
    Points {
        /// Percentage points found.
        found: i64,
        /// Most that there may be.
        max: u32,
    },
    /// An experiment that is over before it begins.
    #[error("is before the first day; write a later one")]
    EndsBefore,
    /// An experiment longer than figures are told by the day.
    #[error("lasts {days} days; {max} are enough for a site that gets an answer at all")]
    TriedTooLong {
        /// Days found.
        days: u32,
        /// Most there may be.
        max: u32,
    },
    /// A way to ask that cannot be called so.
    #[error(
        "{0:?} cannot be a variant's name; use a-z, 0-9 and -, first a letter, and not control, which is the site's own way"
    )]
    VariantName(String),
    /// No way to ask, or so many that none gets enough answers.
    #[error("has {count} variants; write 1 to {max}, as in [experiment.variants.plain]")]
    Variants {
        /// Variants found.
        count: usize,
        /// Most there may be.
        max: usize,
    },
    /// The winner is none of them.
    #[error("{0:?} is no variant; write the name of one, or control")]
    NoSuchVariant(String),
    /// A way to ask that is none of its own.
    #[error("asks exactly as the site does; give it another layout, theme or words, or remove it")]
    SameAsControl,
    /// A way to ask that is another one's twin: who is asked so would be parted into two groups for nothing.
    #[error(
        "asks exactly as variant {0:?} does; give one of them another layout, theme or words, or remove one"
    )]
    SameAsVariant(String),
    /// Another question.
    #[error(
        "is part of what consent is asked for, and an experiment asks everybody for the same; change it for all, or remove this key"
    )]
    AsksAnother,
    /// Words of a variant that not everybody can read (warning).
    #[error(
        "is said in the site's own language alone, and readers of {count} others are asked in the same words in every variant; write [experiment.variants.<name>.texts.<language>], or list the languages you speak in site.languages"
    )]
    VariantWords {
        /// How many languages lack them.
        count: usize,
    },
    /// Our own pages given to a vendor: nobody could choose any more.
    #[error("{0:?} covers our own pages under /_postern/; write another")]
    OwnPath(String),
    /// Not a name of a cookie, a parameter or a storage key.
    #[error(
        "{0:?} is not a name; use up to 100 signs without blanks, * for any run of them, but not * alone"
    )]
    Pattern(String),
    /// A vendor that is sent something before anybody consents (warning). Source: EDPB Guidelines 2/2023 par. 50-51.
    #[error(
        "it is sent hits without consent: no identifiers, but the visitor's address, browser and page reach it, and EDPB Guidelines 2/2023 ask consent for that too; remove this key unless a lawyer said so"
    )]
    Cookieless,
    /// `Clear-Site-Data` with cookies. Source: W3C Clear Site Data 3.1.
    #[error(
        "{0:?} would delete the site's own cookies and ours, which holds the refusal; use cache or storage (cookies of denied vendors are expired one by one)"
    )]
    ClearsRecord(String),
    /// `Clear-Site-Data` with storage (warning).
    #[error(
        "\"storage\" deletes what the site itself keeps in the browser too; keep it only if nothing is lost"
    )]
    ClearsOwnStorage,
    /// One loses what the other keeps.
    #[error("cannot keep for a grant what clean_landing sends away; remove one of the two")]
    LandingTwice,
    /// Identifiers in addresses (warning). Source: trackers.md 1.3.
    #[error(
        "puts click identifiers into the site's own links while their storage is denied, so that visitors are told apart all the same; remove this key"
    )]
    UrlPassthrough,
    /// PostHog outside the EU. Source: standards.md S0.4, requirement 18.
    #[error("{host:?} is not in the EU, and profile {profile} needs it; use eu.i.posthog.com")]
    PosthogRegion {
        /// The host found.
        host: String,
        /// The legal profile.
        profile: String,
    },
    /// A transfer out of the region with no safeguard. Source: standards.md S4.7.
    #[error(
        "data goes to {country} with no safeguard, and profile {profile} needs one; use adequacy, DPF, SCC or IDTA, or set enabled = false"
    )]
    NoSafeguard {
        /// Country code.
        country: String,
        /// The legal profile.
        profile: String,
    },
    /// A processor without a link to its data processing agreement (warning). Source: standards.md S4.6.
    #[error("is missing; a processor needs a data processing agreement (GDPR Art. 28): add its address")]
    DpaMissing,
    /// A vendor whose place or safeguard is not said (warning). Source: standards.md requirement 98.
    #[error("is missing; visitors are told where data goes and under what safeguard: add it")]
    TransferMissing,
    /// Words that turn silence into consent. Source: standards.md requirement 35.
    #[error("says {0:?}: nobody consents by silence; say what the buttons do instead")]
    DeemedConsent(&'static str),
    /// Words that push. Source: EDPB Guidelines 03/2022 on deceptive design patterns; standards.md requirement 31.
    #[error("says {phrase:?}, which pushes ({pattern}); say plainly what happens")]
    Pushes {
        /// The words.
        phrase: &'static str,
        /// The pattern's name in the guidelines.
        pattern: &'static str,
    },
    /// Two buttons with one text.
    #[error("is the same text as accept; say what refusing does")]
    SameButtons,
    /// A button much larger than its twin (warning). Source: standards.md requirement 22.
    #[error(
        "{accept} signs on accept and {reject} on reject: one will look larger or be harder to read; make them alike"
    )]
    UnlikeButtons {
        /// Signs on the one.
        accept: usize,
        /// Signs on the other.
        reject: usize,
    },
    /// An override that lost what must be shown.
    #[error("must contain {0}, which is filled in when shown; add it")]
    PlaceholderMissing(&'static str),
    /// A category's words twice.
    #[error("is said under categories.{0} already; remove one of the two")]
    SaidTwice(&'static str),
    /// Texts of the site's own language in a table for another.
    #[error("is the site's own language: write its texts under [texts] itself")]
    OwnLanguage,
    /// Texts of a language that the file itself does not list.
    #[error("{0:?} is not among site.languages; add it there or remove these texts")]
    LanguageNotListed(String),
    /// What a purpose is, said in the site's own words of one language (warning).
    #[error(
        "is said in the site's own language alone, and readers of {count} others see what is built in; write {key} under [texts.<language>], or list the languages you speak in site.languages"
    )]
    WordsInOneLanguage {
        /// The key in the texts.
        key: &'static str,
        /// How many languages lack it.
        count: usize,
    },
    /// A language we have no texts for, and not all are given.
    #[error("no built-in texts for {language:?}; write these too: {}", keys.join(", "))]
    TextsIncomplete {
        /// The site's language.
        language: String,
        /// Keys without a text.
        keys: Vec<&'static str>,
    },
}

fn hundredths(number: u32) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

fn one_of(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => format!("use one of {}", known.join(", ")),
    }
}

fn in_profiles(bounds: &[(String, u32)]) -> String {
    let each: Vec<_> = bounds.iter().map(|(name, days)| format!("{days} under {name}")).collect();
    each.join(", ")
}
