//! Rust as tokens. Invariant: comments are no tokens, documentation is left out, and what stands under
//! `#[cfg(test)]` is left out where it is asked for.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::str::FromStr;

/// The tokens of a file, without documentation; without its test modules, too, if `shipped`.
pub(crate) fn of(path: &str, text: &str, shipped: bool) -> Vec<TokenTree> {
    let stream = TokenStream::from_str(text).unwrap_or_else(|error| panic!("{path} is no Rust: {error}"));
    without(stream, shipped)
}

fn without(stream: TokenStream, shipped: bool) -> Vec<TokenTree> {
    let all: Vec<TokenTree> = stream.into_iter().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(token) = all.get(at) {
        match attribute(&all[at..]) {
            Some((length, content)) if is_call(&content, &["doc"]) => at += length,
            Some((length, content)) if shipped && is_test(&content) => at = after_item(&all, at + length),
            _ => {
                kept.push(token.clone());
                at += 1;
            }
        }
    }
    kept
}

/// An attribute at the front, inner or outer: how many tokens it is, and what stands in its brackets.
pub(crate) fn attribute(tokens: &[TokenTree]) -> Option<(usize, Vec<TokenTree>)> {
    is_punct(tokens.first()?, '#').then_some(())?;
    let at = if tokens.get(1).is_some_and(|token| is_punct(token, '!')) { 2 } else { 1 };
    match tokens.get(at)? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            Some((at + 1, group.stream().into_iter().collect()))
        }
        _ => None,
    }
}

/// Whether tokens begin with one of these words.
pub(crate) fn is_call(tokens: &[TokenTree], names: &[&str]) -> bool {
    matches!(tokens.first(), Some(TokenTree::Ident(name)) if names.contains(&name.to_string().as_str()))
}

fn is_test(content: &[TokenTree]) -> bool {
    let text: String = content.iter().map(ToString::to_string).collect();
    text == "cfg(test)" || text == "cfg (test)"
}

/// The place after the item that begins at `at`, other attributes included.
fn after_item(all: &[TokenTree], mut at: usize) -> usize {
    while let Some(token) = all.get(at) {
        at += 1;
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return at,
            token if is_punct(token, ';') => return at,
            _ => {}
        }
    }
    at
}

/// Whether a token is this sign.
pub(crate) fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// Calls `look` with the tokens of every group, outermost first.
pub(crate) fn each_level(tokens: &[TokenTree], shipped: bool, look: &mut dyn FnMut(&[TokenTree])) {
    look(tokens);
    for token in tokens {
        if let TokenTree::Group(group) = token {
            each_level(&without(group.stream(), shipped), shipped, look);
        }
    }
}

/// The line that a token stands on.
pub(crate) fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

/// The tokens of a group, without documentation and test modules.
pub(crate) fn shipped(stream: TokenStream) -> Vec<TokenTree> {
    without(stream, true)
}

/// The paths, without `.rs`, of modules that a file declares for tests only and that are files of their own.
pub(crate) fn test_modules(path: &str, text: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_root = ["mod.rs", "lib.rs", "main.rs"].iter().any(|root| path.ends_with(&format!("/{root}")));
    let below = if is_root { folder } else { path.trim_end_matches(".rs") };
    let all = of(path, text, false);
    let mut found = Vec::new();
    for at in 0..all.len() {
        let Some((length, _)) = attribute(&all[at..]).filter(|(_, content)| is_test(content)) else {
            continue;
        };
        let (mut at, mut named) = (at + length, None);
        while let Some((length, content)) = attribute(&all[at..]) {
            if is_call(&content, &["path"]) {
                named = content.last().map(|literal| literal.to_string().replace('"', ""));
            }
            at += length;
        }
        let end = after_item(&all, at);
        if let [.., TokenTree::Ident(word), TokenTree::Ident(name), end] = &all[at..end]
            && word == "mod"
            && is_punct(end, ';')
        {
            found.push(match named {
                Some(file) => format!("{folder}/{}", file.trim_end_matches(".rs")),
                None => format!("{below}/{name}"),
            });
        }
    }
    found
}
