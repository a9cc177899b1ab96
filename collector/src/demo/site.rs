//! The demo company's pages, embedded. Invariant: what is not in this list is not served.

const HTML: &str = "text/html; charset=utf-8";

/// The page for a path below `/demo/`, with its content type.
pub fn page(path: &str) -> Option<(&'static str, &'static [u8])> {
    let (kind, body): (_, &[u8]) = match path {
        "" => (HTML, include_bytes!("site/index.html")),
        "product" => (HTML, include_bytes!("site/product.html")),
        "pricing" => (HTML, include_bytes!("site/pricing.html")),
        "case-studies/harbour-logistics" => (HTML, include_bytes!("site/case-study.html")),
        "case-studies/harbour-logistics.pdf" => ("application/pdf", include_bytes!("site/case-study.pdf")),
        "blog" => (HTML, include_bytes!("site/blog.html")),
        "blog/berth-windows" => (HTML, include_bytes!("site/blog/berth-windows.html")),
        "blog/yard-moves" => (HTML, include_bytes!("site/blog/yard-moves.html")),
        "webinar" => (HTML, include_bytes!("site/webinar.html")),
        "request-a-demo" => (HTML, include_bytes!("site/demo.html")),
        "thanks" => (HTML, include_bytes!("site/thanks.html")),
        "privacy" => (HTML, include_bytes!("site/privacy.html")),
        "style.css" => ("text/css; charset=utf-8", include_bytes!("site/style.css")),
        "icon.svg" => ("image/svg+xml", include_bytes!("site/icon.svg")),
        _ => return None,
    };
    Some((kind, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every link of every page leads to a page that is served.
    #[test]
    fn no_link_leads_nowhere() {
        let mut seen = std::collections::BTreeSet::from([String::new()]);
        let mut open = vec![String::new()];
        while let Some(path) = open.pop() {
            let (kind, body) = page(&path).unwrap_or_else(|| panic!("/demo/{path} is linked and not served"));
            if kind != HTML {
                continue;
            }
            let html = std::str::from_utf8(body).expect("UTF-8");
            for attribute in ["href=\"/demo/", "action=\"/demo/", "src=\"/demo/"] {
                for rest in html.split(attribute).skip(1) {
                    let link = rest.split(['"', '?', '#']).next().unwrap_or_default().to_owned();
                    if seen.insert(link.clone()) {
                        open.push(link);
                    }
                }
            }
        }
        assert!(seen.len() >= 12, "{seen:?}");
    }
}
