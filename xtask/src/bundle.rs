//! The browser's files: islands as WebAssembly, style, scripts and icon, with hashes of their content in their names.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, anyhow, bail};
use walrus::{Module, RefType};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    glue::{self, InlinedModule},
    run::{self, WASM, print_line},
    short_names,
};

/// The profile of the workspace that makes small modules.
const PROFILE: &str = "wasm";

/// The WebAssembly features that rustc uses by default. Old versions of wasm-opt do not read them from the module.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// The export by which the script of wasm-bindgen finds the table of JavaScript objects.
const OBJECTS: &str = "__wbindgen_externrefs";

/// The number of hexadecimal digits of a content's hash in a file name.
const HASH_DIGITS: usize = 12;

/// The key in the manifest of the hash of all inputs.
const INPUTS: &str = "inputs";

/// The file that the server reads: the stem of the bundle, and the URL paths of the other files.
type Manifest = BTreeMap<String, String>;

/// The module of the live stream, which becomes a part of the bundle's script.
const STREAM: &str = "eventhorizon/src/client/stream.js";

/// The module of numbers, dates and plural forms in the language of a page, which becomes a part, too.
const FORMATS: &str = "horizon-web/app/src/browser/formats.js";

/// What shortens the names of the stream.
const SHORT_NAMES: &str = "eventhorizon/build/short_names.rs";
const SCOPES: &str = "eventhorizon/build/scopes.rs";

/// Other files: the source, and the key in the manifest. Scripts are minified, the others are served unchanged.
const STATIC: [(&str, &str); 6] = [
    ("horizon-web/style/style.css", "css"),
    ("horizon-web/static/theme.js", "theme_js"),
    ("horizon-web/static/cluster.js", "cluster_js"),
    ("horizon-web/static/links.js", "links_js"),
    ("horizon-web/static/copy.js", "copy_js"),
    ("horizon-web/static/favicon.svg", "favicon"),
];

/// Builds `{target}/site`: `manifest.json`, and `pkg/` with every file and its brotli version (`.br`).
///
/// The names in `pkg` contain hashes, so browsers may cache the files forever. Does nothing if the inputs have not
/// changed; keeps the old site if an error occurs.
pub(crate) fn bundle(root: &Path) -> anyhow::Result<()> {
    let module = build(root)?;
    let site = run::target(root).join("site");
    let optimise = Command::new("wasm-opt").arg("--version").output().is_ok();
    let inputs = fingerprint(root, &module, optimise)?;
    if is_built_from(&site, &inputs) {
        print_line(&format!("{} is up to date.", site.display()));
        return Ok(());
    }
    let new_site = run::target(root).join("site.new");
    remove(&new_site)?;
    let pkg = new_site.join("pkg");
    fs::create_dir_all(&pkg)?;
    let mut manifest = Manifest::from([
        (INPUTS.to_owned(), inputs),
        ("bundle".to_owned(), islands(root, &module, &pkg, optimise)?),
    ]);
    for (source, key) in STATIC {
        manifest.insert(key.to_owned(), static_file(&root.join(source), &pkg)?);
    }
    let sizes = compress(&pkg)?;
    fs::write(new_site.join("manifest.json"), serde_json::to_string_pretty(&manifest)?)?;
    remove(&site)?;
    fs::rename(&new_site, &site).with_context(|| format!("{} cannot be replaced", site.display()))?;
    print_line(&table(&sizes));
    if !optimise {
        print_line("wasm-opt is not on the PATH, so the module is larger than necessary (Debian package binaryen).");
    }
    Ok(())
}

/// Compiles the islands and returns the path of the module.
fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let mut cargo = run::cargo(root);
    cargo.args([
        "build",
        "--package",
        "horizon-hydrate",
        "--target",
        WASM,
        "--profile",
        PROFILE,
    ]);
    run::run(&mut cargo)?;
    Ok(run::target(root).join(WASM).join(PROFILE).join("horizon_hydrate.wasm"))
}

fn fingerprint(root: &Path, module: &Path, optimise: bool) -> anyhow::Result<String> {
    let mut all = optimise.to_string();
    let sources = STATIC.iter().map(|(source, _)| root.join(source));
    let tools = [
        "xtask/src/bundle.rs",
        "xtask/src/glue.rs",
        SHORT_NAMES,
        SCOPES,
        STREAM,
        FORMATS,
    ]
    .map(|tool| root.join(tool));
    for path in sources.chain(tools).chain([module.to_owned(), root.join("Cargo.lock")]) {
        write!(all, " {}", hash(&read(&path)?))?;
    }
    Ok(hash(all.as_bytes()))
}

