use std::sync::Arc;

use crate::{
    Argument, TextPiece, TextUnit, UnitForms,
    formats::Formats,
    language,
    message::TextMessage,
    messages::{LANGUAGES, LanguageMessages, messages},
};

/// The interface texts, numbers and dates of a language. Clones refer to the same texts.
#[derive(Clone, Debug)]
pub struct Texts(Arc<LanguageTexts>);

#[derive(Debug)]
struct LanguageTexts {
    tag: String,
    messages: Option<&'static LanguageMessages>,
    formats: Formats,
    is_right_to_left: bool,
    units: [UnitForms; TextUnit::ALL.len()],
}

/// English.
impl Default for Texts {
    fn default() -> Self {
        Self::new(&icu_locale::locale!("en"))
    }
}

impl Texts {
    /// Returns the texts for a language tag. Its territory decides the formats of numbers and dates: `de-AT`. Returns
    /// `None` if there are no texts in its language.
    #[must_use]
    pub fn for_language(tag: &str) -> Option<Self> {
        let locale = language::parse(tag)?;
        LANGUAGES
            .contains(&locale.id.language.as_str())
            .then(|| Self::new(&locale))
    }

    fn new(locale: &icu_locale::Locale) -> Self {
        let mut texts = LanguageTexts {
            tag: locale.to_string(),
            messages: messages(locale.id.language.as_str()),
            formats: Formats::new(locale),
            is_right_to_left: language::is_right_to_left(&locale.to_string()),
            units: Default::default(),
        };
        texts.units = TextUnit::ALL.map(|unit| {
            let form = |category| texts.format(unit.id(), &[("count", Argument::Form(category))]);
            UnitForms::new(texts.formats.categories(), form)
        });
        Self(Arc::new(texts))
    }

    /// Returns the language tag, for the attribute `lang`.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.0.tag
    }

    /// Returns the direction of the texts, for the attribute `dir`: `ltr` or `rtl`.
    #[must_use]
    pub fn direction(&self) -> &'static str {
        direction(self.0.is_right_to_left)
    }

    /// Returns a text without values.
    #[must_use]
    pub fn get(&self, id: &'static str) -> &'static str {
        self.0.message(id).and_then(TextMessage::plain).unwrap_or(id)
    }

    /// Returns a text with its values. In a language that runs from right to left, text values are isolated.
    #[must_use]
    pub fn with(&self, id: &'static str, arguments: &[(&str, Argument<'_>)]) -> String {
        self.0.format(id, arguments)
    }

    /// Returns a text in pieces. The caller fills in markup where values are missing in `arguments`.
    #[must_use]
    pub fn pieces(&self, id: &'static str, arguments: &[(&str, Argument<'_>)]) -> Vec<TextPiece> {
        self.0.pieces(id, arguments)
    }

    /// Formats a number with separators: `1,204`.
    #[must_use]
    pub fn number(&self, number: u64) -> String {
        self.0.formats.number(number)
    }

    /// Formats a number without separators, such as a year.
    #[must_use]
    pub fn ungrouped(&self, number: u64) -> String {
        self.0.formats.ungrouped(number)
    }

    /// Formats a day of the Gregorian calendar: `May 4, 2026`.
    #[must_use]
    pub fn date(&self, year: i32, month: u8, day: u8) -> String {
        self.0.formats.date(year, month, day)
    }

    /// Formats the day of milliseconds since the Unix epoch, in UTC.
    #[must_use]
    pub fn utc_date(&self, millis: i64) -> String {
        self.0.formats.utc_date(millis).unwrap_or_default()
    }

    /// Formats milliseconds since the Unix epoch: `May 4, 2026 at 1:05 PM UTC`.
    #[must_use]
    pub fn utc_date_time(&self, millis: i64) -> String {
        let time = self.0.formats.date_time(millis).unwrap_or_default();
        self.with("time-utc", &[("time", time.into())])
    }

    /// Returns the unit of a number, or of an unknown number.
    #[must_use]
    pub fn unit(&self, unit: TextUnit, number: Option<u64>) -> &str {
        let forms = self.unit_forms(unit);
        number.map_or(forms.other(), |number| forms.select(self.0.formats.category(number)))
    }

    /// Returns all forms of a unit.
    #[must_use]
    pub fn unit_forms(&self, unit: TextUnit) -> &UnitForms {
        let [reading, on_site, visits, views, likes, comments, new] = &self.0.units;
        match unit {
            TextUnit::ReadingNow => reading,
            TextUnit::OnSite => on_site,
            TextUnit::Visits => visits,
            TextUnit::Views => views,
            TextUnit::Likes => likes,
            TextUnit::Comments => comments,
            TextUnit::NewComments => new,
        }
    }
}

