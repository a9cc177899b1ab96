//! Who imports whom. Invariant: every path from one module of the collector to another is found, however it
//! is written: in a `use`, in a group, in an expression, by `crate::` or by `super::`.

use crate::tokens::{self, is_punct};
use crate::tree::Source;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What each module of the collector may import of ours, as docs/ARCHITECTURE.md has it. A module with its
/// path in front of a name may import only that part.
pub(crate) const RULES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("scoring", &["domain"]),
    ("leads", &["domain", "scoring"]),
    ("predict", &["domain", "scoring", "leads"]),
    ("enrich", &["domain"]),
    ("privacy", &["domain", "enrich"]),
    ("ingest", &["domain", "privacy", "enrich"]),
    ("storage", &["domain", "leads"]),
    ("audit", &["domain", "storage", "clock"]),
    (
        "rights",
        &[
            "domain",
            "storage",
            "scoring",
            "leads",
            "privacy",
            "audit",
            "jobs::models",
            "jobs::score",
            "clock",
        ],
    ),
    ("compliance", &["domain", "storage"]),
    ("jobs", &["domain", "storage", "scoring", "leads", "predict", "privacy", "audit", "clock"]),
    (
        "http",
        &[
            "domain",
            "ingest",
            "privacy",
            "scoring",
            "leads",
            "predict",
            "audit",
            "rights",
            "compliance",
            "jobs::models",
            "jobs::anomalies",
            "jobs::publish",
            "jobs::score",
            "jobs::asking",
            "jobs::coverage",
            "jobs::past",
            "jobs::retention",
            "jobs::simulate",
            "jobs::stages",
            "jobs::predictions",
            "jobs::overdue",
            "jobs::overrides",
            "storage",
            "clock",
        ],
    ),
    ("demo", &["domain", "enrich", "storage", "config"]),
    ("clock", &["domain"]),
    ("config", &["domain", "privacy"]),
    (
        "cli",
        &[
            "app",
            "config",
            "clock",
            "demo",
            "domain",
            "storage",
            "audit",
            "rights",
            "compliance",
            "scoring",
            "predict",
            "leads",
            "jobs::anomalies",
            "jobs::publish",
            "jobs::retention",
            "jobs::simulate",
            "jobs::stages",
            "jobs::overdue",
            "jobs::overrides",
            "jobs::outcomes",
            "jobs::coverage",
            "jobs::predictions",
        ],
    ),
    ("app", &["*"]),
    ("main", &["cli", "config"]),
];

/// What only the composition root may name.
const BACKENDS: [&str; 2] = ["storage::sqlite", "storage::memory"];

/// One module names another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The module at the top.
    pub(crate) from: String,
    /// The path that is named, from the crate's root.
    pub(crate) to: Vec<String>,
    pub(crate) line: usize,
}

/// The edges of a file of `collector/src`, without those inside of one module.
pub(crate) fn edges(source: &Source) -> Vec<Edge> {
    let Some(path) = source.below("collector/src") else { return Vec::new() };
    let bare = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let module: Vec<String> = bare.split('/').map(str::to_owned).collect();
    if bare == "lib" {
        // It declares the modules and imports none.
        return Vec::new();
    }
    let mut finder = Finder { from: module[0].clone(), edges: Vec::new() };
    finder.look(&tokens::of(&source.path, &source.text, true), &module);
    finder.edges.retain(|edge| edge.to[0] != edge.from);
    finder.edges
}

struct Finder {
    from: String,
    edges: Vec<Edge>,
}

