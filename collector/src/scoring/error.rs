//! What is wrong with a model file. Invariant: every problem says where it is (line and column, counted
//! from 1) and what would be right, in words for the person who wrote the model.

use std::fmt;

/// One thing that is wrong with a model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1. For a problem of meaning it is the line where the table starts.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The key it is about, such as `rule.demo_request.group`; empty when the file could not be read.
    pub key: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// What the reader says, in words for people who do not write programs; tried in this order.
const PLAIN: [(&str, &str); 15] = [
    ("unknown field", "unknown key"),
    ("missing field", "missing key"),
    ("duplicate field", "duplicate key"),
    ("unknown variant", "unknown value"),
    ("invalid type: ", "wrong kind of value: "),
    ("invalid value: ", "wrong value: "),
    (", expected one of ", "; allowed here: "),
    (", expected f64", "; write a number"),
    (", expected u32", "; write a whole number, 0 or more"),
    (", expected a boolean", "; write true or false"),
    (", expected a string", "; write a text in quotes"),
    (", expected a sequence", "; write a list in [ ], or [[…]] above a table"),
    (", expected a table of keys", "; write a table of keys"),
    (", expected a time limit", "; write a time limit"),
    (", expected ", "; allowed here: "),
];

/// Why a model was refused: one problem when the file could not be read, all problems of meaning when it
/// could. Prints one problem a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelError {
    problems: Vec<Problem>,
}

impl ModelError {
    /// In the order of the file.
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Self { problems }
    }

    /// From the TOML reader's error.
    pub(super) fn syntax(source: &str, error: &toml::de::Error) -> Self {
        let (line, column) = place(source, error.span().map_or(0, |span| span.start));
        let mut message = error.message().to_owned();
        for (theirs, ours) in PLAIN {
            message = message.replace(theirs, ours);
        }
        Self { problems: vec![Problem { line, column, key: String::new(), message }] }
    }

    /// What is wrong, in the order of the file; never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ModelError {}

/// Line and column, from 1, of the byte `offset`.
pub(super) fn place(source: &str, offset: usize) -> (usize, usize) {
    let before = source.get(..offset.min(source.len())).unwrap_or(source);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_in_characters() {
        assert_eq!(place("", 0), (1, 1));
        assert_eq!(place("ä = 1\nbö x", 11), (2, 4));
        assert_eq!(place("a", 99), (1, 2));
    }
}
