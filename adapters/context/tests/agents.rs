//! Reads the agents of real browsers.

#[cfg(test)]
mod tests {
    use horizon_context::{ContextReader, PageRequest};
    use horizon_core::ContextValue;

    /// How many of the agents must be right, in percent.
    const RIGHT_PERCENT: usize = 98;

    fn text(value: Option<&ContextValue>) -> &str {
        value.map_or("-", ContextValue::as_str)
    }

    #[test]
    fn real_agents_are_recognized() {
        let reader = ContextReader::new([""; 0]);
        let (mut rows, mut wrong) = (0, Vec::new());
        for line in include_str!("agents.tsv").lines().filter(|line| !line.starts_with('#')) {
            let (expected, agent) = line.rsplit_once('\t').unwrap();
            let context = reader.read(&PageRequest {
                user_agent: Some(agent),
                ..PageRequest::default()
            });
            let values = [&context.browser, &context.system, &context.device];
            let found = values.map(|value| text(value.as_ref())).join("\t");
            rows += 1;
            if found != expected {
                wrong.push(format!("expected `{expected}`, found `{found}`: {agent}"));
            }
        }
        eprintln!("{} of {rows} agents are wrong\n{}", wrong.len(), wrong.join("\n"));
        assert!(rows >= 200, "{rows}");
        assert!(
            wrong.len() * 100 <= rows * (100 - RIGHT_PERCENT),
            "{} of {rows} are wrong",
            wrong.len()
        );
    }
}
