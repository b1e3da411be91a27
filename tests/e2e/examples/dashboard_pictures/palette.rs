//! Smaller PNG files.

use std::{collections::HashMap, io::Cursor};

use anyhow::{Context, ensure};
use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Filter};

/// The most colours of a PNG file with a palette.
const MAX_COLOURS: usize = 256;

type Colour = [u8; 3];

/// Returns the picture with a palette of its 256 most frequent colours. Other colours, those at the edges of letters,
/// become the most similar one. The file is then a third of the size.
pub(crate) fn with_palette(png: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut reader = Decoder::new(Cursor::new(png)).read_info()?;
    let mut bytes = vec![0; reader.output_buffer_size().context("the picture is too large")?];
    let info = reader.next_frame(&mut bytes)?;
    let is_rgb = (info.color_type, info.bit_depth) == (ColorType::Rgb, BitDepth::Eight);
    ensure!(is_rgb, "the browser's picture is {:?}", info.color_type);
    let (colours, _) = bytes.as_chunks::<3>();
    let palette = frequent(colours);
    let mut positions: HashMap<Colour, u8> = HashMap::new();
    let indices = colours.iter().map(|colour| {
        let position = positions.entry(*colour);
        *position.or_insert_with(|| nearest(&palette, *colour))
    });
    let indices: Vec<u8> = indices.collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, info.width, info.height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_palette(palette.concat());
    encoder.set_compression(Compression::High);
    encoder.set_filter(Filter::NoFilter);
    encoder.write_header()?.write_image_data(&indices)?;
    Ok(file)
}

fn frequent(colours: &[Colour]) -> Vec<Colour> {
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    for colour in colours {
        *counts.entry(*colour).or_default() += 1;
    }
    let mut palette: Vec<_> = counts.into_iter().map(|(colour, count)| (count, colour)).collect();
    palette.sort_unstable_by(|a, b| b.cmp(a));
    palette
        .into_iter()
        .take(MAX_COLOURS)
        .map(|(_, colour)| colour)
        .collect()
}

fn nearest(palette: &[Colour], colour: Colour) -> u8 {
    let distance = |other: &Colour| -> u32 {
        let channels = other.iter().zip(colour);
        channels.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let positions = (0..=u8::MAX).zip(palette);
    positions
        .min_by_key(|(_, other)| distance(other))
        .map_or(0, |(position, _)| position)
}
