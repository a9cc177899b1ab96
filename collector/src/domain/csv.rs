//! Cells of CSV (RFC 4180). Invariant: a cell stays one cell, and no spreadsheet takes any part of it for a
//! formula: what a stranger sent must not run on the machine of whoever opens the file.

/// A quoted cell. What would begin a formula has an apostrophe before it, as OWASP has it ("CSV Injection"): at the
/// beginning, and behind whatever a spreadsheet may cut at, because one that is set to semicolons or tabs, as much of
/// Europe is, cuts within our quotes.
pub fn cell(text: &str) -> String {
    format!("\"{}\"", guarded(text).replace('"', "\"\""))
}

/// The same without quotes, for a writer that sets them.
pub fn guarded(text: &str) -> String {
    let mut cell = String::with_capacity(text.len() + 2);
    let mut begins = true;
    for c in text.chars() {
        if begins
            && matches!(
                c,
                '=' | '+' | '-' | '@' | '\t' | '\r' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'
            )
        {
            cell.push('\'');
        }
        begins = match c {
            ',' | ';' | '|' | '\t' | '\r' | '\n' => true,
            // An apostrophe of the text's own guards nothing once another program has taken it off.
            ' ' | '\u{a0}' | '"' | '\'' => begins,
            _ => false,
        };
        cell.push(c);
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one_cell_and_no_formula() {
        assert_eq!(cell(""), "\"\"");
        assert_eq!(cell("a \"b\", c\nd"), "\"a \"\"b\"\", c\nd\"");
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        for formula in ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", " =1", "\"=1", "'=1", "\u{ff1d}1"] {
            let made = cell(formula);
            let begin = made.trim_start_matches(['"', ' ']);
            assert!(begin.starts_with('\''), "{formula:?}: {made:?}");
        }
        for inside in ["x;=1", "x\t=1", "x\n=1", "x,=1", "x|=1", "x; \"=1"] {
            assert!(cell(inside).contains("'="), "{inside:?}: {:?}", cell(inside));
        }
        // What is no formula stays as it is.
        for plain in ["a=b", "3-4", "jo@example.com", "2026-11-22", "a - b", "1;2"] {
            assert_eq!(cell(plain), format!("\"{plain}\""));
        }
    }
}
