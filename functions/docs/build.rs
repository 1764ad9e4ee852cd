//! Makes the part of the documentation page that never changes: Swagger UI's script and style from
//! its own release, inlined and compressed. `src/page.rs` adds the rest at run time.

use base64::Engine as _;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::Digest as _;
use std::error::Error;
use std::io::{Cursor, Read, Write};
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
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

    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(page.as_bytes())?;
    // Ends on a byte without ending the stream, so that more can follow.
    encoder.flush()?;
    std::fs::write(out.join("page.deflate"), encoder.get_ref())?;
    let (crc, length) = (crc32fast::hash(page.as_bytes()), page.len());
    let constants = format!("const HEAD_CRC: u32 = {crc};\nconst HEAD_LENGTH: usize = {length};\nconst SCRIPT_HASH: &str = {hash:?};\n");
    std::fs::write(out.join("page.rs"), constants)?;
    Ok(())
}

/// A file of Swagger UI's `dist` folder.
fn vendored(name: &str) -> Result<String, Box<dyn Error>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED))?;
    let path = archive.file_names().filter_map(|path| Some(path.ok()?.into_owned())).find(|path| path.ends_with(&format!("/dist/{name}")));
    let mut text = String::new();
    archive.by_name(&path.ok_or_else(|| format!("Swagger UI has no {name}"))?)?.read_to_string(&mut text)?;
    Ok(text)
}
