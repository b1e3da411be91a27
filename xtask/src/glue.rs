//! Shortens the script that wasm-bindgen generates between the browser and the module.

use walrus::Module;

/// The number of hexadecimal digits at the end of a generated name, which only script and module use.
const HASH_DIGITS: usize = 16;

/// Gives generated names in script and module short names, and returns the script with them and without comments.
///
/// The hashes in generated names do not compress, and both files contain them.
pub(crate) fn shorten(script: &str, module: &mut Module) -> String {
    let imports = module.imports.iter_mut().map(|import| &mut import.name);
    let exports = module.exports.iter_mut().map(|export| &mut export.name);
    let mut names: Vec<_> = imports.chain(exports).filter(|name| is_generated(name)).collect();
    // Longest first, because a name may be part of a longer one.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut script = without_comments(script);
    for (index, name) in names.into_iter().enumerate() {
        let short = format!("${index}");
        script = script.replace(name.as_str(), &short);
        *name = short;
    }
    script
}

fn is_generated(name: &str) -> bool {
    let hash = name.bytes().rev().take_while(u8::is_ascii_hexdigit);
    hash.count() >= HASH_DIGITS
}

/// Removes comments on their own lines, and indentation.
fn without_comments(script: &str) -> String {
    let mut output = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            output.push_str(line);
            output.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_become_short_in_script_and_module() {
        let mut module = Module::default();
        let function = module.types.add(&[], &[]);
        module.add_import_func("./glue.js", "__wbg_get_2080c49015e35254", function);
        module.add_import_func("./glue.js", "__wbindgen_init", function);
        let script = "const given = { __wbg_get_2080c49015e35254: get, __wbindgen_init: init };";
        assert_eq!(
            shorten(script, &mut module),
            "const given = { $0: get, __wbindgen_init: init };\n"
        );
        let names: Vec<_> = module.imports.iter().map(|import| import.name.as_str()).collect();
        assert_eq!(names, ["$0", "__wbindgen_init"]);
    }

    #[test]
    fn a_script_keeps_its_code_and_loses_its_comments() {
        let script = concat!(
            "/**\n * Says what.\n */\nexport function f() {\n    // Why.\n\n",
            "    g(\"/* no comment */\"); // Same line.\n}\n/* One line. */\nf();\n",
        );
        assert_eq!(
            without_comments(script),
            "export function f() {\ng(\"/* no comment */\"); // Same line.\n}\nf();\n"
        );
    }
}
