//! The script between the browser and the module, as wasm-bindgen writes it: for people. Here it gets ready
//! for the way.

use walrus::Module;

/// How many hexadecimal digits end a name that wasm-bindgen made up. Only script and module use it.
const HASH_DIGITS: usize = 16;

/// Gives what script and module call each other by short names, and answers the script with them and
/// without its comments. A hash does not compress, and each name stands in both files.
pub(crate) fn shorten(script: &str, module: &mut Module) -> String {
    let imports = module.imports.iter_mut().map(|import| &mut import.name);
    let exports = module.exports.iter_mut().map(|export| &mut export.name);
    let mut names: Vec<_> = imports.chain(exports).filter(|name| is_made_up(name)).collect();
    // The longer first, so that none is found inside another.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut script = without_comments(script);
    for (place, name) in names.into_iter().enumerate() {
        let short = format!("${place}");
        script = script.replace(name.as_str(), &short);
        *name = short;
    }
    script
}

fn is_made_up(name: &str) -> bool {
    let hash = name.bytes().rev().take_while(u8::is_ascii_hexdigit);
    hash.count() >= HASH_DIGITS
}

/// Takes out comments that have lines of their own, and indentation.
fn without_comments(script: &str) -> String {
    let mut kept = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            kept.push_str(line);
            kept.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_script_and_module_know_gets_one_short_name_in_both() {
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
