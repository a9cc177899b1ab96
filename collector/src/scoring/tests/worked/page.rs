//! Reads examples from a page. Invariant: what is between two models belongs to the first; every table is read
//! whole, or the page is refused.

/// A model and what is said of it.
pub(super) struct Example {
    /// The nearest heading above.
    pub(super) title: String,
    /// The frame and the model.
    pub(super) model: String,
    pub(super) tables: Vec<Table>,
}

/// A table of the page.
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn expect(&self, head: &[&str]) {
        assert_eq!(self.head, head, "the columns of a table");
    }
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    inner.split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// The examples of a page, in its order.
pub(super) fn examples(page: &str) -> Vec<Example> {
    let (mut frame, mut title, mut examples) = (String::new(), String::new(), Vec::<Example>::new());
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("### ") {
            heading.clone_into(&mut title);
        }
        if let Some(fence) = line.strip_prefix("```") {
            let text: String =
                lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
            match fence {
                "toml frame" => frame = text,
                "toml model" => {
                    let model = format!("{frame}\n{text}");
                    examples.push(Example { title: title.clone(), model, tables: Vec::new() });
                }
                other => panic!("a fence of `{other}`"),
            }
        }
        if line.starts_with('|') {
            let head = cells(line);
            let rule = lines.next().unwrap_or_default();
            assert!(rule.starts_with("| ---"), "{title}: a table without a line below its head");
            let mut rows = Vec::new();
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                let row = cells(row);
                assert_eq!(row.len(), head.len(), "{title}: {row:?}");
                rows.push(row);
            }
            let example = examples.last_mut().unwrap_or_else(|| panic!("a table before any model"));
            example.tables.push(Table { head, rows });
        }
    }
    examples
}
