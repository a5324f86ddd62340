//! The vendors `check` knows, until the catalogue takes this over.

use postern_consent::Category;
use postern_policy::KnownVendor;

/// Id, category and name. Source: trackers.md 1 (2026-11-22).
pub(crate) const KNOWN: [KnownVendor<'static>; 10] = [
    ("ga4", Category::Analytics, "Google Analytics 4"),
    ("google-ads", Category::Marketing, "Google Ads"),
    ("google-signin", Category::Necessary, "Google Sign-In"),
    ("gtm", Category::Functional, "Google Tag Manager"),
    ("hcaptcha", Category::Necessary, "hCaptcha"),
    ("meta-pixel", Category::Marketing, "Meta Pixel"),
    ("posthog", Category::Analytics, "PostHog"),
    ("stripe", Category::Necessary, "Stripe"),
    ("turnstile", Category::Necessary, "Cloudflare Turnstile"),
    ("youtube", Category::Social, "YouTube"),
];
