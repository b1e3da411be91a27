//! The parameters of campaigns in the query of a page.

use std::borrow::Cow;

use horizon_core::ContextValue;

use crate::value::{cut, parameter_value};

/// How much of a query is read, in bytes.
const MAX_QUERY_BYTES: usize = 4_096;

/// The parameters of a campaign. Of a repeated parameter, the first that is not empty counts.
#[derive(Debug, Default)]
pub(crate) struct Campaign<'a> {
    /// `utm_source`, `ref` and `source`.
    pub(crate) sources: [Option<Cow<'a, str>>; 3],
    pub(crate) medium: Option<ContextValue>,
    pub(crate) campaign: Option<ContextValue>,
    pub(crate) term: Option<ContextValue>,
    pub(crate) content: Option<ContextValue>,
}

impl<'a> Campaign<'a> {
    /// Reads the encoded query of a page, with or without `?`.
    pub(crate) fn of_query(query: &'a str) -> Self {
        let query = cut(query, MAX_QUERY_BYTES);
        let query = query.strip_prefix('?').unwrap_or(query);
        let mut found = Self::default();
        let [utm_source, reference, source] = &mut found.sources;
        for (name, text) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "utm_source" => set(utm_source, text),
                "ref" => set(reference, text),
                "source" => set(source, text),
                "utm_medium" => set_value(&mut found.medium, &text),
                "utm_campaign" => set_value(&mut found.campaign, &text),
                "utm_term" => set_value(&mut found.term, &text),
                "utm_content" => set_value(&mut found.content, &text),
                _ => {}
            }
        }
        found
    }
}

fn set<'a>(target: &mut Option<Cow<'a, str>>, text: Cow<'a, str>) {
    if target.is_none() && !text.trim().is_empty() {
        *target = Some(text);
    }
}

fn set_value(target: &mut Option<ContextValue>, text: &str) {
    if target.is_none() {
        *target = parameter_value(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_each_parameter_counts() {
        let campaign =
            Campaign::of_query("?utm_medium=&utm_medium=CPC&utm_medium=b&utm_campaign=Fr%C3%BChling+26&q=x&ref=a");
        assert_eq!(campaign.medium.as_ref().map(ContextValue::as_str), Some("cpc"));
        assert_eq!(
            campaign.campaign.as_ref().map(ContextValue::as_str),
            Some("frühling 26")
        );
        assert_eq!(campaign.sources, [None, Some("a".into()), None]);
        assert!(campaign.term.is_none() && campaign.content.is_none());
    }

    #[test]
    fn a_mail_address_is_no_value() {
        let long = format!(
            "utm_campaign={}@example.com&utm_term=ada%40example.com",
            "a".repeat(300)
        );
        let campaign = Campaign::of_query(&long);
        assert!(campaign.campaign.is_none() && campaign.term.is_none());
    }

    #[test]
    fn a_long_or_invalid_query_is_bounded() {
        let campaign = Campaign::of_query("%ff&=&&utm_term=%ff%00%zz&utm_content=é");
        assert_eq!(campaign.term.as_ref().map(ContextValue::as_str), Some("\u{fffd}%zz"));
        let long = format!("{}utm_term=late", "a=b&".repeat(1 << 18));
        assert!(Campaign::of_query(&long).term.is_none());
    }
}
