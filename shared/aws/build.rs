//! Amazon's roots as DER, which is what TLS takes: reading them from PEM at every cold start costs more
//! than anything else about TLS.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source = "src/amazon-roots.pem";
    println!("cargo::rerun-if-changed={source}");
    let folder = std::env::var("OUT_DIR")?;
    let mut list = String::new();
    for (number, root) in CertificateDer::pem_file_iter(source)?.enumerate() {
        let file = Path::new(&folder).join(format!("root-{number}.der"));
        std::fs::write(&file, root?)?;
        list.push_str(&format!("include_bytes!({file:?}), "));
    }
    std::fs::write(Path::new(&folder).join("roots.rs"), format!("[{list}]"))?;
    Ok(())
}
