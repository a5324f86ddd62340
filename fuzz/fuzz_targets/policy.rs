#![no_main]
//! Any text as a site's `postern.toml`.

use postern_policy::Policy;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Policy::parse(text, &[]) {
        Ok(policy) => {
            let again = Policy::parse(text, &[]).expect("the same text");
            assert_eq!(policy.hash(), again.hash());
            assert_eq!(policy.tag(), again.tag());
            for category in policy.offered().iter() {
                assert!(policy.purpose(category).is_some(), "{category:?} is offered and says nothing");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
