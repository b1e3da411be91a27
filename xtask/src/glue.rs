//! Shortens the script that wasm-bindgen generates between the browser and the module.

use anyhow::{Context, anyhow, ensure};
use walrus::Module;

/// The number of hexadecimal digits at the end of a generated name, which only script and module use.
const HASH_DIGITS: usize = 16;

/// A module that becomes a part of the script.
pub(crate) struct InlinedModule<'a> {
    /// The name by which the script imports it.
    pub(crate) name: &'a str,
    /// Its text. Each export is a declaration: `export const` or `export let`.
    pub(crate) text: &'a str,
}

/// Gives generated names in script and module short names, and returns the minified script with them and with the
/// modules `inlined` instead of their imports.
///
/// The hashes in generated names do not compress, and both files contain them.
pub(crate) fn shorten(script: &str, inlined: &[InlinedModule<'_>], module: &mut Module) -> anyhow::Result<String> {
    let mut script = script.to_owned();
    for inlined in inlined {
        script = inline(&script, inlined)?;
    }
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
///
/// wasm-bindgen imports a module with classes as `import * as`, and one with functions only by their names.
fn inline(script: &str, InlinedModule { name, text }: &InlinedModule<'_>) -> anyhow::Result<String> {
    const EXPORT: &str = "export ";
    let end_of_import = [format!(" from \"{name}\"\n"), format!(" from '{name}';\n")];
    let (before, after) = end_of_import
        .iter()
        .find_map(|end| script.split_once(end.as_str()))
        .with_context(|| format!("the script of wasm-bindgen does not import `{name}`"))?;
    let (before, names) = before
        .rsplit_once("import ")
        .with_context(|| format!("the script of wasm-bindgen imports `{name}` in another way than before"))?;
    let names = names.trim_start_matches("* as ");
    // `const name = …`, or `let name=…` in a shortened module.
    let exports = text
        .split(EXPORT)
        .skip(1)
        .filter_map(|rest| rest.split([' ', '=']).nth(1));
    let exports = exports.collect::<Vec<_>>().join(", ");
    ensure!(!exports.is_empty(), "the module `{name}` exports nothing");
    let text = text.replace(EXPORT, "");
    // A function has a scope of its own, so that names of the modules cannot collide.
    Ok(format!(
        "{before}const {names} = (() => {{\n{text}\nreturn {{ {exports} }};\n}})();\n{after}"
    ))
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
    const INLINED: &str = "const import1=(()=>{const liveStream=()=>{};return{liveStream};})();";

    const STREAM: InlinedModule<'_> = InlinedModule {
        name: "horizon-stream",
        text: "// The stream.\nexport const liveStream = () => {};\n",
    };

    #[test]
    fn generated_names_become_short_in_script_and_module() {
        let mut module = Module::default();
        let function = module.types.add(&[], &[]);
        module.add_import_func("./glue.js", "__wbg_get_2080c49015e35254", function);
        module.add_import_func("./glue.js", "__wbindgen_init", function);
        let script = format!("{IMPORT}const given = {{ __wbg_get_2080c49015e35254: get, __wbindgen_init: init }};");
        assert_eq!(
            shorten(&script, &[STREAM], &mut module).unwrap(),
            format!("{INLINED}const given={{$0:get,__wbindgen_init:init}};")
        );
        let names: Vec<_> = module.imports.iter().map(|import| import.name.as_str()).collect();
        assert_eq!(names, ["$0", "__wbindgen_init"]);
    }

    #[test]
    fn a_module_replaces_its_import() {
        let script = format!("{IMPORT}import1.liveStream();\n");
        assert_eq!(
            shorten(&script, &[STREAM], &mut Module::default()).unwrap(),
            format!("{INLINED}import1.liveStream();")
        );
        assert!(shorten("liveStream();", &[STREAM], &mut Module::default()).is_err());
    }

    #[test]
    fn the_names_of_two_modules_do_not_collide() {
        let other = InlinedModule {
            name: "horizon-formats",
            text: "const local = 1;\nexport const one = () => local;\nexport let two=() => 2;",
        };
        let script = format!("{IMPORT}import {{ one, two }} from 'horizon-formats';\none();\n");
        let inlined = "const{one,two}=(()=>{const local=1;const one=()=>local;let two=()=>2;return{one,two};})();";
        assert_eq!(
            shorten(&script, &[STREAM, other], &mut Module::default()).unwrap(),
            format!("{INLINED}{inlined}one();")
        );
    }

    #[test]
    fn a_script_keeps_its_code_and_loses_its_comments() {
        let script = concat!(
            "/**\n * Says what.\n */\nexport function f() {\n    // Why.\n\n",
            "    g(\"/* no comment */\"); // Same line.\n}\n/* One line. */\nf();\n",
        );
        assert_eq!(
            shorten(&format!("{IMPORT}{script}"), &[STREAM], &mut Module::default()).unwrap(),
            format!("{INLINED}export function f(){{g(\"/* no comment */\");}}f();")
        );
    }
}