fn is_built_from(site: &Path, inputs: &str) -> bool {
    let manifest = fs::read(site.join("manifest.json")).ok();
    let manifest = manifest.and_then(|text| serde_json::from_slice::<Manifest>(&text).ok());
    manifest.is_some_and(|manifest| manifest.get(INPUTS).is_some_and(|before| before == inputs))
}

/// Converts the module to `{stem}.js` and `{stem}_bg.wasm`, the names that Leptos expects, and returns the stem.
fn islands(root: &Path, module: &Path, pkg: &Path, optimise: bool) -> anyhow::Result<String> {
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name("horizon")
        .generate(pkg)
        .context("wasm-bindgen cannot read the module")?;
    let wasm = pkg.join("horizon_bg.wasm");
    let script = pkg.join("horizon.js");
    if optimise {
        run::run(
            Command::new("wasm-opt")
                .arg("-Oz")
                .args(FEATURES)
                .arg(&wasm)
                .arg("-o")
                .arg(&wasm),
        )?;
    }
    let mut finished = Module::from_file(&wasm)?;
    restore_export(&mut finished);
    let stream = fs::read_to_string(root.join(STREAM)).with_context(|| format!("{STREAM} cannot be read"))?;
    let stream = short_names::shorten(&minified(&stream, Path::new(STREAM))?);
    let formats = fs::read_to_string(root.join(FORMATS)).with_context(|| format!("{FORMATS} cannot be read"))?;
    let inlined = [
        ("horizon-stream", stream.as_str()),
        ("horizon-formats", formats.as_str()),
    ];
    let inlined = inlined.map(|(name, text)| InlinedModule { name, text });
    let short = glue::shorten(&fs::read_to_string(&script)?, &inlined, &mut finished)?;
    fs::write(&script, short)?;
    finished.emit_wasm_file(&wasm)?;
    let stem = format!("horizon-{}", hash(&[read(&script)?, read(&wasm)?].concat()));
    fs::rename(script, pkg.join(format!("{stem}.js")))?;
    fs::rename(wasm, pkg.join(format!("{stem}_bg.wasm")))?;
    Ok(stem)
}

/// Restores the export of the table of JavaScript objects: wasm-opt 108 exports the first table under its name instead.
fn restore_export(module: &mut Module) {
    let objects = module
        .tables
        .iter()
        .find(|table| table.element_ty == RefType::EXTERNREF)
        .map(|table| table.id());
    let export = module.exports.iter_mut().find(|export| export.name == OBJECTS);
    if let (Some(objects), Some(export)) = (objects, export) {
        export.item = objects.into();
    }
}

/// Returns the script without what changes nothing.
fn minified(script: &str, source: &Path) -> anyhow::Result<String> {
    let minified = minifier::js::minify(script);
    let minified = minified.map_err(|error| anyhow!("{} cannot be minified: {error}", source.display()))?;
    Ok(minified.to_string())
}

/// Copies the file to a name with the hash of its content, and returns its URL path.
fn static_file(source: &Path, pkg: &Path) -> anyhow::Result<String> {
    let mut content = read(source)?;
    let (Some(stem), Some(kind)) = (source.file_stem(), source.extension()) else {
        bail!("{} has no name with an extension", source.display());
    };
    if kind == "js" {
        content = minified(&String::from_utf8(content)?, source)?.into_bytes();
    }
    let name = format!(
        "{}-{}.{}",
        stem.to_string_lossy(),
        hash(&content),
        kind.to_string_lossy()
    );
    fs::write(pkg.join(&name), content)?;
    Ok(format!("/pkg/{name}"))
}

/// Writes the `.br` version of each file, and returns names, bytes and compressed bytes.
fn compress(pkg: &Path) -> anyhow::Result<Vec<(String, usize, usize)>> {
    let mut sizes = Vec::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(pkg)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            bail!(
                "wasm-bindgen wrote the folder {}, which neither compression nor the size check supports",
                path.display()
            );
        }
        let content = read(&path)?;
        let mut compressed = Vec::new();
        let best = brotli::enc::BrotliEncoderParams {
            quality: 11,
            size_hint: content.len(),
            ..Default::default()
        };
        brotli::BrotliCompress(&mut content.as_slice(), &mut compressed, &best)?;
        fs::write(PathBuf::from(format!("{}.br", path.display())), &compressed)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        sizes.push((name, content.len(), compressed.len()));
    }
    Ok(sizes)
}

fn table(sizes: &[(String, usize, usize)]) -> String {
    let mut lines = format!("{:>9} {:>9}", "bytes", "brotli");
    for (name, plain, compressed) in sizes {
        lines.push_str(&format!("\n{plain:>9} {compressed:>9}  {name}"));
    }
    lines
}

fn hash(content: &[u8]) -> String {
    blake3::hash(content).to_hex().chars().take(HASH_DIGITS).collect()
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}
