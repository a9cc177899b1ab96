//! Markdown's small needs. Invariant: whatever a value holds, it stays inside of its cell.

/// A table.
pub(super) fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&head.map(str::to_owned));
    text.push_str(&line(&[const { "---" }; N].map(str::to_owned)));
    for row in rows {
        text.push_str(&line(&row.map(|cell| cell_of(&cell))));
    }
    text
}

fn cell_of(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}

/// A value as code, which shows it as it is.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// Something that the controller has to fill in.
pub(super) fn blank(what: &str) -> String {
    format!("**[to fill in: {what}]**")
}

/// A list.
pub(super) fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| format!("- {}\n", item.as_ref())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_in_its_cell() {
        let text = table(["a", "b"], [["x|y\n| z".to_owned(), "<script>".to_owned()]]);
        assert_eq!(text, "| a | b |\n| --- | --- |\n| x\\|y \\| z | &lt;script> |\n");
        assert_eq!(code("a`b"), "`a'b`");
    }
}
