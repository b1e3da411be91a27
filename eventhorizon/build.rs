//! Minifies the scripts for pages.

use std::{
    env,
    error::Error,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

/// The module that becomes a part of `client.js`, which saves browsers a request.
const STREAM: &str = "import { liveStream } from \"./stream.js\";";

/// The module that `client.js` imports when a page has comments.
const COMMENTS: &str = "./comments.js";

/// The bits of the hash in the URL of a module.
const HASH_BITS: u64 = 0xff_ffff;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/client");
    let comments = minify(&source("comments.js")?)?;
    let stream = source("stream.js")?.replace("export const", "const");
    let client = minify(&source("client.js")?.replace(STREAM, &stream))?;
    // Browsers cache both files, but not for the same time: the hash avoids two versions at once.
    let mut hasher = DefaultHasher::new();
    comments.hash(&mut hasher);
    let url = format!("{COMMENTS}?{:06x}", hasher.finish() & HASH_BITS);
    write("comments.js", &comments)?;
    write("client.js", &client.replace(COMMENTS, &url))?;
    Ok(())
}

fn source(name: &str) -> Result<String, Box<dyn Error>> {
    Ok(fs::read_to_string(Path::new("src/client").join(name))?)
}

fn minify(script: &str) -> Result<String, Box<dyn Error>> {
    Ok(minifier::js::minify(script)?.to_string())
}

fn write(name: &str, script: &str) -> Result<(), Box<dyn Error>> {
    let folder = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    Ok(fs::write(PathBuf::from(folder).join(name), script)?)
}
