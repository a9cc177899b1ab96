//! Reads a page's HTML for `mqlite verify`. Invariant: it reads tags as a browser does (WHATWG's tokenizer),
//! changes nothing, and says of what it finds wrong what would be right.

use html5gum::{Token, Tokenizer};
use std::collections::BTreeMap;

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

/// A start tag: its name, its attributes, and the form it is in, by number.
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    form: Option<usize>,
}

impl Element {
    fn attr(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// Every start tag of the page, in order. Forms do not nest.
fn elements(html: &str) -> Vec<Element> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut elements = Vec::new();
    let (mut forms, mut form) = (0, None);
    for Ok(token) in Tokenizer::new(html) {
        match token {
            Token::StartTag(tag) => {
                let name = text(&tag.name);
                if name == "form" && form.is_none() {
                    form = Some(forms);
                    forms += 1;
                }
                let attributes =
                    tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
                elements.push(Element { name, attributes, form });
            }
            Token::EndTag(tag) if text(&tag.name) == "form" => form = None,
            _ => {}
        }
    }
    elements
}

const TAG_ATTRIBUTES: &[&str] =
    &["data-site", "data-api", "data-consent", "data-hash-routing", "data-exclude", "data-auto"];
const AUTO: &[&str] = &["outbound", "downloads", "forms", "engagement"];
const CONSENT: &[&str] = &["granted", "measured", "denied"];

/// Finds the tag and checks everything on the page that the snippet reads.
pub(super) fn read(html: &str) -> (Option<Tag>, Findings) {
    let elements = elements(html);
    let mut findings = Findings::default();
    let tag = tag(&elements, &mut findings);
    names(&elements, &mut findings);
    forms(&elements, &mut findings);
    let is_policy = |element: &&Element| {
        let name = element.attr("http-equiv").unwrap_or_default();
        element.name == "meta" && name.eq_ignore_ascii_case("content-security-policy")
    };
    if elements.iter().any(|element| is_policy(&element)) {
        findings.doubtful.push(
            "the page sets a Content-Security-Policy: script-src and connect-src must allow the collector"
                .to_owned(),
        );
    }
    (tag, findings)
}

fn is_snippet(src: &str) -> bool {
    let file = src.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    file == "mq.js" || (file.starts_with("mq.") && file.ends_with(".js"))
}

fn tag(elements: &[Element], findings: &mut Findings) -> Option<Tag> {
    let is_tag = |element: &&Element| element.name == "script" && element.attr("src").is_some_and(is_snippet);
    let scripts: Vec<&Element> = elements.iter().filter(is_tag).collect();
    let Some(script) = scripts.first() else {
        findings.wrong.push(
            "there is no tag on the page; put the line that `mqlite tag SITE` prints into its <head>"
                .to_owned(),
        );
        return None;
    };
    if scripts.len() > 1 {
        let n = scripts.len();
        findings
            .doubtful
            .push(format!("the tag is there {n} times; the first one counts, remove the others"));
    }
    if script.attr("defer").is_none() && script.attr("async").is_none() {
        findings
            .doubtful
            .push("the tag has neither defer nor async, so the page waits for it; add defer".to_owned());
    }
    for name in script.attributes.keys().filter(|name| name.starts_with("data-")) {
        if !TAG_ATTRIBUTES.contains(&name.as_str()) {
            let known = TAG_ATTRIBUTES.join(", ");
            findings.doubtful.push(format!("the tag's {name} is not known; known are {known}"));
        }
    }
    for part in script.attr("data-auto").unwrap_or_default().split(',').map(str::trim) {
        if !part.is_empty() && !AUTO.contains(&part) {
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
fn names(elements: &[Element], findings: &mut Findings) {
    let mut count = 0;
    for element in elements {
        for attribute in ["data-mq-event", "data-mq-view"] {
            let Some(name) = element.attr(attribute) else { continue };
            match crate::domain::EventName::parse(name) {
                Ok(_) => count += 1,
                Err(error) => {
                    let shown: String = name.chars().take(60).collect();
                    findings.wrong.push(format!("<{}> has {attribute}=\"{shown}\": {error}", element.name));
                }
            }
        }
    }
    match count {
        0 => {}
        1 => findings.good.push("one element is marked with data-mq-event or data-mq-view".to_owned()),
        n => findings.good.push(format!("{n} elements are marked with data-mq-event or data-mq-view")),
    }
}

fn forms(elements: &[Element], findings: &mut Findings) {
    let identifying = |element: &&Element| element.attr("data-mq-identify").is_some();
    for form in elements.iter().filter(identifying) {
        if form.name != "form" {
            let name = &form.name;
            findings.wrong.push(format!("data-mq-identify is on <{name}>; it belongs on the <form>"));
            continue;
        }
        let has = |test: &dyn Fn(&Element) -> bool| {
            elements.iter().any(|inner| inner.form == form.form && test(inner))
        };
        let is_address = |inner: &Element| {
            let kind = inner.attr("type").unwrap_or_default();
            inner.name == "input" && kind.eq_ignore_ascii_case("email")
                || inner.attr("data-mq-field") == Some("email")
        };
        if !has(&is_address) {
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
                "a form with an address is sent by GET, which puts the address into the URL and into every log; \
                 use method=\"post\""
                    .to_owned(),
            );
        }
        if has(&|inner| inner.attr("data-mq-consent") == Some("qualify")) {
            findings.good.push("a form identifies leads, with a box for their consent".to_owned());
        } else {
            findings.doubtful.push(
                "a form has data-mq-identify but no box marked data-mq-consent=\"qualify\": its identity is kept only \
                 if the page grants qualification, or the site's policy names another basis"
                    .to_owned(),
            );
        }
    }
    let declared: Vec<_> = elements.iter().filter(identifying).filter_map(|form| form.form).collect();
    for field in elements.iter().filter(|element| !element.form.is_some_and(|form| declared.contains(&form)))
    {
        if let Some(name) = field.attr("data-mq-field") {
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
               <a data-mq-event="">x</a>
               <form data-mq-identify action="/x"><input name=email></form>"#,
        );
        assert_eq!(tag.map(|tag| tag.site).as_deref(), Some("example.com"));
        let all = format!("{findings:?}");
        for expected in ["outbund", "data-sight", "neither defer", "data-mq-event=\\\"\\\"", "no <input type"]
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
