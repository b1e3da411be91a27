//! The application's own events.

use horizon_test_support::Browser;
use serde_json::json;

use crate::play;

const REACTION: &str = "[data-horizon-event='👍']";
const LINK: &str = "a[data-horizon-event]";

/// Waits until the page shows how often an event happened.
async fn sees_count(reader: &Browser, name: &str, count: u64) -> anyhow::Result<()> {
    let script = format!("return document.querySelector('[data-horizon-count=\"{name}\"]').textContent === '{count}'");
    reader
        .wait_for(&format!("{name} happened {count} times"), &script)
        .await
}

/// Waits until a click on an element sends its event.
async fn listens(reader: &Browser) -> anyhow::Result<()> {
    let script = "return performance.getEntriesByType('resource').some(entry => entry.name.includes('/events.js'))";
    reader.wait_for("events.js is loaded", script).await
}

#[test]
fn two_browsers_see_the_same_reactions_at_once() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        for reader in [&ada, &ben] {
            reader.open_live("/page/bread").await?;
            listens(reader).await?;
            sees_count(reader, "👍", 0).await?;
        }
        for (count, sender) in [(1, &ada), (2, &ben), (3, &ada)] {
            sender.click(REACTION).await?;
            sees_count(&ada, "👍", count).await?;
            sees_count(&ben, "👍", count).await?;
        }
        Ok(())
    })
}

#[test]
fn a_link_with_an_event_navigates_and_counts_once() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ben.open_live("/page/bread").await?;
        for count in 1..=2 {
            ada.open_live("/page/bread").await?;
            listens(&ada).await?;
            ada.click(LINK).await?;
            ada.wait_for("the link is open", "return location.pathname === '/list'")
                .await?;
            sees_count(&ben, "download", count).await?;
        }
        // The events arrive in their order, so a second one for a click would have arrived before this one.
        ben.click(REACTION).await?;
        sees_count(&ben, "👍", 1).await?;
        sees_count(&ben, "download", 2).await
    })
}

#[test]
fn a_script_tracks_events_and_gets_the_response() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        let tracks = "return await window.horizonLive.track('download', { pages: 12, free: true })";
        for count in 1..=2 {
            let response = ada.script(tracks, &[]).await?;
            anyhow::ensure!(
                response == json!({ "status": 200, "name": "download", "count": count }),
                "{response}"
            );
        }
        let imports = "const { track } = await import('/horizon/client.js'); return await track('download')";
        let response = ada.script(imports, &[]).await?;
        anyhow::ensure!(response["count"] == 3, "{response}");
        sees_count(&ada, "download", 3).await
    })
}

#[test]
fn an_element_sends_the_event_of_its_own_page_or_of_the_site() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ben.open_live("/page/soup").await?;
        ada.open_live("/list").await?;
        let adds = "const item = document.querySelector('[data-horizon-slug=soup]');
            item.innerHTML += '<button data-horizon-event=\"👍\"><b data-horizon-count=\"👍\">?</b></button>'";
        ada.script(adds, &[]).await?;
        listens(&ada).await?;
        sees_count(&ada, "👍", 0).await?;
        ada.click(REACTION).await?;
        sees_count(&ben, "👍", 1).await?;
        sees_count(&ada, "👍", 1).await
    })
}

#[test]
fn a_count_in_the_html_stays_until_the_first_message() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/").await?;
        let connects = "const { connect } = await import('/horizon/client.js');
            window.part = document.createElement('p');
            part.innerHTML = '<b data-horizon-count=\"download\">7</b>';
            connect({ slug: 'bread', base: '/horizon', root: part });
            return part.textContent";
        let text = ada.script(connects, &[]).await?;
        anyhow::ensure!(text == "7", "before the first message, it reads {text}");
        ada.wait_for("the count is live", "return part.textContent === '0'")
            .await
    })
}

#[test]
fn a_button_of_the_site_counts_on_pages_and_in_lists() -> anyhow::Result<()> {
    play(2, async |test| {
        let ada = test.browser("Ada").await?;
        let ben = test.browser("Ben").await?;
        ada.open_live("/page/bread").await?;
        ben.open_live("/list").await?;
        let adds = "const part = document.createElement('section');
            part.dataset.horizonSlug = '';
            part.innerHTML = '<button data-horizon-event=\"thanks\"><b data-horizon-count=\"thanks\">?</b></button>'
                + ' <b data-horizon=\"viewers\">?</b> <b data-horizon=\"site-viewers\">?</b>';
            document.querySelector('main').append(part)";
        for reader in [&ada, &ben] {
            reader.script(adds, &[]).await?;
            listens(reader).await?;
            sees_count(reader, "thanks", 0).await?;
        }
        for (count, sender) in [(1, &ada), (2, &ben)] {
            sender.click("[data-horizon-event=thanks]").await?;
            for reader in [&ada, &ben] {
                sees_count(reader, "thanks", count).await?;
                reader
                    .wait_for(
                        "the site has two viewers and no number of a page",
                        "return document.querySelector('section').textContent.endsWith(' ? 2')",
                    )
                    .await?;
            }
        }
        Ok(())
    })
}

#[test]
fn an_event_before_the_connection_is_not_tracked() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/").await?;
        let tracks = "window.horizonLive.close();
            delete window.horizonLive;
            const { track } = await import('/horizon/client.js');
            return await track('download').then(response => response === undefined)";
        let is_undefined = ada.script(tracks, &[]).await?;
        anyhow::ensure!(is_undefined == true, "there is a response");
        Ok(())
    })
}

#[test]
fn links_to_other_hosts_and_files_send_events_where_the_author_says_so() -> anyhow::Result<()> {
    play(1, async |test| {
        let ada = test.browser("Ada").await?;
        ada.open_live("/page/bread").await?;
        // The page stays open.
        let adds = "document.querySelector('h1').insertAdjacentHTML('afterend', `
                <p data-horizon='links'>
                  <a id='outbound' href='https://elsewhere.example/page?private=1'><i>Elsewhere</i></a>
                  <a id='file' href='/files/guide.PDF?v=2'>Guide</a> <a id='saved' href='/list' download>List</a>
                  <a id='inside' href='/list'>List</a> <a id='mail' href='mailto:ada@elsewhere.example'>Mail</a>
                  <a id='own' href='https://elsewhere.example/' data-horizon-event='👍'>Thumbs</a>
                </p>
                <p><a id='not' href='https://elsewhere.example/'>Elsewhere</a></p>
                <p><b data-horizon-count='outbound'>0</b></p>`);
            document.addEventListener('click', event => event.preventDefault());
            window.bodies = [];
            const request = window.fetch;
            window.fetch = (address, options) => {
                if (options.method === 'POST') window.bodies.push(JSON.parse(options.body));
                return request(address, options);
            }";
        ada.script(adds, &[]).await?;
        listens(&ada).await?;
        for link in ["outbound i", "file", "saved", "inside", "mail", "not", "own"] {
            ada.click(&format!("#{link}")).await?;
        }
        sees_count(&ada, "outbound", 1).await?;
        sees_count(&ada, "download", 2).await?;
        sees_count(&ada, "👍", 1).await?;
        let bodies = ada
            .script(
                "return window.bodies.map(({ name, properties }) => [name, properties])",
                &[],
            )
            .await?;
        anyhow::ensure!(
            bodies
                == json!([
                    ["outbound", { "host": "elsewhere.example" }],
                    ["download", { "file": "/files/guide.PDF" }],
                    ["download", { "file": "/list" }],
                    ["👍", {}],
                ]),
            "{bodies}"
        );
        Ok(())
    })
}
