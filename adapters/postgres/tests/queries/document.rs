//! The statements in `docs/postgres.md`.

const DOCUMENT: &str = include_str!("../../../../docs/postgres.md");

/// A question with the statement that answers it.
pub(crate) struct Example {
    pub(crate) question: String,
    pub(crate) sql: String,
}

/// Returns the questions and their statements.
pub(crate) fn examples() -> Vec<Example> {
    let section = section("Questions in SQL");
    let (_, questions) = section.split_once("\n### ").expect("a question");
    let example = |text: &str| Example {
        question: text.lines().next().expect("the question").to_owned(),
        sql: blocks(text).join(";"),
    };
    questions.split("\n### ").map(example).collect()
}

/// Returns the statements of a section, without those below the headings in it.
pub(crate) fn statements(title: &str) -> Vec<String> {
    let section = section(title);
    blocks(section.split("\n### ").next().unwrap_or_default())
}

fn section(title: &str) -> &'static str {
    let (_, rest) = DOCUMENT.split_once(&format!("\n## {title}\n")).expect("the section");
    rest.split("\n## ").next().unwrap_or_default()
}

/// Returns the blocks of SQL in a text.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = text.split("```sql\n").skip(1);
    blocks
        .by_ref()
        .map(|block| {
            block
                .split("```")
                .next()
                .unwrap_or_default()
                .trim()
                .trim_end_matches(';')
                .to_owned()
        })
        .collect()
}
