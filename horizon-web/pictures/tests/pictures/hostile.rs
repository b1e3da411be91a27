//! Broken and hostile pictures: no panic, no unbounded memory, and readers get the original.

use std::fs;

use horizon_pictures::PictureFile;
use horizon_posts::PictureLookup as _;

use crate::support::{PictureFolder, exif, jpeg_photo, png_photo, request, with_segment};

#[test]
fn a_file_that_is_no_picture_has_no_size() {
    let folder = PictureFolder::new();
    for file in [
        b"".as_slice(),
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe1\0\x01",
        b"\xff\xd8\xff\xda\0\x02",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBP",
        b"RIFF\0\0\0\0WEBPVP8X",
        b"GIF89a",
        b"GIF89a\0\0\0\0\0\0\0",
        b"\0\0\0\x20ftypavif\0\0\0\0avif",
        b"<!DOCTYPE html><html>",
        b"<svg",
        b"text",
    ] {
        assert_eq!(folder.look_up("a.jpg", file), None, "{file:?}");
    }
}

#[test]
fn no_damage_of_a_header_panics() {
    let folder = PictureFolder::new();
    let jpeg = with_segment(&jpeg_photo(40, 30), 0xe1, &exif(6));
    let webp = webp::Encoder::from_rgb(&[9; 12], 2, 2).encode(75.0).to_vec();
    let avif = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf\0\0\0\x20meta\0\0\0\0\0\0\0\x14iprp\0\0\0\x0cipco".to_vec();
    let mut random = fastrand::Rng::with_seed(5);
    for file in [jpeg, png_photo(30, 20), webp, avif] {
        for _ in 0..300 {
            let mut damaged = file.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..damaged.len().min(200));
                damaged[at] = random.u8(..);
            }
            damaged.truncate(random.usize(..damaged.len()));
            let _ = folder.look_up("damaged.jpg", &damaged);
        }
    }
}

/// Sets the size in the header of a PNG file, with the right checksum.
fn png_of_size(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = png::Encoder::new(&mut file, width, height);
    let mut writer = encoder.write_header().unwrap();
    // Compressed zeros: 20 KB that become gigabytes.
    let zeros = {
        let mut zlib = vec![0x78, 0x01];
        zlib.extend(std::iter::repeat_n(0_u8, 20 << 10));
        zlib
    };
    writer.write_chunk(png::chunk::IDAT, &zeros).unwrap();
    drop(writer);
    file
}

#[tokio::test]
async fn a_picture_that_needs_too_much_memory_has_a_size_and_no_variants() {
    let folder = PictureFolder::new();
    let picture = folder.look_up("bomb.png", &png_of_size(50_000, 50_000)).unwrap();
    assert_eq!((picture.width, picture.height), (50_000, 50_000));
    assert!(picture.variants.is_empty());

    // The largest size that the format has: the product of its sides and the bytes of a pixel is over 64 bits.
    let mut largest = png_of_size(1, 1);
    largest[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let picture = folder.look_up("largest.png", &largest).unwrap();
    assert_eq!((picture.width, picture.height), (0x7fff_ffff, 0x7fff_ffff));
    assert!(picture.variants.is_empty());

    // A JPEG file of the largest size that the format has: the size is in bytes 5 to 8 of its segment.
    let mut jpeg = jpeg_photo(400, 300);
    let at = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[at + 5..at + 9].fill(0xff);
    jpeg.resize(20 << 10, 0);
    let picture = folder.look_up("bomb.jpg", &jpeg).unwrap();
    assert_eq!((picture.width, picture.height), (65_535, 65_535));
    assert!(picture.variants.is_empty());
}

#[tokio::test]
async fn the_original_of_a_broken_picture_is_sent_and_the_attempt_is_not_repeated() {
    let folder = PictureFolder::new();
    let png = png_photo(900, 600);
    let cut = png[..png.len() / 2].to_vec();
    let bomb = png_of_size(2000, 2000);
    for (name, file) in [("cut.png", cut), ("bomb.png", bomb)] {
        let path = folder.write(name, &file);
        let store = folder.store();
        let picture = store.picture(&path).unwrap();
        let original = fs::canonicalize(&path).unwrap();
        for variant in &picture.variants {
            let sent = request(&store, &variant.url).await;
            assert_eq!(sent, Some(PictureFile::Instead(original.clone())), "{name}");
        }
        let again = store.picture(&path).unwrap();
        assert!(again.variants.is_empty(), "later pages show the original of {name}");
        assert_eq!((again.width, again.height), (picture.width, picture.height));
    }
    assert_eq!(folder.cached(), [""; 0]);
}

#[tokio::test]
async fn damaged_pixels_never_panic() {
    let folder = PictureFolder::new();
    let store = folder.store();
    let mut random = fastrand::Rng::with_seed(6);
    let webp = {
        let pixels = crate::support::photo(700, 500, 3);
        webp::Encoder::from_rgb(&pixels, 700, 500).encode(95.0).to_vec()
    };
    for file in [jpeg_photo(700, 500), png_photo(300, 200), webp] {
        for number in 0..4 {
            let mut damaged = file.clone();
            for _ in 0..20 {
                let at = random.usize(300..damaged.len());
                damaged[at] = random.u8(..);
            }
            if number == 0 {
                damaged.truncate(damaged.len() * 2 / 3);
            }
            let path = folder.write("damaged.jpg", &damaged);
            let Some(picture) = store.picture(&path) else {
                continue;
            };
            for variant in &picture.variants {
                assert!(request(&store, &variant.url).await.is_some());
            }
        }
    }
}
