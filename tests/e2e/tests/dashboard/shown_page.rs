//! What a page of the dashboard shows to a reader.

use std::collections::BTreeMap;

use anyhow::Context as _;
use horizon_test_support::Browser;
use serde::Deserialize;

/// Reads the texts of the page.
const READ: &str = r##"
    const text = element => element?.textContent.trim().replace(/\s+/g, " ") ?? "";
    const rows = table => [...table?.querySelectorAll("tbody tr") ?? []].map(row => [...row.cells].map(text));
    const all = (selector, root = document) => [...root.querySelectorAll(selector)];
    const figure = item => ({
        label: text(item.querySelector(".label")),
        value: text(item.querySelector("b")),
        changes: all(".change", item).map(text),
    });
    const tables = all("#now table");
    return {
        heading: text(document.querySelector("h1")),
        days: text(document.querySelector("#period h2")),
        figures: all(".figures > li").map(figure),
        cards: Object.fromEntries(all("section.card").map(card => [card.id.replace("card-", ""), {
            columns: all("thead th", card).map(text),
            rows: rows(card.querySelector("table")),
        }])),
        chart: rows(document.querySelector("#numbers table")),
        viewers: text(document.querySelector("#now .live b")),
        active_pages: rows(tables[0]),
        active_sources: rows(tables[1]),
        page_viewers: text(document.querySelector("#viewers")),
        notes: all("footer.notes li").map(text),
    };
"##;

/// A page of the dashboard as texts.
#[derive(Debug, Deserialize)]
pub(crate) struct ShownPage {
    pub(crate) heading: String,
    /// The days of the period.
    pub(crate) days: String,
    pub(crate) figures: Vec<ShownFigure>,
    /// The lists of the cards; in the view of a list only `list`.
    pub(crate) cards: BTreeMap<String, ShownList>,
    /// The points: the time, the value, and that of the previous period.
    pub(crate) chart: Vec<Vec<String>>,
    /// The viewers of the site.
    pub(crate) viewers: String,
    /// Pages and their viewers.
    pub(crate) active_pages: Vec<Vec<String>>,
    /// Sources and their viewers.
    pub(crate) active_sources: Vec<Vec<String>>,
    /// The viewers of the page, in its own view.
    pub(crate) page_viewers: String,
    pub(crate) notes: Vec<String>,
}

/// A number at the top.
#[derive(Debug, Deserialize)]
pub(crate) struct ShownFigure {
    pub(crate) label: String,
    pub(crate) value: String,
    /// The change since the previous period, and the value of the whole site.
    pub(crate) changes: Vec<String>,
}

/// A list with one row for each value.
#[derive(Debug, Deserialize)]
pub(crate) struct ShownList {
    pub(crate) columns: Vec<String>,
    /// The name, then the numbers.
    pub(crate) rows: Vec<Vec<String>>,
}

impl ShownList {
    /// Returns names, and the numbers in the column with this heading.
    pub(crate) fn column(&self, heading: &str) -> anyhow::Result<Vec<(&str, &str)>> {
        let index = self.columns.iter().position(|column| column == heading);
        let index = index.with_context(|| format!("no column `{heading}` in {:?}", self.columns))?;
        let rows = self.rows.iter();
        Ok(rows.map(|row| (row[0].as_str(), row[index].as_str())).collect())
    }
}

impl ShownPage {
    pub(crate) async fn read(browser: &Browser) -> anyhow::Result<Self> {
        Ok(serde_json::from_value(browser.script(READ, &[]).await?)?)
    }

    /// Returns the figure with this label.
    pub(crate) fn figure(&self, label: &str) -> anyhow::Result<&ShownFigure> {
        let figure = self.figures.iter().find(|figure| figure.label == label);
        figure.with_context(|| format!("no figure `{label}` in {:#?}", self.figures))
    }

    /// Returns names and visitors of the rows of a card.
    pub(crate) fn visitors(&self, card: &str) -> anyhow::Result<Vec<(&str, &str)>> {
        self.list(card)?.column("Visitors")
    }

    /// Returns the list of a card.
    pub(crate) fn list(&self, card: &str) -> anyhow::Result<&ShownList> {
        let list = self.cards.get(card);
        list.with_context(|| format!("no card `{card}` in {:?}", self.cards.keys()))
    }
}
