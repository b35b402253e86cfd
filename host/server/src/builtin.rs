//! The script that runs when none is named: the residential example, written to a folder of this process's own.

use std::fs;
use std::io;
use std::path::PathBuf;

/// The residential proxy.
const RESIDENTIAL: &str = include_str!("../../../examples/residential/route.py");

/// A folder that goes with the value.
pub(crate) struct BuiltinScript {
    folder: PathBuf,
}

impl BuiltinScript {
    /// Writes the script.
    ///
    /// # Errors
    /// When the temporary folder cannot be written to.
    pub(crate) fn unpack() -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("siphon-{}-{:08x}", std::process::id(), rand::random::<u32>()));
        fs::create_dir(&folder)?;
        let script = Self { folder };
        fs::write(script.path(), RESIDENTIAL)?;
        Ok(script)
    }

    /// Where the script stands.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("route.py")
    }
}

impl Drop for BuiltinScript {
    fn drop(&mut self) {
        // What is left behind is one small file in the temporary folder.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
