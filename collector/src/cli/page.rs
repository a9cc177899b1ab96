//! Reads a page's HTML for `mqlite verify`. Invariant: it reads as a browser does and changes nothing; what
//! it finds wrong it says with what would be right.

use scraper::{ElementRef, Html, Selector};

/// What is said of a page, one line each.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What is right.
    pub(super) good: Vec<String>,
    /// What may be meant otherwise.
    pub(super) doubtful: Vec<String>,
    /// What does not work.
    pub(super) wrong: Vec<String>,
}

/// The tag, as the page has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) src: String,
    pub(super) site: String,
    pub(super) api: Option<String>,
    pub(super) integrity: Option<String>,
    pub(super) consent: Option<String>,
}

const TAG_ATTRIBUTES: &[&str] =
    &["data-site", "data-api", "data-consent", "data-hash-routing", "data-exclude", "data-auto"];
const AUTO: &[&str] = &["outbound", "downloads", "forms", "engagement"];
const CONSENT: &[&str] = &["granted", "measured", "denied"];

fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(selector).map(|selector| page.select(&selector).collect()).unwrap_or_default()
}

/// Finds the tag and checks everything on the page that the snippet reads.
pub(super) fn read(html: &str) -> (Option<Tag>, Findings) {
    let page = Html::parse_document(html);
    let mut findings = Findings::default();
    let tag = tag(&page, &mut findings);
    attributes(&page, &mut findings);
    forms(&page, &mut findings);
    for meta in select(&page, "meta[http-equiv]") {
        let is_policy =
            meta.attr("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("content-security-policy"));
        if is_policy {
            findings.doubtful.push(
                "the page sets a Content-Security-Policy: script-src and connect-src must allow the collector".to_owned(),
            );
        }
    }
    (tag, findings)
}

fn is_snippet(src: &str) -> bool {
    let file = src.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    file == "mq.js" || (file.starts_with("mq.") && file.ends_with(".js"))
}

fn tag(page: &Html, findings: &mut Findings) -> Option<Tag> {
    let scripts: Vec<ElementRef<'_>> = select(page, "script[src]")
        .into_iter()
        .filter(|script| script.attr("src").is_some_and(is_snippet))
        .collect();
    let Some(script) = scripts.first() else {
        findings.wrong.push(
            "there is no tag on the page; put the line that `mqlite tag SITE` prints into its <head>"
                .to_owned(),
        );
        return None;
    };
    if scripts.len() > 1 {
        findings.doubtful.push(format!(
            "the tag is there {} times; the first one counts, remove the others",
            scripts.len()
        ));
    }
    if script.attr("defer").is_none() && script.attr("async").is_none() {
        findings
            .doubtful
            .push("the tag has neither defer nor async, so the page waits for it; add defer".to_owned());
    }
    for (name, _) in script.value().attrs().filter(|(name, _)| name.starts_with("data-")) {
        if !TAG_ATTRIBUTES.contains(&name) {
            findings
                .doubtful
                .push(format!("the tag's {name} is not known; known are {}", TAG_ATTRIBUTES.join(", ")));
        }
    }
    for part in
        script.attr("data-auto").unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty())
    {
        if !AUTO.contains(&part) {
            findings.wrong.push(format!("data-auto has `{part}`; known are {}", AUTO.join(", ")));
        }
    }
    let consent = script.attr("data-consent").map(str::to_owned);
    if let Some(consent) = consent.as_deref().filter(|consent| !CONSENT.contains(consent)) {
        findings.wrong.push(format!("data-consent is `{consent}`; known are {}", CONSENT.join(", ")));
    }
    let Some(site) = script.attr("data-site").map(str::trim).filter(|site| !site.is_empty()) else {
        findings.wrong.push("the tag has no data-site; without it the snippet does nothing".to_owned());
        return None;
    };
    Some(Tag {
        src: script.attr("src").unwrap_or_default().to_owned(),
        site: site.to_owned(),
        api: script.attr("data-api").map(str::to_owned),
        integrity: script.attr("integrity").map(str::to_owned),
        consent,
    })
}