impl LanguageTexts {
    fn message(&self, id: &str) -> Option<&'static TextMessage> {
        let english = || messages(LANGUAGES[0])?.get(id);
        self.messages.and_then(|messages| messages.get(id)).or_else(english)
    }

    fn pieces(&self, id: &str, arguments: &[(&str, Argument<'_>)]) -> Vec<TextPiece> {
        let mut pieces = Vec::new();
        match self.message(id) {
            Some(message) => message.format(&self.formats, arguments, &mut pieces),
            None => pieces.push(TextPiece::Text(id.to_owned())),
        }
        pieces
    }

    fn format(&self, id: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        let isolated;
        let arguments = if self.is_right_to_left {
            isolated = isolate(arguments);
            &isolated
        } else {
            arguments
        };
        let text = |piece| match piece {
            TextPiece::Text(text) => text,
            TextPiece::Place(name) => format!("{{${name}}}"),
        };
        self.pieces(id, arguments).into_iter().map(text).collect()
    }
}

/// Puts text values between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE, so that they do not change the order of
/// the words around them (Unicode TR 9).
fn isolate<'a>(arguments: &[(&'a str, Argument<'a>)]) -> Vec<(&'a str, Argument<'a>)> {
    let isolate = |argument: &Argument<'a>| match argument {
        Argument::Text(text) => Argument::from(format!("\u{2068}{text}\u{2069}")),
        other => other.clone(),
    };
    arguments
        .iter()
        .map(|(name, argument)| (*name, isolate(argument)))
        .collect()
}

pub(crate) fn direction(is_right_to_left: bool) -> &'static str {
    if is_right_to_left { "rtl" } else { "ltr" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tag: &str) -> Texts {
        Texts::for_language(tag).unwrap()
    }

    #[test]
    fn each_language_has_its_own_numbers_and_dates() {
        for (tag, number, date) in [
            ("en", "1,234,567", "May 4, 2026"),
            ("en-GB", "1,234,567", "4 May 2026"),
            ("de", "1.234.567", "4. Mai 2026"),
            ("de-AT", "1\u{a0}234\u{a0}567", "4. Mai 2026"),
            ("fr", "1\u{202f}234\u{202f}567", "4 mai 2026"),
            ("es", "1.234.567", "4 de mayo de 2026"),
            ("ja", "1,234,567", "2026年5月4日"),
            ("ar-EG", "١٬٢٣٤٬٥٦٧", "٤ مايو ٢٠٢٦"),
        ] {
            let texts = texts(tag);
            assert_eq!(
                (texts.number(1_234_567).as_str(), texts.date(2026, 5, 4).as_str()),
                (number, date)
            );
            assert_eq!(texts.utc_date(1_777_899_900_000), date);
        }
        assert_eq!(texts("fr").ungrouped(2026), "2026");
    }

    #[test]
    fn a_time_is_the_calendars_also_on_leap_days_and_before_1970() {
        let texts = texts("en-GB");
        assert_eq!(texts.utc_date_time(0), "1 January 1970 at 00:00 UTC");
        assert_eq!(texts.utc_date(1_709_208_000_000), "29 February 2024");
        assert_eq!(texts.utc_date(951_782_400_000), "29 February 2000");
        assert_eq!(texts.utc_date_time(-1), "31 December 1969 at 23:59 UTC");
        for millis in [i64::MIN, i64::MAX] {
            let _ = (texts.utc_date(millis), texts.utc_date_time(millis));
        }
        assert_eq!(texts.date(2026, 13, 1), "2026-13-01");
    }

    #[test]
    fn a_number_selects_the_plural_form() {
        let arabic = texts("ar");
        let forms = [0, 1, 2, 3, 11, 100].map(|number| arabic.unit(TextUnit::Comments, Some(number)));
        assert_eq!(forms, ["تعليق", "تعليق", "تعليقان", "تعليقات", "تعليقًا", "تعليق"]);
        assert_eq!(texts("fr").unit(TextUnit::Views, Some(0)), "vue");
        assert_eq!(texts("fr").unit(TextUnit::Views, Some(1_000_000)), "de vues");
        assert_eq!(texts("en").unit(TextUnit::Views, None), "views");
        let found = |count: u64| texts("de").with("posts-found", &[("count", count.into())]);
        assert_eq!(
            [found(1), found(1_200)],
            ["1 Beitrag gefunden.", "1.200 Beiträge gefunden."]
        );
    }

    #[test]
    fn the_browser_gets_only_forms_that_differ_with_a_place_for_the_number() {
        let texts = texts("de");
        assert_eq!(texts.unit_forms(TextUnit::OnSite).form("one"), None);
        let new = texts.unit_forms(TextUnit::NewComments);
        assert_eq!(
            (new.form("one"), new.other()),
            (Some("# neuer Kommentar"), "# neue Kommentare")
        );
    }

    #[test]
    fn a_text_has_places_for_markup() {
        let pieces = texts("fr").pieces("in-reply-to", &[]);
        let expected = [
            TextPiece::Text("En réponse à ".into()),
            TextPiece::Place("author".into()),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn a_value_does_not_change_the_direction_of_the_text() {
        let text = texts("ar").with("all-posts-of", &[("site", "A blog".into())]);
        assert_eq!(text, "كل مقالات \u{2068}A blog\u{2069}.");
        assert_eq!((texts("ar").direction(), texts("de").direction()), ("rtl", "ltr"));
    }

    #[test]
    fn only_languages_with_texts_have_texts() {
        assert!(Texts::for_language("pl").is_none() && Texts::for_language("no tag").is_none());
        assert_eq!(texts("de_at").tag(), "de-AT");
        assert_eq!(Texts::default().get("not-found"), "Page not found");
    }
}
