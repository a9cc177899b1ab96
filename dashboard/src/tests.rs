//! Invariant: the embedded files are complete (whatever a page or a module refers to is there), ask no other
//! host for anything, and need no exception from the strict Content-Security-Policy.

use std::collections::BTreeSet;

use super::{Asset, asset, assets};

fn text(asset: &Asset) -> &str {
    std::str::from_utf8(asset.body).expect("every file of ours is UTF-8")
}

/// Every page.
const PAGES: [&str; 3] = ["index.html", "setup.html", "audit.html"];

fn of_kind(ending: &str) -> impl Iterator<Item = &'static Asset> {
    let ending = ending.to_owned();
    assets().iter().filter(move |asset| asset.path.ends_with(&ending))
}

/// What stands between `before` and the next `after`, every time.
fn between<'text>(text: &'text str, before: &str, after: char) -> Vec<&'text str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

/// The paths that a page asks for under `/assets/`.
fn references(page: &Asset) -> Vec<&str> {
    let mut paths = between(text(page), "href=\"", '"');
    paths.extend(between(text(page), "src=\"", '"'));
    paths.iter().filter_map(|path| path.strip_prefix("/assets/")).collect()
}

/// The modules that a module imports; all of them lie beside it.
fn imports(module: &Asset) -> Vec<String> {
    between(text(module), "from \"./", '"').iter().map(|name| format!("js/{name}")).collect()
}

#[test]
fn pages_and_their_parts_are_there() {
    for page in PAGES {
        let page = asset(page).expect("the page is embedded");
        for path in references(page) {
            assert!(asset(path).is_some(), "{} refers to {path}, which is not there", page.path);
        }
    }
    for module in of_kind(".js") {
        for path in imports(module) {
            assert!(asset(&path).is_some(), "{} imports {path}, which is not there", module.path);
        }
    }
}

/// What these pages load, and what that imports in turn, themselves included.
fn reach(pages: &[&str]) -> BTreeSet<String> {
    let mut wanted: BTreeSet<String> = pages.iter().map(|page| (*page).to_owned()).collect();
    let mut open: Vec<String> = wanted.iter().cloned().collect();
    while let Some(path) = open.pop() {
        let file = asset(&path).expect("only what exists is wanted");
        let more: Vec<String> = match path.rsplit_once('.') {
            Some((_, "html")) => references(file).into_iter().map(str::to_owned).collect(),
            Some((_, "js")) => imports(file),
            _ => Vec::new(),
        };
        open.extend(more.into_iter().filter(|path| wanted.insert(path.clone())));
    }
    wanted
}

#[test]
fn nothing_is_left_over() {
    let wanted = reach(&PAGES);
    for file in assets() {
        assert!(wanted.contains(file.path), "{} is embedded, but nothing refers to it", file.path);
    }
}

#[test]
fn every_page_names_the_modules_it_needs_and_no_others() {
    for page in PAGES {
        let html = asset(page).expect("the page is embedded");
        let named: BTreeSet<&str> =
            references(html).into_iter().filter(|path| path.ends_with(".js")).collect();
        // Otherwise the browser finds out module by module, one round trip each.
        for path in reach(&[page]).iter().filter(|path| path.ends_with(".js")) {
            assert!(named.contains(path.as_str()), "{page} neither runs nor preloads {path}");
        }
        let run = between(text(html), "<script type=\"module\" src=\"/assets/", '"');
        let mut needed: BTreeSet<String> = run.iter().map(|path| (*path).to_owned()).collect();
        let mut open: Vec<String> = needed.iter().cloned().collect();
        while let Some(path) = open.pop() {
            let more = imports(asset(&path).expect("only what exists is imported"));
            open.extend(more.into_iter().filter(|path| needed.insert(path.clone())));
        }
        for path in named {
            assert!(needed.contains(path), "{page} preloads {path}, which nothing on it imports");
        }
    }
}

#[test]
fn no_file_names_another_host() {
    for file in assets() {
        let text = text(file).replace("http://www.w3.org/2000/svg", "");
        for scheme in ["http://", "https://", "ws://", "wss://", "src=\"//", "href=\"//", "url(//", "@import"]
        {
            assert!(!text.contains(scheme), "{} contains {scheme}", file.path);
        }
    }
}

#[test]
fn nothing_is_inline() {
    for page in of_kind(".html") {
        let text = text(page);
        assert!(!text.contains("<style") && !text.contains(" style="), "{} has inline style", page.path);
        for attributes in between(text, "<script", '>') {
            assert!(attributes.contains(" src=\"/assets/"), "{} has an inline script", page.path);
        }
        for tag in between(text, "<", '>') {
            let handler =
                tag.split_whitespace().skip(1).any(|part| part.starts_with("on") && part.contains('='));
            assert!(!handler, "{} has an inline event handler: <{tag}>", page.path);
        }
        assert!(!text.contains("javascript:"), "{} has a javascript: address", page.path);
    }
}

#[test]
fn scripts_make_no_markup_out_of_strings() {
    const MARKUP: [&str; 8] = [
        "innerHTML",
        "outerHTML =",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "cssText",
        "createContextualFragment",
    ];
    for module in of_kind(".js") {
        for way in MARKUP {
            assert!(!text(module).contains(way), "{} uses {way}", module.path);
        }
        assert!(
            !text(module).contains("localStorage") && !text(module).contains("sessionStorage"),
            "{}",
            module.path
        );
        assert!(!text(module).contains("document.cookie"), "{}", module.path);
        assert!(text(module).starts_with("// "), "{} does not begin by saying what it does", module.path);
    }
}

#[test]
fn no_file_outgrows_five_hundred_lines() {
    for file in assets() {
        assert!(text(file).lines().count() <= 500, "{} has more than 500 lines", file.path);
    }
}

#[test]
fn assets_are_found_typed_and_tagged() {
    assert!(asset("js/nothing.js").is_none() && asset("").is_none() && asset("../Cargo.toml").is_none());
    for file in assets() {
        assert!(std::ptr::eq(asset(file.path).expect("found by its own path"), file));
        assert!(
            file.etag.starts_with('"') && file.etag.ends_with('"') && file.etag.len() == 34,
            "{}",
            file.path
        );
        assert!(file.gzip.starts_with(&[0x1f, 0x8b]) && !file.brotli.is_empty(), "{}", file.path);
    }
    let tags: BTreeSet<&str> = assets().iter().map(|file| file.etag).collect();
    assert_eq!(tags.len(), assets().len(), "different files have different tags");
    assert_eq!(asset("js/main.js").map(|file| file.content_type), Some("text/javascript; charset=utf-8"));
    assert_eq!(asset("index.html").map(|file| file.content_type), Some("text/html; charset=utf-8"));
}

/// The bytes of these files, compressed.
fn weight(files: &BTreeSet<String>) -> usize {
    files.iter().filter_map(|path| asset(path)).map(|file| file.brotli.len()).sum()
}

#[test]
fn the_whole_dashboard_stays_small() {
    let brotli = weight(&reach(&["index.html", "setup.html"]));
    assert!(brotli < 40_000, "{brotli} bytes compressed: a first visit on a slow line would notice");
}

#[test]
fn the_audit_page_adds_little() {
    let shared = reach(&["index.html", "setup.html"]);
    let own: BTreeSet<String> = reach(&["audit.html"]).difference(&shared).cloned().collect();
    let brotli = weight(&own);
    assert!(brotli < 32_000, "{brotli} bytes compressed beyond what the dashboard has");
}
