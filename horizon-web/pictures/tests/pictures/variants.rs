//! Variants: what they look like, where they are kept, and what happens if they cannot be made.

use std::{
    fs::{self, File},
    sync::Arc,
    time::{Duration, SystemTime},
};

use horizon_pictures::{CacheFolder, PictureFile, PictureStore, UNUSED_AFTER};
use horizon_posts::{Picture, PictureLookup as _};
use image_webp::WebPDecoder;

use crate::support::{PictureFolder, exif, jpeg_photo, photo, png, png_photo, request, with_segment};

/// Returns the bytes of a variant.
async fn variant(store: &Arc<PictureStore>, url: &str) -> Vec<u8> {
    match request(store, url).await {
        Some(PictureFile::Variant(path)) => fs::read(path).unwrap(),
        other => panic!("{url} gave {other:?}"),
    }
}

fn widths(picture: &Picture) -> Vec<u32> {
    picture.variants.iter().map(|variant| variant.width).collect()
}

fn decoder(file: &[u8]) -> WebPDecoder<std::io::Cursor<&[u8]>> {
    WebPDecoder::new(std::io::Cursor::new(file)).unwrap()
}

#[tokio::test]
async fn a_photo_has_smaller_variants_of_the_same_shape() {
    let folder = PictureFolder::new();
    let path = folder.write("sea.jpg", &jpeg_photo(2000, 1500));
    let store = folder.store();
    let picture = store.picture(&path).unwrap();
    assert_eq!(widths(&picture), [480, 640, 800, 1200, 1600]);
    let mut last = 0;
    for expected in &picture.variants {
        let file = variant(&store, &expected.url).await;
        assert_eq!(decoder(&file).dimensions(), (expected.width, expected.width * 3 / 4));
        assert!(file.len() > last, "{}", expected.width);
        last = file.len();
    }
    assert!(last < fs::read(&path).unwrap().len());
    assert_eq!(folder.cached().len(), 5);
}

#[tokio::test]
async fn a_medium_picture_has_a_variant_of_its_own_size() {
    let folder = PictureFolder::new();
    let picture = folder.look_up("a.png", &png_photo(900, 300)).unwrap();
    assert_eq!(widths(&picture), [480, 640, 800, 900]);
}

#[tokio::test]
async fn a_turned_photo_has_upright_variants_without_exif() {
    let folder = PictureFolder::new();
    let path = folder.write("a.jpg", &with_segment(&jpeg_photo(900, 600), 0xe1, &exif(6)));
    let store = folder.store();
    let picture = store.picture(&path).unwrap();
    let file = variant(&store, &picture.variants[0].url).await;
    let mut decoder = decoder(&file);
    assert_eq!(decoder.dimensions(), (480, 720));
    assert_eq!(decoder.exif_metadata().unwrap(), None);
    assert!(
        !file.windows(4).any(|bytes| bytes == b"home"),
        "the place where the photo was taken"
    );
}

#[tokio::test]
async fn transparent_pixels_and_the_colour_profile_stay() {
    let mut profile = vec![7; 128];
    profile[16..20].copy_from_slice(b"RGB ");
    let segment = [b"ICC_PROFILE\0\x01\x01".as_slice(), &profile].concat();
    let folder = PictureFolder::new();
    let jpeg = folder.write("a.jpg", &with_segment(&jpeg_photo(900, 600), 0xe2, &segment));
    let pixels = photo(900, 601, 4);
    let png = folder.write("a.png", &png(900, 601, png::ColorType::Rgba, &pixels));
    let store = folder.store();

    let picture = store.picture(&jpeg).unwrap();
    let file = variant(&store, &picture.variants[0].url).await;
    assert_eq!(decoder(&file).icc_profile().unwrap(), Some(profile));

    let picture = store.picture(&png).unwrap();
    let file = variant(&store, &picture.variants[0].url).await;
    assert!(decoder(&file).has_alpha());
    assert_eq!(decoder(&file).dimensions(), (480, 320));
}

#[tokio::test]
async fn a_grey_picture_and_one_with_a_palette_have_variants() {
    let folder = PictureFolder::new();
    let store = folder.store();
    for (name, color, channels) in [
        ("grey.png", png::ColorType::Grayscale, 1),
        ("grey-alpha.png", png::ColorType::GrayscaleAlpha, 2),
    ] {
        let path = folder.write(name, &png(900, 600, color, &photo(900, 600, channels)));
        let picture = store.picture(&path).unwrap();
        let file = variant(&store, &picture.variants[0].url).await;
        assert_eq!(decoder(&file).dimensions(), (480, 320), "{name}");
    }
}

#[tokio::test]
async fn no_variant_has_more_bytes_than_the_original() {
    let folder = PictureFolder::new();
    let noise: Vec<u8> = {
        let mut random = fastrand::Rng::with_seed(3);
        (0..600 * 400).map(|_| random.u8(..)).collect()
    };
    // Pure noise with the lowest quality: a better variant is larger.
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 2);
    encoder.encode(&noise, 600, 400, jpeg_encoder::ColorType::Luma).unwrap();
    jpeg.resize(jpeg.len().max(17 << 10), 0);
    let path = folder.write("noise.jpg", &jpeg);
    let store = folder.store();
    let picture = store.picture(&path).unwrap();
    let url = &picture.variants.last().unwrap().url;
    assert_eq!(
        request(&store, url).await,
        Some(PictureFile::Original(fs::canonicalize(path).unwrap()))
    );
}

