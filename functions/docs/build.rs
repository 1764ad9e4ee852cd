//! Makes what of this function's answers never changes, compressed, so that nothing of it is read or
//! made when the function starts:
//!
//! - the documentation page: Swagger UI's script and style from its own release, inlined;
//! - the OpenAPI document but for the address it is served at, which stands last in it;
//! - the methods and paths of the API.
//!
//! `src/stored.rs` adds the rest at run time.

use base64::Engine as _;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::Value;
use sha2::Digest as _;
use std::error::Error;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../docs/openapi.json");
    println!("cargo::rerun-if-changed=src/page.html");
    println!("cargo::rerun-if-changed=src/page.js");
    println!("cargo::rerun-if-changed=src/page.css");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // `<!--` and `<script` would end the script element early or late (HTML, section 13.2.5.20);
    // in the bundle they stand in strings and patterns only, where an escape means the same.
    let bundle = vendored("swagger-ui-bundle.js")?.replace("<!--", r"\x3c!--").replace("<script", r"\x3cscript").replace("</script", r"\x3c/script");
    let script = format!("{bundle}\n{}", std::fs::read_to_string("src/page.js")?);
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(&script));
    let style = format!("{}\n{}", vendored("swagger-ui.css")?, std::fs::read_to_string("src/page.css")?);
    let page = std::fs::read_to_string("src/page.html")?.replace("{{style}}", &style).replace("{{script}}", &script);

    store(&out, "page", &page)?;
    std::fs::write(out.join("script_hash.rs"), format!("const SCRIPT_HASH: &str = {hash:?};\n"))?;

    let mut document: Value = serde_json::from_str(&std::fs::read_to_string("../../docs/openapi.json")?)?;
    std::fs::write(out.join("routes.rs"), format!("const ROUTES: &[(&str, &str)] = &{:?};\n", routes(&document)))?;
    document.as_object_mut().and_then(|object| object.remove("servers")).ok_or("the document names no server")?;
    let text = document.to_string();
    let open = text.strip_suffix('}').ok_or("the document is no object")?;
    store(&out, "openapi", &format!("{open},\"servers\":[{{\"url\":"))?;
    Ok(())
}

/// Writes the beginning of a text as deflate, with what is needed to go on.
fn store(out: &Path, name: &str, head: &str) -> Result<(), Box<dyn Error>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(head.as_bytes())?;
    // Ends on a byte without ending the stream, so that more can follow.
    encoder.flush()?;
    std::fs::write(out.join(format!("{name}.deflate")), encoder.get_ref())?;
    let (crc, length) = (crc32fast::hash(head.as_bytes()), head.len());
    let digest: String = sha2::Sha256::digest(head).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let stored = format!(
        "crate::stored::Stored {{ head: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.deflate\")), \
         crc: {crc}, length: {length}, digest: {digest:?} }}\n"
    );
    std::fs::write(out.join(format!("{name}.rs")), stored)?;
    Ok(())
}

/// Every method, in lower case, and its path.
fn routes(document: &Value) -> Vec<(&str, &str)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| item.as_object().into_iter().flatten().map(|(method, _)| (method.as_str(), path.as_str()))).collect()
}

/// A file of Swagger UI's `dist` folder.
fn vendored(name: &str) -> Result<String, Box<dyn Error>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED))?;
    let path = archive.file_names().filter_map(|path| Some(path.ok()?.into_owned())).find(|path| path.ends_with(&format!("/dist/{name}")));
    let mut text = String::new();
    archive.by_name(&path.ok_or_else(|| format!("Swagger UI has no {name}"))?)?.read_to_string(&mut text)?;
    Ok(text)
}
