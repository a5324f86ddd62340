//! Which clients are not counted. The rule is stated, so that the dashboard can say it.

/// A client whose user agent contains one of these, in any case, is a bot. Words that crawlers, monitors
/// and libraries put there themselves; a client that hides is counted. Source: the products' own pages
/// and default user agents, 2026-11.
pub const BOT_WORDS: [&str; 24] = [
    "bot", // Googlebot, bingbot, GPTBot, DuckDuckBot, AhrefsBot …
    "crawl",
    "spider",
    "slurp",               // Yahoo
    "facebookexternalhit", // link previews
    "mediapartners-google",
    "google-inspectiontool",
    "bingpreview",
    "preview",
    "headless",
    "lighthouse",
    "pingdom",
    "uptime",
    "monitor",
    "curl/",
    "wget/",
    "python-requests",
    "python-urllib",
    "aiohttp",
    "go-http-client",
    "java/",
    "okhttp",
    "axios/",
    "scrapy",
];

/// Names of phones with such a word in them.
const PHONES: [&str; 1] = ["cubot"];

/// Is it a bot by its own words? An empty user agent is one: browsers send theirs.
#[must_use]
pub fn is_bot(user_agent: &str) -> bool {
    let lower = user_agent.to_ascii_lowercase();
    let lower = PHONES.iter().fold(lower, |rest, phone| rest.replace(phone, "phone"));
    lower.trim().is_empty() || BOT_WORDS.into_iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_counted_and_bots_are_not() {
        for user_agent in [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
        ] {
            assert!(!is_bot(user_agent), "{user_agent}");
        }
        for user_agent in [
            "",
            " ",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/116.0.1938.76 Safari/537.36",
            "facebookexternalhit/1.1",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
            "curl/8.5.0",
            "Go-http-client/2.0",
        ] {
            assert!(is_bot(user_agent), "{user_agent}");
        }
    }

    #[test]
    fn words_are_lower_case_and_there_once() {
        for (place, word) in BOT_WORDS.iter().enumerate() {
            assert_eq!(*word, word.to_ascii_lowercase());
            assert!(!BOT_WORDS[..place].contains(word), "{word}");
        }
    }
}
