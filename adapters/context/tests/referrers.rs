//! Reads real referrers and campaigns.

#[cfg(test)]
mod tests {
    use horizon_context::{ContextReader, PageRequest};
    use horizon_core::ContextValue;

    /// How many of the referrers must be right, in percent.
    const RIGHT_PERCENT: usize = 98;

    fn text(value: Option<&ContextValue>) -> &str {
        value.map_or("-", ContextValue::as_str)
    }

    #[test]
    fn real_referrers_are_recognized() {
        let reader = ContextReader::new(["blog.example.org", "www.example.net:8443"]);
        let (mut rows, mut wrong) = (0, Vec::new());
        for line in include_str!("referrers.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
        {
            let [source, channel, referrer, query] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("`{line}` does not have four columns")
            };
            let context = reader.read(&PageRequest {
                referrer: Some(referrer).filter(|text| !text.is_empty()),
                page_query: Some(query),
                ..PageRequest::default()
            });
            let found = (text(context.source.as_ref()), text(context.channel.as_ref()));
            rows += 1;
            if found != (source, channel) {
                wrong.push(format!(
                    "expected {source}, {channel}; found {found:?}: {referrer} {query}"
                ));
            }
        }
        eprintln!("{} of {rows} referrers are wrong\n{}", wrong.len(), wrong.join("\n"));
        assert!(rows >= 100, "{rows}");
        assert!(
            wrong.len() * 100 <= rows * (100 - RIGHT_PERCENT),
            "{} of {rows} are wrong",
            wrong.len()
        );
    }
}
