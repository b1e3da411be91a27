//! The size and the variants of pictures in pages.

use std::{ffi::OsStr, path::Path, sync::Arc};

use horizon_posts::{ContentFolder, ContentOptions, Picture, PictureLookup, PictureVariant, Pictures, atom};

use crate::folder::{Folder, now, options, site};

/// Knows each file that is called `sea.jpg`.
#[derive(Debug)]
struct Seas;

impl PictureLookup for Seas {
    fn picture(&self, file: &Path) -> Option<Picture> {
        let variant = |width| PictureVariant {
            url: format!("/pkg/pictures/sea-{width}.webp"),
            width,
        };
        (file.is_absolute() && file.file_name() == Some(OsStr::new("sea.jpg"))).then(|| Picture {
            width: 3000,
            height: 2000,
            variants: vec![variant(480), variant(800)],
        })
    }
}

const SEA: &str = "srcset=\"/pkg/pictures/sea-480.webp 480w, /pkg/pictures/sea-800.webp 800w\"";

fn with_pictures() -> ContentOptions {
    ContentOptions {
        pictures: Pictures::new(Arc::new(Seas)),
        ..options()
    }
}

#[test]
fn a_picture_has_its_size_and_variants_and_all_but_the_first_load_lazily() {
    let folder = Folder::new();
    folder.write("media/sea.jpg", b"a picture");
    folder.write("media/other.png", b"another file");
    let body = "![First](sea.jpg)\n\ntext ![second](/media/sea.jpg?x=1) ![other](other.png) \
                ![away](https://a.example/sea.jpg)";
    folder.write(
        "a.md",
        format!("---\ntitle: A\ndate: 2026-01-02\ncover: {{image: sea.jpg}}\n---\n{body}"),
    );
    let library = ContentFolder::load(folder.path(), &with_pictures()).library(now());
    let post = &library.posts()[0];
    let html = post.html();
    let tags: Vec<&str> = html
        .split("<img ")
        .skip(1)
        .map(|tag| tag.split('>').next().unwrap_or_default())
        .collect();
    let [first, second, other, away] = tags[..] else {
        panic!("{html}")
    };
    for tag in [first, second] {
        assert!(
            tag.contains(SEA) && tag.contains("width=\"3000\" height=\"2000\""),
            "{tag}"
        );
        assert!(
            tag.contains("src=\"/media/sea.jpg") && tag.contains(" sizes=\""),
            "{tag}"
        );
    }
    for tag in [other, away] {
        assert!(!tag.contains("srcset") && !tag.contains("width="), "{tag}");
    }
    assert!(
        first.contains("fetchpriority=\"high\"") && !first.contains("lazy"),
        "{first}"
    );
    for tag in [second, other, away] {
        assert!(
            tag.contains("loading=\"lazy\"") && !tag.contains("fetchpriority"),
            "{tag}"
        );
    }
    assert_eq!(post.cover_picture().map(|cover| cover.width), Some(3000));

    let feed = atom(&library, &site());
    assert!(
        feed.contains("https://blog.example/media/sea.jpg") && !feed.contains("srcset"),
        "{feed}"
    );
}
