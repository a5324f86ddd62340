//! What is known of vendors' hits: how they are recognised, and which of their fields identify somebody.
//!
//! What lives here: tables, a mechanical copy of the `[[payload]]` parts of the vendor files. What never
//! does: code that reads them (`marks`, `rule`).

use super::{Kind, Payload};

/// Vendor ids with their payloads. The first vendor that matches is the one.
/// In the order of ids, as the catalogue has them.
#[rustfmt::skip] // A table: one sign a line would make it five times as long.
pub(super) static PAYLOADS: &[(&str, &[Payload])] = &[
    (
        "amplitude",
        &[
            // HTTP API V2 and batch.
            Payload {
                kind: Kind::Json,
                marks: &[
                  "api_key", "events.event_type", "events.device_id|events.user_id|events.insert_id",
                ],
                ids: &[
                  "device_id", "user_id", "session_id", "event_id", "insert_id", "user_properties",
                  "groups", "group_properties", "global_user_properties", "ip", "idfa", "idfv", "adid",
                  "android_id", "location_lat", "location_lng", "partner_id", "amplitude_id",
                  "[Amplitude] Session ID", "[Amplitude] Device ID", "[Amplitude] Session Replay ID",
                  "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "twclid",
                  "li_fat_id", "igshid", "ttclid", "rdt_cid", "epik", "qclid", "sccid", "irclid",
                  "_kx", "oppref", "bfcid", "gad_source", "mc_cid", "utm_*",
                ],
                addresses: &[
                  "[Amplitude] Page Location", "[Amplitude] Page URL", "[Amplitude] Element Href",
                  "referrer",
                ],
                cookieless: true,
            },
            // Events about a person.
            Payload {
                kind: Kind::Json,
                marks: &[".event_type=$identify|.event_type=$groupidentify"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
            // Recordings.
            Payload {
                kind: Kind::Query,
                marks: &["device_id", "session_id", "type=replay|type=interaction"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
            // The API before V2: events as JSON inside of a form.
            Payload {
                kind: Kind::Query,
                marks: &["client", "e=*device_id*", "checksum|upload_time"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
        ],
    ),
    (
        "clarity",
        &[
            // Recordings: an envelope of version, sequence, start, length, project, user, session.
            Payload {
                kind: Kind::Json,
                marks: &["e.0=#.*", "e.9", "a"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
        ],
    ),
    (
        "ga4",
        &[
            // gtag hits, also through a server container or a tag gateway; batched events are lines of the body.
            Payload {
                kind: Kind::Query,
                marks: &["v=2", "tid=G-*|tid=GT-*", "en"],
                ids: &[
                  "cid", "uid", "sid", "ecid", "_p", "_fid", "ep.ga_temp_client_id", "_gtcid", "em",
                  "ec_*", "ecsid", "ga_uid", "userId", "user_data*", "ep.user_data*", "ep.user_id",
                  "ep.client_id", "ep.session_id", "ep.ga_session_id", "epn.ga_session_id", "up.*",
                  "upn.*", "sha256_*", "email_address", "phone_number", "first_name", "last_name",
                  "street", "gclid", "dclid", "gclsrc", "gbraid", "wbraid", "gclaw", "gcldc", "gclgb",
                  "gclgs", "gclst", "gcllp", "gac", "gacgb", "auid", "gad_source", "gad_source_src",
                  "gad_campaignid", "uip", "_uip", "uaa", "uab", "uafvl", "uam", "uamb", "uap", "uapv",
                  "uaw", "sr", "sst.*", "_fplc", "rnd",
                ],
                addresses: &[
                  "dl", "dr", "dp", "ep.link_url", "ep.page_location", "ep.page_referrer",
                  "ep.video_url", "ep.form_destination",
                ],
                cookieless: true,
            },
            // Universal Analytics, also as batch.
            Payload {
                kind: Kind::Query,
                marks: &["v=1", "tid=UA-*", "t|cid|dl"],
                ids: &[
                  "cid", "uid", "uip", "ua", "_gid", "jid", "gjid", "a", "linkid", "gclid", "dclid",
                  "sr", "vp",
                ],
                addresses: &["dl", "dr", "dp"],
                cookieless: true,
            },
            // Measurement Protocol.
            Payload {
                kind: Kind::Json,
                marks: &[
                  "?measurement_id=G-*|?firebase_app_id", "?api_secret",
                  "client_id|app_instance_id|events",
                ],
                ids: &[
                  "client_id", "app_instance_id", "user_id", "user_data", "user_properties",
                  "session_id", "ga_session_id", "ga_temp_client_id", "ip_override", "user_agent",
                  "device", "sha256_*", "email_address", "phone_number",
                ],
                addresses: &["page_location", "page_referrer", "link_url"],
                cookieless: true,
            },
        ],
    ),
    (
        "google-ads",
        &[
            // gtag hits of Ads and Floodlight tags.
            Payload {
                kind: Kind::Query,
                marks: &["v=2", "tid=AW-*|tid=DC-*", "en"],
                ids: &[
                  "cid", "uid", "sid", "ecid", "_p", "_fid", "ep.ga_temp_client_id", "_gtcid", "em",
                  "ec_*", "ecsid", "ga_uid", "userId", "user_data*", "ep.user_data*", "ep.user_id",
                  "ep.client_id", "ep.session_id", "ep.ga_session_id", "epn.ga_session_id", "up.*",
                  "upn.*", "sha256_*", "email_address", "phone_number", "first_name", "last_name",
                  "street", "gclid", "dclid", "gclsrc", "gbraid", "wbraid", "gclaw", "gcldc", "gclgb",
                  "gclgs", "gclst", "gcllp", "gac", "gacgb", "auid", "gad_source", "gad_source_src",
                  "gad_campaignid", "uip", "_uip", "uaa", "uab", "uafvl", "uam", "uamb", "uap", "uapv",
                  "uaw", "sr", "sst.*", "_fplc", "rnd",
                ],
                addresses: &[
                  "dl", "dr", "dp", "ep.link_url", "ep.page_location", "ep.page_referrer",
                  "ep.video_url", "ep.form_destination",
                ],
                cookieless: true,
            },
            // Conversion and remarketing pings: without a click id they say nothing to the advertiser.
            Payload {
                kind: Kind::Query,
                marks: &["random", "fst", "cv", "gtm|guid|label|url"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
            // ccm/collect, ccm/conversion, form-data.
            Payload {
                kind: Kind::Query,
                marks: &[
                  "gtm", "gcd=1*", "scrsrc|navt|em|label|/ccm/collect|/ccm/conversion", "en|dl|url|em",
                ],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
        ],
    ),
    (
        "matomo",
        &[
            // Tracker API.
            Payload {
                kind: Kind::Query,
                marks: &["idsite", "rec=1"],
                ids: &[
                  "_id", "uid", "cid", "pv_id", "_idts", "_idvc", "_viewts", "_refts", "_ects",
                  "_ref_id", "uadata", "cip", "ua", "token_auth", "res", "visitorId", "_cvar",
                  "pk_vid",
                ],
                addresses: &["url", "urlref", "_ref", "link", "download"],
                cookieless: true,
            },
            // Heatmaps and recordings.
            Payload {
                kind: Kind::Query,
                marks: &["idsite", "rec=1", "hsr_vid|hsr_ev|hsr_rid|hsr_idhsr"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
            // Bulk: hits as strings, each stripped as one.
            Payload {
                kind: Kind::Json,
                marks: &["requests=*idsite=*", "requests=*rec=1*"],
                ids: &["token_auth"],
                addresses: &["requests"],
                cookieless: true,
            },
        ],
    ),
    (
        "meta-pixel",
        &[
            // /tr as image, form or beacon.
            Payload {
                kind: Kind::Query,
                marks: &["id=##########*", "ev", "/tr|fbp|fbc|rqm|noscript=1|v=2.9.*|ud[*"],
                ids: &[
                  "fbp", "fbc", "fbcs", "eid", "ud[*", "aud[*", "cud[*", "ncud[*", "udff*", "cudff*",
                  "external_id", "client_ip_address", "click_id", "it", "plt",
                ],
                addresses: &["dl", "rl", "ler"],
                cookieless: true,
            },
            // Conversions API: it matches by user_data, so without it there is nothing.
            Payload {
                kind: Kind::Json,
                marks: &[
                  "data.event_name", "data.user_data",
                  "data.event_time|data.action_source|data.event_source_url|?access_token|access_token",
                ],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
            // Conversions API gateway (openbridge).
            Payload {
                kind: Kind::Json,
                marks: &[
                  "event_name|data.event_name",
                  "fb.pixel_id|fb.fbp|fb.fbc|fb.advanced_matching|website_context",
                ],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
        ],
    ),
    (
        "mixpanel",
        &[
            // Events, one or many.
            Payload {
                kind: Kind::Json,
                marks: &["properties.token", "properties.mp_lib", "event"],
                ids: &[
                  "distinct_id", "$distinct_id", "$device_id", "$user_id", "$anon_id", "$insert_id",
                  "$initial_*", "ip", "$ip", "mp_session_id", "$session_id", "$mp_replay_id",
                  "$mp_session_id", "$group_id", "$group_key", "$set", "$set_once",
                  "mp_sent_by_lib_id", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid",
                  "msclkid", "twclid", "li_fat_id", "igshid", "ttclid", "rdt_cid", "epik", "qclid",
                  "sccid", "irclid", "_kx", "oppref", "bfcid", "gad_source", "mc_cid", "utm_*",
                ],
                addresses: &["$current_url", "$referrer", "current_url_search", "href"],
                cookieless: true,
            },
            // /engage and /groups: profiles.
            Payload {
                kind: Kind::Json,
                marks: &[
                  "$token", "$distinct_id|$group_key",
                  "$set|$set_once|$add|$union|$append|$unset|$delete|$remove",
                ],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
            // Events about a person.
            Payload {
                kind: Kind::Json,
                marks: &[".event=$identify|.event=$create_alias|.event=$merge"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
            // Recordings.
            Payload {
                kind: Kind::Query,
                marks: &["replay_id", "distinct_id|$device_id", "seq|batch_start_time|mp_lib"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
        ],
    ),
    (
        "posthog",
        &[
            // Events and flags, in any wrapping.
            Payload {
                kind: Kind::Json,
                marks: &[

                  "api_key=phc_*|token=phc_*|$token=phc_*|properties.token=phc_*|batch.properties.token=phc_*|data.properties.token=phc_*",
                  "batch|event|data|distinct_id|$distinct_id|properties.distinct_id",
                ],
                ids: &[
                  "distinct_id", "$distinct_id", "$device_id", "device_id", "$session_id",
                  "$window_id", "$pageview_id", "$prev_pageview_id", "$insert_id", "uuid",
                  "$anon_distinct_id", "$user_id", "$sesid", "$epp", "$set", "$set_once", "$unset",
                  "$groups", "groups", "group_properties", "person_properties", "$ip",
                  "$raw_user_agent", "$initial_*", "$initialization_time", "$session_entry_*",
                  "$session_id_*", "$sdk_debug_*", "$had_persisted_distinct_id", "$alias", "alias",
                  "$person_id", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid",
                  "twclid", "li_fat_id", "igshid", "ttclid", "rdt_cid", "epik", "qclid", "sccid",
                  "irclid", "_kx", "oppref", "bfcid", "gad_source", "mc_cid", "utm_*",
                ],
                addresses: &[
                  "$current_url", "$referrer", "$prev_pageview_pathname", "$pathname",
                  "$external_click_url", "attr__href", "href", "url",
                ],
                cookieless: true,
            },
            // Projects whose key is older than its prefix.
            Payload {
                kind: Kind::Json,
                marks: &[
                  "api_key|token|properties.token|batch.properties.token",
                  "properties.$lib|batch.properties.$lib",
                  "distinct_id|properties.distinct_id|batch.distinct_id|batch.properties.distinct_id",
                ],
                ids: &[
                  "distinct_id", "$distinct_id", "$device_id", "device_id", "$session_id",
                  "$window_id", "$pageview_id", "$prev_pageview_id", "$insert_id", "uuid",
                  "$anon_distinct_id", "$user_id", "$sesid", "$epp", "$set", "$set_once", "$unset",
                  "$groups", "groups", "group_properties", "person_properties", "$ip",
                  "$raw_user_agent", "$initial_*", "$initialization_time", "$session_entry_*",
                  "$session_id_*", "$sdk_debug_*", "$had_persisted_distinct_id", "$alias", "alias",
                  "$person_id", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid",
                  "twclid", "li_fat_id", "igshid", "ttclid", "rdt_cid", "epik", "qclid", "sccid",
                  "irclid", "_kx", "oppref", "bfcid", "gad_source", "mc_cid", "utm_*",
                ],
                addresses: &[
                  "$current_url", "$referrer", "$prev_pageview_pathname", "$pathname",
                  "$external_click_url", "attr__href", "href", "url",
                ],
                cookieless: true,
            },
            // Events that are about a person, and recordings.
            Payload {
                kind: Kind::Json,
                marks: &[

                  ".event=$identify|.event=$create_alias|.event=$merge_dangerously|.event=$groupidentify|.event=$set|.event=$snapshot|.event=$performance_event",
                ],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
            // Surveys, early access, experiments: asked for by key.
            Payload {
                kind: Kind::Query,
                marks: &[
                  "token=phc_*|api_key=phc_*",
                  "/api/surveys|/api/early_access_features|/api/web_experiments|/api/product_tours|/flags|/decide",
                ],
                ids: &[
                  "distinct_id", "$distinct_id", "$device_id", "device_id", "$session_id",
                  "$window_id", "$pageview_id", "$prev_pageview_id", "$insert_id", "uuid",
                  "$anon_distinct_id", "$user_id", "$sesid", "$epp", "$set", "$set_once", "$unset",
                  "$groups", "groups", "group_properties", "person_properties", "$ip",
                  "$raw_user_agent", "$initial_*", "$initialization_time", "$session_entry_*",
                  "$session_id_*", "$sdk_debug_*", "$had_persisted_distinct_id", "$alias", "alias",
                  "$person_id",
                ],
                addresses: &[],
                cookieless: true,
            },
            // Logs and whatever else is posted under a key.
            Payload {
                kind: Kind::Query,
                marks: &["token=phc_*|api_key=phc_*", "/i/v1/logs|/i/v1/traces|/s"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
        ],
    ),
    (
        "segment",
        &[
            // Calls and batches; RudderStack and Jitsu speak the same.
            Payload {
                kind: Kind::Json,
                marks: &[

                  "writeKey|/v1/t|/v1/p|/v1/s|/v1/i|/v1/a|/v1/g|/v1/track|/v1/page|/v1/screen|/v1/b|/v1/batch|context.library|batch.context.library",
                  "anonymousId|userId|batch.anonymousId|batch.userId", "messageId|batch.messageId",
                ],
                ids: &[
                  "anonymousId", "userId", "messageId", "previousId", "groupId", "traits",
                  "context.traits", "context.ip", "context.device", "context.externalIds",
                  "context.userAgent", "context.userAgentData", "context.screen", "context.referrer",
                  "externalIds", "advertisingId", "sessionId", "context.sessionId", "email", "phone",
                  "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "twclid",
                  "li_fat_id", "igshid", "ttclid", "rdt_cid", "epik", "qclid", "sccid", "irclid",
                  "_kx", "oppref", "bfcid", "gad_source", "mc_cid", "utm_*",
                ],
                addresses: &["url", "referrer", "search", "path", "href", "link"],
                cookieless: true,
            },
            // Calls that say who somebody is.
            Payload {
                kind: Kind::Json,
                marks: &[".type=identify|.type=alias|.type=group"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
        ],
    ),
    (
        "snowplow",
        &[
            // tp2.
            Payload {
                kind: Kind::Json,
                marks: &[
                  "schema=iglu:com.snowplowanalytics.snowplow/payload_data/*", "data.e|data.eid",
                ],
                ids: &[
                  "duid", "sid", "uid", "tnuid", "nuid", "vid", "eid", "ip", "ua", "co", "cx",
                  "tid_uid", "network_userid", "res", "fp",
                ],
                addresses: &["url", "refr", "page"],
                cookieless: true,
            },
            // Self-describing events: their data is encoded once more, and free.
            Payload {
                kind: Kind::Json,
                marks: &[".e=ue"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
            // The pixel.
            Payload {
                kind: Kind::Query,
                marks: &["e=pv|e=pp|e=se|e=tr|e=ti|e=ad", "p", "tv", "eid|dtm|aid|duid"],
                ids: &[
                  "duid", "sid", "uid", "tnuid", "nuid", "vid", "eid", "ip", "ua", "co", "cx",
                  "tid_uid", "network_userid", "res", "fp",
                ],
                addresses: &["url", "refr", "page"],
                cookieless: true,
            },
            // Self-describing events by pixel.
            Payload {
                kind: Kind::Query,
                marks: &["e=ue", "p", "tv"],
                ids: &[],
                addresses: &[],
                cookieless: false,
            },
        ],
    ),
];
