//! Shortens the script that wasm-bindgen generates between the browser and the module.

use anyhow::{Context, anyhow};
use walrus::Module;

/// The number of hexadecimal digits at the end of a generated name, which only script and module use.
const HASH_DIGITS: usize = 16;

/// The end of the line by which the script imports the module of `eventhorizon/src/client/stream.js`.
const STREAM_IMPORT: &str = " from \"horizon-stream\"\n";

/// Gives generated names in script and module short names, and returns the minified script with them and with the
/// module `stream` instead of its import.
///
/// The hashes in generated names do not compress, and both files contain them.
pub(crate) fn shorten(script: &str, stream: &str, module: &mut Module) -> anyhow::Result<String> {
    let mut script = inline(script, stream)?;
    let imports = module.imports.iter_mut().map(|import| &mut import.name);
    let exports = module.exports.iter_mut().map(|export| &mut export.name);
    let mut names: Vec<_> = imports.chain(exports).filter(|name| is_generated(name)).collect();
    // Longest first, because a name may be part of a longer one.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for (index, name) in names.into_iter().enumerate() {
        let short = format!("${index}");
        script = script.replace(name.as_str(), &short);
        *name = short;
    }
    let minified = minifier::js::minify(&script).map_err(|error| anyhow!("the script cannot be minified: {error}"))?;
    Ok(minified.to_string())
}

/// Replaces the import of the module by its text, so that browsers need no further request.
fn inline(script: &str, stream: &str) -> anyhow::Result<String> {
    let (before, after) = script
        .split_once(STREAM_IMPORT)
        .context("the script of wasm-bindgen does not import `horizon-stream`")?;
    let (before, name) = before
        .rsplit_once("import * as ")
        .context("the script of wasm-bindgen imports `horizon-stream` in another way than before")?;
    let stream = stream.replace("export ", "");
    Ok(format!("{before}{stream}\nconst {name} = {{ liveStream }};\n{after}"))
}

fn is_generated(name: &str) -> bool {
    let hash = name.bytes().rev().take_while(u8::is_ascii_hexdigit);
    hash.count() >= HASH_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMPORT: &str = "/* Types. */\n\nimport * as import1 from \"horizon-stream\"\n\n";

    /// What replaces it.
    const INLINED: &str = "const import1={liveStream};";

    #[test]
    fn generated_names_become_short_in_script_and_module() {
        let mut module = Module::default();
        let function = module.types.add(&[], &[]);
        module.add_import_func("./glue.js", "__wbg_get_2080c49015e35254", function);
        module.add_import_func("./glue.js", "__wbindgen_init", function);
        let script = format!("{IMPORT}const given = {{ __wbg_get_2080c49015e35254: get, __wbindgen_init: init }};");
        assert_eq!(
            shorten(&script, "", &mut module).unwrap(),
            format!("{INLINED}const given={{$0:get,__wbindgen_init:init}};")
        );
        let names: Vec<_> = module.imports.iter().map(|import| import.name.as_str()).collect();
        assert_eq!(names, ["$0", "__wbindgen_init"]);
    }

    #[test]
    fn the_stream_replaces_its_import() {
        let stream = "// The stream.\nexport const liveStream = () => {};\n";
        let script = format!("{IMPORT}import1.liveStream();\n");
        assert_eq!(
            shorten(&script, stream, &mut Module::default()).unwrap(),
            format!("const liveStream=()=>{{}};{INLINED}import1.liveStream();")
        );
        assert!(shorten("liveStream();", stream, &mut Module::default()).is_err());
    }

    #[test]
    fn a_script_keeps_its_code_and_loses_its_comments() {
        let script = concat!(
            "/**\n * Says what.\n */\nexport function f() {\n    // Why.\n\n",
            "    g(\"/* no comment */\"); // Same line.\n}\n/* One line. */\nf();\n",
        );
        assert_eq!(
            shorten(&format!("{IMPORT}{script}"), "", &mut Module::default()).unwrap(),
            format!("{INLINED}export function f(){{g(\"/* no comment */\");}}f();")
        );
    }
}
