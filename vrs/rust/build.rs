//! Finds liblvrm_vr.a: in the folder that LVRM_VR_LIB names, else where `deno task build` puts it.
use std::path::PathBuf;
use std::{env, process};

fn main() {
    println!("cargo:rerun-if-env-changed=LVRM_VR_LIB");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let folder = match env::var_os("LVRM_VR_LIB") {
        Some(it) => PathBuf::from(it),
        None => root.join("../../zig-out/lib"),
    };
    let library = folder.join("liblvrm_vr.a");
    if !library.is_file() {
        eprintln!(
            "there is no {}: build lvrm (`deno task build`), or let LVRM_VR_LIB name the folder \
             that `lvrm version --json` tells",
            library.display()
        );
        process::exit(1);
    }
    println!("cargo:rerun-if-changed={}", library.display());
    println!("cargo:rustc-link-search=native={}", folder.display());
    println!("cargo:rustc-link-lib=static=lvrm_vr");
}