impl Finder {
    fn look(&mut self, all: &[TokenTree], module: &[String]) {
        let mut at = 0;
        while let Some(token) = all.get(at) {
            at += 1;
            match token {
                TokenTree::Ident(name) => match name.to_string().as_str() {
                    "mod" => {
                        if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                            (all.get(at), all.get(at + 1))
                        {
                            let inner: Vec<String> =
                                module.iter().cloned().chain([name.to_string()]).collect();
                            self.group(body.stream(), &inner);
                            at += 2;
                        }
                    }
                    "crate" => at = self.path(all, at, &[], tokens::line(token)),
                    // Inside of the binary, the library goes by its name.
                    "mqlite" if self.from == "main" => at = self.path(all, at, &[], tokens::line(token)),
                    "super" => {
                        let mut base = module.to_vec();
                        base.pop();
                        while let Some(next) = after_colons(all, at)
                            && matches!(all.get(next), Some(TokenTree::Ident(name)) if name == "super")
                        {
                            base.pop();
                            at = next + 1;
                        }
                        at = self.path(all, at, &base, tokens::line(token));
                    }
                    _ => {}
                },
                TokenTree::Group(group) => self.group(group.stream(), module),
                _ => {}
            }
        }
    }

    fn group(&mut self, stream: TokenStream, module: &[String]) {
        let tokens = tokens::shipped(stream);
        self.look(&tokens, module);
    }

    /// Notes the path that goes on at `at`, below `base`; answers where it ends.
    fn path(&mut self, all: &[TokenTree], at: usize, base: &[String], line: usize) -> usize {
        let (targets, end) = expand(all, at, base);
        for to in targets.into_iter().filter(|to| !to.is_empty()) {
            self.edges.push(Edge { from: self.from.clone(), to, line });
        }
        end
    }
}

/// The place after `::`, if it is there.
fn after_colons(all: &[TokenTree], at: usize) -> Option<usize> {
    (is_punct(all.get(at)?, ':') && is_punct(all.get(at + 1)?, ':')).then_some(at + 2)
}

/// Every path that begins with `base` and goes on with the `::…` at `at`, groups taken apart.
fn expand(all: &[TokenTree], at: usize, base: &[String]) -> (Vec<Vec<String>>, usize) {
    let Some(next) = after_colons(all, at) else { return (vec![base.to_vec()], at) };
    match all.get(next) {
        Some(TokenTree::Ident(name)) => {
            let longer: Vec<String> = base.iter().cloned().chain([name.to_string()]).collect();
            expand(all, next + 1, &longer)
        }
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let parts = inner.split(|token| is_punct(token, ','));
            let targets = parts.flat_map(|part| match part.first() {
                Some(TokenTree::Ident(name)) if name == "self" => vec![base.to_vec()],
                Some(TokenTree::Ident(name)) => {
                    let longer: Vec<String> = base.iter().cloned().chain([name.to_string()]).collect();
                    expand(part, 1, &longer).0
                }
                Some(_) => vec![base.iter().cloned().chain(["*".to_owned()]).collect()],
                None => Vec::new(),
            });
            (targets.collect(), next + 1)
        }
        Some(token) if is_punct(token, '*') => {
            (vec![base.iter().cloned().chain(["*".to_owned()]).collect()], next + 1)
        }
        _ => (vec![base.to_vec()], at),
    }
}

/// What is wrong with the edges of a file, a sentence each.
pub(crate) fn violations(source: &Source) -> Vec<String> {
    edges(source)
        .iter()
        .filter_map(|edge| wrong(edge).map(|why| format!("{}:{}: {why}", source.path, edge.line)))
        .collect()
}

fn wrong(edge: &Edge) -> Option<String> {
    let Edge { from, to, .. } = edge;
    let path = to.join("::");
    let Some((_, allowed)) = RULES.iter().find(|(module, _)| module == from) else {
        return Some(format!(
            "the module `{from}` has no rule; give it one in tests/tidy and docs/ARCHITECTURE.md"
        ));
    };
    let is_below = |name: &str| path == name || path.starts_with(&format!("{name}::"));
    if from != "app" && BACKENDS.iter().any(|backend| is_below(backend)) {
        return Some(format!(
            "`{from}` names the backend `{path}`; only `app` does, the others are handed traits"
        ));
    }
    let fine = allowed.iter().any(|name| *name == "*" || is_below(name));
    (!fine).then(|| format!("`{from}` imports `{path}`; it may import: {}", allowed.join(", ")))
}
