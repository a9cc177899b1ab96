//! `GET /mq.js` and `GET /mq.<hash>.js`. Promise: any page may load it, by the best coding it takes, and
//! the bytes under a hash never change. What the script does is the browser suite's business.

use mqlite_tests::{Answer, SITE, TestApp, mqlite};

fn load(app: &TestApp, path: &str, accept: &str) -> Answer {
    app.get(path).header("accept-encoding", accept).send()
}

/// The path of the pinned script and its integrity, from the tag that `mqlite tag --pinned` prints.
fn pinned(app: &TestApp) -> (String, String) {
    let base = app.base();
    let arguments = ["tag", SITE, "--pinned", "--public-url", base];
    let tag = mqlite(arguments).assert_ok();
    let attribute = |name: &str| {
        let rest = tag.split_once(&format!("{name}=\"")).expect("the attribute").1;
        rest.split('"').next().expect("its value").to_owned()
    };
    let path = attribute("src").strip_prefix(base).expect("it is ours").to_owned();
    (path, attribute("integrity"))
}

#[test]
fn it_comes_in_the_best_coding_that_is_taken() {
    let app = TestApp::start();
    let codings = [
        ("", None),
        ("gzip", Some("gzip")),
        ("gzip, deflate, br, zstd", Some("br")),
        ("br;q=0, gzip", Some("gzip")),
    ];
    for (accept, coding) in codings {
        let answer = load(&app, "/mq.js", accept).assert_status(200);
        assert_eq!(answer.header("content-encoding"), coding, "{accept}");
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"));
        assert_eq!(answer.header("set-cookie"), None);
        assert!(!answer.body.is_empty());
    }
}

#[test]
fn it_is_asked_for_again_by_its_etag() {
    let app = TestApp::start();
    let first = load(&app, "/mq.js", "gzip");
    let etag = first.header("etag").expect("an etag").to_owned();
    let cache = first.header("cache-control").unwrap_or_default();
    assert!(
        cache.contains("max-age=") && !cache.contains("immutable"),
        "it changes with the collector: {cache}"
    );
    let again = |tag: &str| app.get("/mq.js").header("if-none-match", tag).send();
    for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let answer = again(&known).assert_status(304);
        assert!(answer.body.is_empty(), "{known}");
        assert_eq!(answer.header("etag"), Some(etag.as_str()));
    }
    again("\"other\"").assert_status(200);
}

#[test]
fn under_its_hash_it_stays_for_ever() {
    let app = TestApp::start();
    let (path, integrity) = pinned(&app);
    assert!(path.starts_with("/mq.") && path.ends_with(".js") && path != "/mq.js", "{path}");
    assert!(integrity.starts_with("sha384-"), "{integrity}");
    let by_hash = load(&app, &path, "gzip").assert_status(200);
    let current = load(&app, "/mq.js", "gzip").assert_status(200);
    assert_eq!(by_hash.body, current.body);
    let cache = by_hash.header("cache-control").unwrap_or_default();
    assert!(cache.contains("immutable") && cache.contains("max-age=31536000"), "{cache}");
    assert_eq!(by_hash.header("access-control-allow-origin"), Some("*"), "`crossorigin` asks for it");
    let gone = load(&app, "/mq.0123456789abcdef.js", "gzip").assert_problem(404);
    assert!(gone.detail.contains("mqlite tag"), "{gone:?}");
}
