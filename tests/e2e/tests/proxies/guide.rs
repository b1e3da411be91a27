use std::{fs, path::Path};

use anyhow::{Context, ensure};

use crate::site::{PROXIES, workspace};

const GUIDE: &str = "horizon-web/content/running-this-blog.md";

#[test]
fn the_guide_shows_the_tested_files() -> anyhow::Result<()> {
    let guide = fs::read_to_string(workspace()?.join(GUIDE)).context(GUIDE)?;
    let folder = workspace()?.join(PROXIES);
    let mut shown = 0;
    for entry in fs::read_dir(&folder).context(PROXIES)? {
        let path = entry?.path();
        let name = path.file_name().map(Path::new).context("a file has a name")?.display();
        let block = format!("\n{}```\n", fs::read_to_string(&path)?);
        ensure!(guide.contains(&block), "{GUIDE} must show {PROXIES}/{name} unchanged");
        shown += 1;
    }
    ensure!(shown == 4, "{shown} files in {PROXIES}");
    Ok(())
}