#[tokio::test]
async fn another_process_finds_the_variants_and_several_make_each_once() {
    let folder = PictureFolder::new();
    let path = folder.write("a.jpg", &jpeg_photo(900, 600));
    let stores = [folder.store(), folder.store()];
    let url = stores[0].picture(&path).unwrap().variants[0].url.clone();
    stores[1].picture(&path).unwrap();
    let (first, second, third) = tokio::join!(
        request(&stores[0], &url),
        request(&stores[1], &url),
        request(&stores[1], &url)
    );
    assert!(matches!(first, Some(PictureFile::Variant(_))), "{first:?}");
    assert!(first == second && second == third);
    assert_eq!(folder.cached().len(), 4, "{:?}", folder.cached());
    let written = fs::metadata(folder.cache().join(&folder.cached()[0]))
        .unwrap()
        .modified()
        .unwrap();
    // A third process has not read the folder yet.
    assert_eq!(request(&folder.store(), &url).await, first);
    let cached = fs::metadata(folder.cache().join(&folder.cached()[0])).unwrap();
    assert_eq!(cached.modified().unwrap(), written);
}

#[tokio::test]
async fn a_url_of_another_node_is_found_after_the_folder_was_read() {
    let folder = PictureFolder::new();
    let path = folder.write("media/a.jpg", &jpeg_photo(900, 600));
    let url = folder.store().picture(&path).unwrap().variants[0].url.clone();
    let store = folder.store();
    let running = tokio::spawn(Arc::clone(&store).run(std::future::pending()));
    assert!(matches!(request(&store, &url).await, Some(PictureFile::Variant(_))));
    let other = url.replace("-480", "-481");
    assert_eq!(request(&store, &other).await, None, "a width that no page has");
    running.abort();
}

#[tokio::test]
async fn pictures_that_pages_show_are_made_in_the_background() {
    let folder = PictureFolder::new();
    let path = folder.write("a.jpg", &jpeg_photo(900, 600));
    let store = folder.store();
    let mut made = [0; 4].map(|_| String::new());
    let picture = store.picture(&path).unwrap();
    for (name, variant) in made.iter_mut().zip(&picture.variants) {
        *name = variant.url.rsplit('/').next().unwrap().to_owned();
    }
    let running = tokio::spawn(Arc::clone(&store).run(std::future::pending()));
    made.sort();
    while folder.cached() != made {
        tokio::task::yield_now().await;
    }
    running.abort();
}

#[tokio::test]
async fn a_cut_file_in_the_cache_is_made_again() {
    let folder = PictureFolder::new();
    let path = folder.write("a.jpg", &jpeg_photo(900, 600));
    let store = folder.store();
    let url = store.picture(&path).unwrap().variants[0].url.clone();
    let file = variant(&store, &url).await;
    let name = url.rsplit('/').next().unwrap();
    fs::write(folder.cache().join(name), &file[..file.len() / 2]).unwrap();
    assert_eq!(variant(&store, &url).await, file);
}

#[tokio::test]
async fn only_variants_that_were_not_used_for_long_are_removed() {
    let folder = PictureFolder::new();
    let path = folder.write("a.jpg", &jpeg_photo(900, 600));
    let store = folder.store();
    let picture = store.picture(&path).unwrap();
    variant(&store, &picture.variants[0].url).await;
    let name = |number: usize| picture.variants[number].url.rsplit('/').next().unwrap().to_owned();
    let set_age = |name: &str, age| {
        let file = File::options()
            .append(true)
            .create(true)
            .open(folder.cache().join(name))
            .unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    };
    let minute = Duration::from_secs(60);
    set_age(&name(0), UNUSED_AFTER + minute);
    set_age(&name(1), UNUSED_AFTER - minute);
    set_age("unfinished-old", Duration::from_secs(3601));
    set_age("unfinished-new", minute);
    set_age("notes.txt", UNUSED_AFTER + minute);
    // Another blog, which uses the same cache.
    let other = PictureFolder::new();
    let cache = CacheFolder::open(folder.cache().parent().unwrap()).unwrap();
    let other = Arc::new(PictureStore::new(other.content(), Some(cache)));
    let running = tokio::spawn(other.run(std::future::pending()));
    while folder.cached().contains(&name(0)) {
        tokio::task::yield_now().await;
    }
    running.abort();
    let _ = running.await;
    let mut rest = [name(1), name(2), name(3), "notes.txt".into(), "unfinished-new".into()];
    rest.sort();
    assert_eq!(folder.cached(), rest);
}

#[tokio::test]
async fn without_a_cache_there_are_sizes_and_no_variants() {
    let folder = PictureFolder::new();
    let path = folder.write("a.jpg", &jpeg_photo(900, 600));
    let url = folder.store().picture(&path).unwrap().variants[0].url.clone();
    let store = Arc::new(PictureStore::new(folder.content(), None));
    let picture = store.picture(&path).unwrap();
    assert_eq!((picture.width, picture.height), (900, 600));
    assert!(picture.variants.is_empty());
    // A page of another node.
    let original = fs::canonicalize(path).unwrap();
    assert_eq!(request(&store, &url).await, Some(PictureFile::Instead(original)));
}

#[tokio::test]
async fn a_cache_that_can_no_longer_be_written_gives_the_original() {
    let folder = PictureFolder::new();
    let path = folder.write("a.jpg", &jpeg_photo(900, 600));
    let store = folder.store();
    let url = store.picture(&path).unwrap().variants[0].url.clone();
    fs::remove_dir_all(folder.cache()).unwrap();
    let original = PictureFile::Instead(fs::canonicalize(path).unwrap());
    assert_eq!(request(&store, &url).await, Some(original.clone()));
    // No attempt for each request.
    fs::create_dir(folder.cache()).unwrap();
    assert_eq!(request(&store, &url).await, Some(original));
}

#[test]
fn a_cache_that_cannot_be_created_is_an_error() {
    let folder = PictureFolder::new();
    let file = folder.write("file", b"");
    assert!(CacheFolder::open(&file).is_err());
}
