//! Lets the test binaries find the libpython that they were linked with, where it is not the system's.

fn main() {
    pyo3_build_config::add_libpython_rpath_link_args();
}
