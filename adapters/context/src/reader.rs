use std::net::IpAddr;

use horizon_core::{ContextValue, VisitContext};

use crate::{
    agent::AgentReader,
    campaign::Campaign,
    channel::Channel,
    country::CountryLookup,
    country_file::CountryFile,
    device::Device,
    language::language,
    referrer::{OwnHosts, VisitSource},
};

/// What is known about the request that opens a page. Texts may have any length and content.
#[derive(Clone, Copy, Default)]
pub struct PageRequest<'a> {
    /// The header `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// The header `Accept-Language`.
    pub accept_language: Option<&'a str>,
    /// The URL of the page that led to this one. Not that of the request of a live stream, which is this page.
    pub referrer: Option<&'a str>,
    /// The query of the page's URL, encoded.
    pub page_query: Option<&'a str>,
    /// The host of the page, such as the header `Host`: one of the site's own hosts. With or without a port.
    pub host: Option<&'a str>,
    /// The width of the viewport in CSS pixels.
    pub viewport_width: Option<u32>,
    /// The address of the visitor.
    pub address: Option<IpAddr>,
    /// The country that a trusted proxy states.
    pub country_header: Option<&'a str>,
}

impl std::fmt::Debug for PageRequest<'_> {
    /// Writes no content, so that no address gets into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageRequest(…)")
    }
}

/// Makes contexts of requests. Built once for a site.
///
/// It keeps the results for the last 1,024 agents, by keyed hashes. The patterns of browsers take about 6 MiB from the
/// first unknown agent on, until [`refresh`](Self::refresh) drops them.
#[derive(Debug)]
pub struct ContextReader {
    own_hosts: OwnHosts,
    countries: CountryLookup,
    agents: AgentReader,
}

impl ContextReader {
    /// Returns a reader for a site with these hosts, with or without `www.` and a port. Referrers on them are ignored.
    pub fn new(own_hosts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self {
            own_hosts: OwnHosts::new(own_hosts),
            countries: CountryLookup::default(),
            agents: AgentReader::default(),
        }
    }

    /// Sets the file with the countries of addresses. Without it, addresses have no country.
    #[must_use]
    pub fn with_countries(self, file: CountryFile) -> Self {
        let countries = CountryLookup(Some(file));
        Self { countries, ..self }
    }

    /// Returns the context of a request. It takes some microseconds; about 40 ms (optimized) for the first unknown
    /// agent, when the patterns are compiled.
    #[must_use]
    pub fn read(&self, request: &PageRequest<'_>) -> VisitContext {
        let campaign = request.page_query.map(Campaign::of_query).unwrap_or_default();
        let source = self.source(request, &campaign);
        let agent = request
            .user_agent
            .map(|agent| self.agents.read(agent))
            .unwrap_or_default();
        let channel = Channel::of(
            campaign.medium.as_ref().map(ContextValue::as_str),
            source.as_ref().map(|source| source.channel),
        );
        let device = request.viewport_width.and_then(Device::of_width).or(agent.device);
        let mut context = VisitContext::default();
        context.source = source.map(|source| source.name);
        context.channel = Some(ContextValue::new(channel.as_str()));
        context.medium = campaign.medium;
        context.campaign = campaign.campaign;
        context.term = campaign.term;
        context.content = campaign.content;
        context.browser = agent.browser;
        context.system = agent.system;
        context.device = device.map(|device| ContextValue::new(device.as_str()));
        context.country = self.countries.find(request.country_header, request.address);
        context.language = request.accept_language.and_then(language);
        context
    }

    /// Loads the country file again if it was replaced, and drops the patterns of browsers if they were not used for
    /// ten minutes. A broken file is logged, and the loaded one stays in use. Blocks; call it every few seconds.
    pub fn refresh(&self) {
        self.countries.refresh();
        self.agents.drop_unused_patterns();
    }

    fn source(&self, request: &PageRequest<'_>, campaign: &Campaign<'_>) -> Option<VisitSource> {
        let mut parameters = campaign.sources.iter().flatten();
        let stated = parameters.find_map(|text| self.own_hosts.source_of_parameter(text, request.host));
        let referred = || self.own_hosts.source_of_referrer(request.referrer?, request.host);
        stated.or_else(referred)
    }
}