/// Event names in `data-mq-event` and `data-mq-view`.
fn attributes(page: &Html, findings: &mut Findings) {
    let mut count = 0;
    for attribute in ["data-mq-event", "data-mq-view"] {
        for element in select(page, &format!("[{attribute}]")) {
            let name = element.attr(attribute).unwrap_or_default();
            match crate::domain::EventName::parse(name) {
                Ok(_) => count += 1,
                Err(error) => findings.wrong.push(format!(
                    "<{}> has {attribute}=\"{}\": {error}",
                    element.value().name(),
                    name.chars().take(60).collect::<String>()
                )),
            }
        }
    }
    if count > 0 {
        findings.good.push(format!("{count} elements are marked with data-mq-event or data-mq-view"));
    }
}

fn forms(page: &Html, findings: &mut Findings) {
    let inner = |form: &ElementRef<'_>, selector: &str| {
        Selector::parse(selector).is_ok_and(|selector| form.select(&selector).next().is_some())
    };
    for form in select(page, "[data-mq-identify]") {
        if form.value().name() != "form" {
            findings
                .wrong
                .push(format!("data-mq-identify is on <{}>; it belongs on the <form>", form.value().name()));
            continue;
        }
        if !inner(&form, "input[type=email], [data-mq-field=email]") {
            findings.wrong.push(
                "a form has data-mq-identify but no <input type=\"email\">; nobody can be identified by it"
                    .to_owned(),
            );
            continue;
        }
        if form.attr("method").is_none_or(|method| method.eq_ignore_ascii_case("get"))
            && form.attr("action").is_some()
        {
            findings.doubtful.push(
                "a form with an address is sent by GET, which puts the address into the URL and into every log; use method=\"post\""
                    .to_owned(),
            );
        }
        if inner(&form, "[data-mq-consent=qualify]") {
            findings.good.push("a form identifies leads, with a box for their consent".to_owned());
        } else {
            findings.doubtful.push(
                "a form has data-mq-identify but no box marked data-mq-consent=\"qualify\": its identity is kept only if the \
                 page grants qualification, or the site's policy names another basis"
                    .to_owned(),
            );
        }
    }
    for field in select(page, "[data-mq-field]") {
        let inside = field
            .ancestors()
            .filter_map(ElementRef::wrap)
            .any(|parent| parent.attr("data-mq-identify").is_some());
        if !inside {
            let name = field.attr("data-mq-field").unwrap_or_default();
            findings.doubtful.push(format!(
                "data-mq-field=\"{name}\" is outside a form with data-mq-identify and is not sent"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_tag_and_what_is_wrong_with_it() {
        let (tag, findings) = read(
            r#"<head><script src="https://s.example/mq.js" data-site="example.com" data-auto="outbund" data-sight="x"></script></head>
               <a data-mq-event="1st">x</a>
               <form data-mq-identify action="/x"><input name=email></form>"#,
        );
        assert_eq!(tag.map(|tag| tag.site).as_deref(), Some("example.com"));
        let all = format!("{findings:?}");
        for expected in
            ["outbund", "data-sight", "neither defer", "data-mq-event=\\\"1st\\\"", "no <input type"]
        {
            assert!(all.contains(expected), "{expected} in {all}");
        }
    }

    #[test]
    fn a_good_page_is_good() {
        let (tag, findings) = read(
            r#"<script defer src="/mq.0123.js" data-site="example.com" data-auto="outbound, engagement"></script>
               <form method="post" data-mq-identify data-mq-event="demo_request"><input type=email>
               <select data-mq-field="company_size"></select><input type=checkbox data-mq-consent="qualify"></form>"#,
        );
        assert!(tag.is_some() && findings.wrong.is_empty() && findings.doubtful.is_empty(), "{findings:?}");
        assert_eq!(read("<p>nothing</p>").1.wrong.len(), 1);
    }
}
