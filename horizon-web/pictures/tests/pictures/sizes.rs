//! The size of a picture, as a browser shows it.

use std::fs;

use horizon_posts::PictureLookup as _;

use crate::support::{PictureFolder, exif, jpeg_photo, png_photo, with_segment};

#[test]
fn the_size_is_read_from_the_header_of_any_format() {
    let folder = PictureFolder::new();
    let webp = webp::Encoder::from_rgb(&[9; 12], 2, 2).encode(75.0).to_vec();
    let gif = b"GIF89a\x03\0\x05\0\0\0\0".to_vec();
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50"></svg>"#.to_vec();
    for (name, file, size) in [
        ("a.png", png_photo(30, 20), (30, 20)),
        ("a.jpg", jpeg_photo(40, 30), (40, 30)),
        ("a.webp", webp, (2, 2)),
        ("a.gif", gif, (3, 5)),
        ("a.svg", svg, (688, 344)),
        ("wrong.gif", png_photo(30, 20), (30, 20)),
        ("no-extension", jpeg_photo(40, 30), (40, 30)),
    ] {
        let picture = folder.look_up(name, &file).map(|picture| {
            assert!(picture.variants.is_empty(), "{name} is small enough");
            (picture.width, picture.height)
        });
        assert_eq!(picture, Some(size), "{name}");
    }
}

#[test]
fn a_photo_that_is_turned_has_the_size_as_shown() {
    let folder = PictureFolder::new();
    let jpeg = jpeg_photo(40, 30);
    for orientation in 1..=8 {
        let turned = with_segment(&jpeg, 0xe1, &exif(orientation));
        // Cameras write more segments than the start of the file has room for.
        let mut long = turned.clone();
        for _ in 0..3 {
            long = with_segment(&long, 0xe2, &[7; 60_000]);
        }
        let expected = if orientation > 4 { (30, 40) } else { (40, 30) };
        for file in [turned, long] {
            let picture = folder.look_up("turned.jpg", &file).unwrap();
            assert_eq!((picture.width, picture.height), expected, "{orientation}");
        }
    }
}

#[test]
fn a_replaced_picture_has_the_new_size_and_new_urls() {
    let folder = PictureFolder::new();
    let store = folder.store();
    let path = folder.write("a.jpg", &jpeg_photo(900, 600));
    let first = store.picture(&path).unwrap();
    folder.write("a.jpg", &jpeg_photo(900, 500));
    let second = store.picture(&path).unwrap();
    assert_eq!((second.width, second.height), (900, 500));
    assert_ne!(first.variants[0].url, second.variants[0].url);
    // A new checkout has other times.
    fs::remove_file(&path).unwrap();
    folder.write("a.jpg", &jpeg_photo(900, 600));
    assert_eq!(folder.store().picture(&path), Some(first));
}

#[cfg(unix)]
#[test]
fn files_outside_the_folder_and_hidden_ones_are_not_read() {
    use std::os::unix::fs::symlink;

    let folder = PictureFolder::new();
    let outside = PictureFolder::new();
    let secret = outside.write("secret.png", &png_photo(30, 20));
    symlink(&secret, folder.content().join("link.png")).unwrap();
    symlink(outside.content(), folder.content().join("folder")).unwrap();
    folder.write(".git/hidden.png", &png_photo(30, 20));
    fs::create_dir(folder.content().join("directory.png")).unwrap();
    let pipe = folder.content().join("pipe.png");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let store = folder.store();
    for name in [
        "link.png",
        "folder/secret.png",
        ".git/hidden.png",
        "directory.png",
        "pipe.png",
        "missing.png",
        "../secret.png",
    ] {
        assert_eq!(store.picture(&folder.content().join(name)), None, "{name}");
    }
    assert_eq!(store.picture(&secret), None);
}
