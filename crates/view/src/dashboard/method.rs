//! How each figure is counted, and what others have found. Source: standards.md requirement 94; its table of measurements.

use maud::{Markup, html};
use postern_stats::{BOT_WORDS, SMALLEST_GROUP};

/// What has been published on how many agree: a range, and where it stands.
const PUBLISHED: [(&str, &str, &str); 3] = [
    (
        "With a refusal as easy as consent: fewer than 40 % agree",
        "Over millions of interactions more than 60 % did not consent where one click refuses; about 90 % accepted where none does.",
        "https://arxiv.org/abs/2402.18321",
    ),
    (
        "Without a refusal in the first layer: 22 to 23 points more",
        "Hiding the refusal raised consent by so many points, and purposes in the first layer lowered it by 8 to 20 (Nouwens and others, CHI 2020).",
        "https://doi.org/10.1145/3313831.3376321",
    ),
    (
        "Banners with a refusal in the first layer: 31 % of sites in 2024",
        "Of 11,364 sites; 3 % in 2018. So most rates that are quoted come from banners that do not offer what yours does.",
        "https://arxiv.org/abs/2606.31485",
    ),
];

pub(super) fn method() -> Markup {
    html! {
        h2 { "How this is counted" }
        dl class="method" {
            div { dt { "Pages" } dd { "Pages that the edge handed out, those fetched ahead and those of bots left out. A bot is who says so: by one of " (BOT_WORDS.len()) " words in the user agent, or by none." } }
            div { dt { "Asked" } dd { "Browsers that got the question for the first time in their session, or anew since what they had chosen holds no longer. A cookie without an identifier says that it was asked, the same for everybody." } }
            div { dt { "Answers" } dd { "Accepted, refused, in part: each from one receipt, counted from the receipts themselves. What somebody has had restricted is not in the figures." } }
            div { dt { "Yes" } dd { "Accepted and in part, of all answers; or, of first answers alone, of the browsers asked. From and to are Wilson’s 95 % interval: chance alone moves the rate that far." } }
            div { dt { "Small groups" } dd { "A day is shown when it is over. Of fewer than " (SMALLEST_GROUP) " browsers asked, or answers, nothing is shown by itself: such days wait for the next, such groups are among the others. All that is shown are sums of groups of " (SMALLEST_GROUP) " and more, so no two figures tell of fewer." } }
            div { dt { "Lost" } dd { "Pages are gathered for a second where they are served. If that program ends within it, they are not counted; answers always are." } }
        }
        h2 { "What others have found" }
        dl class="method" {
            @for (range, what, source) in PUBLISHED {
                div { dt { (range) } dd { (what) " " a href=(source) rel="noreferrer" { "The study" } "." } }
            }
        }
        p class="soft" { "Ranges to read yours against, never a target: a rate says how people decide, not how well a banner sells." }
    }
}
