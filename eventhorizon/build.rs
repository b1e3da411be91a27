//! Minifies the scripts for pages, and the files of the dashboard.

#[path = "build/short_names.rs"]
mod short_names;

use std::{
    env,
    error::Error,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

/// The module that becomes a part of `client.js`, which saves browsers a request.
const STREAM: &str = "import { liveStream } from \"./stream.js\";";

/// The end of the lines of that module that only the blog uses.
const BLOG: &str = "// blog";

/// The modules that `client.js` imports when a page needs them: comments, the application's own events, and whether the
/// end of a page was on screen.
const MODULES: [&str; 3] = ["comments.js", "events.js", "finished.js"];

/// The bits of the hash in the URLs of the modules.
const HASH_BITS: u64 = 0xffff;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/client");
    println!("cargo::rerun-if-changed=build");
    let stream = source("stream.js")?.replace("export const", "const");
    let lines = stream.lines().filter(|line| !line.ends_with(BLOG));
    let stream = lines.collect::<Vec<_>>().join("\n");
    let mut client = minify(&source("client.js")?.replace(STREAM, &stream))?;
    // Browsers cache the files, but not for the same time: the hash avoids two versions at once. All modules have the
    // same one, which compresses better.
    let mut hasher = DefaultHasher::new();
    for name in MODULES {
        let module = minify(&source(name)?)?;
        module.hash(&mut hasher);
        write(name, &module)?;
    }
    let hash = hasher.finish() & HASH_BITS;
    for name in MODULES {
        client = client.replace(name, &format!("{name}?{hash:04x}"));
    }
    write("client.js", &client)?;
    dashboard()
}

/// Writes the files of the dashboard.
fn dashboard() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("src/dashboard/view/assets");
    println!("cargo::rerun-if-changed={}", folder.display());
    let style = compact_style(&fs::read_to_string(folder.join("dashboard.css"))?);
    let script = minify(&fs::read_to_string(folder.join("dashboard.js"))?)?;
    write("dashboard.css", &style)?;
    write("dashboard.js", &script)
}

/// Returns a style sheet without comments and spaces at the ends of lines. It has one declaration or brace in a line.
fn compact_style(style: &str) -> String {
    let mut compact = String::new();
    for part in style.split("/*") {
        let code = part.split_once("*/").map_or(part, |(_, code)| code);
        for line in code.lines().map(str::trim) {
            compact.push_str(&line.replace(": ", ":").replace(", ", ",").replace(" {", "{"));
            // A selector or a value may continue in the next line.
            if line.ends_with(|end: char| end.is_alphanumeric()) {
                compact.push(' ');
            }
        }
    }
    compact.replace(";}", "}")
}

fn source(name: &str) -> Result<String, Box<dyn Error>> {
    Ok(fs::read_to_string(Path::new("src/client").join(name))?)
}

fn minify(script: &str) -> Result<String, Box<dyn Error>> {
    Ok(short_names::shorten(&minifier::js::minify(script)?.to_string()))
}

fn write(name: &str, script: &str) -> Result<(), Box<dyn Error>> {
    let folder = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    Ok(fs::write(PathBuf::from(folder).join(name), script)?)
}
