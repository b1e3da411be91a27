//! Pictures of posts: their bytes on a phone, and the space that they have before they are loaded.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::ensure;
use horizon_test_support::{
    Browser, Posts, ServerOptions, browser_test,
    http::{self, StatusCode},
    wait_until,
};
use jpeg_encoder::{ColorType, Encoder};
use serde_json::json;

/// The smallest size of all photos together, in bytes.
const ALL_PHOTOS: u64 = 25_000_000;

/// The most that a phone loads, in bytes.
const MAX_BYTES: u64 = 500_000;

/// The largest layout shift that is not one of a picture, such as that of a number by a pixel. A picture without its
/// space shifts the text by 0.1 and more.
const MAX_SHIFT: f64 = 0.001;

/// A phone of 390 pixels.
const SCREEN: (u32, u32, u32) = (390, 844, 3);

const WIDTH: u16 = 3200;
const HEIGHT: u16 = 2400;

/// Random brightness in squares of one size.
struct Grid {
    square: usize,
    columns: usize,
    brightness: Vec<i32>,
}

impl Grid {
    fn new(square: usize, width: usize, height: usize, random: &mut fastrand::Rng) -> Self {
        let columns = width / square + 1;
        let squares = columns * (height / square + 1);
        let brightness = (0..squares).map(|_| random.i32(-9..=9)).collect();
        Self {
            square,
            columns,
            brightness,
        }
    }

    fn at(&self, x: usize, y: usize) -> i32 {
        self.brightness[y / self.square * self.columns + x / self.square]
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "all numbers are small"
)]
/// Returns a JPEG file with as much detail as a photo: there is some of each size, from the noise of the camera on.
fn photo(number: u64) -> anyhow::Result<Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(number);
    let (width, height) = (usize::from(WIDTH), usize::from(HEIGHT));
    let mut pixels = vec![0; width * height * 3];
    random.fill(&mut pixels);
    let grids: Vec<Grid> = (1..8)
        .map(|octave| Grid::new(1 << octave, width, height, &mut random))
        .collect();
    for (at, pixel) in pixels.chunks_mut(3).enumerate() {
        let shape: i32 = grids.iter().map(|grid| grid.at(at % width, at / width)).sum();
        for (channel, value) in pixel.iter_mut().enumerate() {
            let noise = i32::from(*value % 16) - 8;
            *value = (110 + shape * 3 / 2 + noise + channel as i32 * 15).clamp(0, 255) as u8;
        }
    }
    let mut file = Vec::new();
    Encoder::new(&mut file, 92).encode(&pixels, WIDTH, HEIGHT, ColorType::Rgb)?;
    Ok(file)
}

/// Writes a post with a cover and photos, and returns the size of the files.
fn write_photos(posts: &Posts) -> anyhow::Result<u64> {
    fs::create_dir(posts.path().join("media"))?;
    let mut text =
        "---\ntitle: Photos\ndate: 2026-01-04\ncover: { image: media/0.jpg, alt: The sea }\n---\n".to_owned();
    let (mut bytes, mut number) = (0, 0);
    while bytes < ALL_PHOTOS {
        let file = photo(number)?;
        bytes += file.len() as u64;
        fs::write(posts.path().join(format!("media/{number}.jpg")), file)?;
        if number > 0 {
            text += &format!(
                "\n{}\n\n![Photo {number}](media/{number}.jpg)\n",
                "Words about the sea. ".repeat(20)
            );
        }
        number += 1;
    }
    posts.write("photos.md", &(text + "\n## The end\n"))?;
    Ok(bytes)
}

/// Waits for the variants of all pictures.
async fn wait_for_variants(cache: &Path, count: usize) -> anyhow::Result<()> {
    wait_until("all variants are in the cache", async || {
        let files = fs::read_dir(cache.join("pictures"))?.count();
        ensure!(files >= count, "{files} of {count}");
        Ok(())
    })
    .await
}

/// Returns the sum of all layout shifts of the page.
async fn layout_shift(browser: &Browser) -> anyhow::Result<f64> {
    let script = "return new Promise(done => {
        let sum = 0;
        const add = entries => { for (const entry of entries) sum += entry.value; };
        const observer = new PerformanceObserver(list => add(list.getEntries()));
        observer.observe({ type: 'layout-shift', buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => { add(observer.takeRecords()); done(sum); }));
    })";
    Ok(browser.script(script, &[]).await?.as_f64().unwrap_or(f64::MAX))
}

async fn open_on_phone(browser: &Browser, page: &str) -> anyhow::Result<()> {
    let (width, height, density) = SCREEN;
    let phone = json!({ "width": width, "height": height, "deviceScaleFactor": density, "mobile": true });
    browser.devtools("Emulation.setDeviceMetricsOverride", &phone).await?;
    browser.open_live(page).await
}

