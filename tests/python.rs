//! Programs in Python that share no code with this one: what they read was written right.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Python with the packages of `requirements.txt`, which are installed beside what cargo built. Where they cannot be, the
/// test fails and says why.
pub fn python() -> Command {
    static PACKAGES: OnceLock<PathBuf> = OnceLock::new();
    let packages = PACKAGES.get_or_init(|| {
        let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/python.sh");
        let installed = Command::new(script).arg(&packages).output().unwrap();
        assert!(installed.status.success(), "scripts/python.sh: {}", String::from_utf8_lossy(&installed.stderr));
        packages
    });
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