#[test]
fn a_phone_loads_a_post_of_large_photos_in_few_bytes_and_nothing_moves() -> anyhow::Result<()> {
    let posts = Posts::two()?;
    let originals = write_photos(&posts)?;
    browser_test(1, ServerOptions::default().with_posts(posts), async |test| {
        let photos = fs::read_dir(test.server.posts().path().join("media"))?.count();
        for photo in 1..=photos {
            wait_for_variants(&test.server.cache(), photo * 5).await?;
        }
        let ada = test.browser("Ada").await?;
        ada.leave().await?;
        let before = ada.wait_for_transfers().await?;
        open_on_phone(&ada, "/blog/photos").await?;
        layout_shift(&ada).await?;
        let loaded = ada.wait_for_transfers().await? - before;
        println!("{loaded} of {originals} bytes");
        ensure!(loaded < MAX_BYTES, "a phone loads {loaded} bytes");

        let scroll = "for (const image of document.images) {
            image.scrollIntoView({ behavior: 'instant' });
            await new Promise(done => image.complete ? done() : image.onload = image.onerror = done);
        }";
        ada.script(&format!("return (async () => {{ {scroll} }})()"), &[])
            .await?;
        println!("{} bytes after scrolling", ada.wait_for_transfers().await? - before);
        let broken = "return [...document.images].filter(image => !image.naturalWidth || image.width > 390).length";
        ensure!(
            ada.script(broken, &[]).await? == json!(0),
            "a picture is broken or too wide"
        );
        let shift = layout_shift(&ada).await?;
        ensure!(shift < MAX_SHIFT, "the layout shifted by {shift}");

        let variants = "return [...document.images].map(image => image.currentSrc.match(/-(\\d+)[.]webp$/)?.[1])";
        let widths = ada.script(variants, &[]).await?;
        ensure!(
            widths
                .as_array()
                .is_some_and(|widths| widths.iter().all(|width| *width == "640")),
            "{widths}"
        );
        Ok(())
    })
}

#[test]
fn a_picture_is_shown_before_its_variants_are_made_and_without_a_cache() -> anyhow::Result<()> {
    let posts = Posts::two()?;
    fs::create_dir(posts.path().join("media"))?;
    fs::write(posts.path().join("media/sea.jpg"), photo(1)?)?;
    posts.write(
        "sea.md",
        "---\ntitle: The sea\ndate: 2026-01-04\n---\n\n![The sea](media/sea.jpg)\n",
    )?;
    for cache in [None, Some("/dev/null/no-folder")] {
        let copy = Posts::empty()?;
        fs::create_dir(copy.path().join("media"))?;
        for name in ["sea.md", "media/sea.jpg"] {
            fs::copy(posts.path().join(name), copy.path().join(name))?;
        }
        let options = cache.map_or_else(ServerOptions::default, |cache| {
            ServerOptions::default().with("HORIZON_CACHE", cache)
        });
        browser_test(1, options.with_posts(copy), async |test| {
            let ada = test.browser("Ada").await?;
            open_on_phone(&ada, "/blog/sea").await?;
            ada.wait_for("the picture is loaded", "return document.images[0].naturalWidth > 0")
                .await?;
            let shift = layout_shift(&ada).await?;
            ensure!(shift < MAX_SHIFT, "the layout shifted by {shift}");
            let source = ada.script("return document.images[0].currentSrc", &[]).await?;
            let is_variant = source.as_str().is_some_and(|source| source.ends_with(".webp"));
            ensure!(is_variant == cache.is_none(), "{cache:?} gave {source}");
            Ok(())
        })?;
    }
    Ok(())
}

/// Returns the files of a folder with their contents.
fn snapshot(folder: &Path) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(snapshot(&path)?);
        } else {
            files.push((path.clone(), fs::read(path)?));
        }
    }
    files.sort();
    Ok(files)
}

#[test]
fn the_content_folder_is_only_read() -> anyhow::Result<()> {
    let posts = Posts::two()?;
    write_small_photo(&posts)?;
    let folder = posts.path().to_owned();
    for path in [folder.join("media"), folder.clone()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o555))?;
    }
    let before = snapshot(&folder)?;
    browser_test(0, ServerOptions::default().with_posts(posts), async |test| {
        wait_for_variants(&test.server.cache(), 4).await?;
        ensure!(snapshot(&folder)? == before, "a file was written");
        let page = http::get(test.server.address(), "/blog/small").await?.text();
        let (_, after) = page.split_once("srcset=\"").unwrap_or_default();
        let url = after.split(' ').next().unwrap_or_default().to_owned();
        let variant = http::get(test.server.address(), &url).await?.headers;
        ensure!(variant["content-type"] == "image/webp", "{url}: {variant:?}");
        ensure!(variant["cache-control"].to_str()?.contains("immutable"), "{variant:?}");
        for path in [
            "/pkg/pictures/x.webp",
            "/pkg/pictures/..%2fx-480.webp",
            &url.replace("-480", "-481"),
        ] {
            let answer = http::get(test.server.address(), path).await?;
            ensure!(answer.status == StatusCode::NOT_FOUND, "{path}: {}", answer.status);
        }
        for path in [folder.clone(), folder.join("media")] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    })
}

fn write_small_photo(posts: &Posts) -> anyhow::Result<()> {
    fs::create_dir(posts.path().join("media"))?;
    let mut random = fastrand::Rng::with_seed(1);
    let pixels: Vec<u8> = (0..900 * 600 * 3).map(|_| random.u8(100..140)).collect();
    let mut file = Vec::new();
    Encoder::new(&mut file, 90).encode(&pixels, 900, 600, ColorType::Rgb)?;
    fs::write(posts.path().join("media/small.jpg"), file)?;
    posts.write(
        "small.md",
        "---\ntitle: Small\ndate: 2026-01-04\n---\n\n![](media/small.jpg)\n",
    )
}
