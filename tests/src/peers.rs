//! The databases that scripts talk to, each a process of its own with its data in a temporary folder. They listen on Unix
//! sockets in that folder, so that no two tests meet on a port.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::unistd::{User, geteuid};
use tempfile::TempDir;

use crate::wait::until;

/// A Redis server with nothing in it.
pub struct Redis(Peer);

impl Redis {
    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When `redis-server` is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = folder();
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket", "redis.sock"]);
        let peer = Peer::start(folder, command);
        let redis = Self(peer);
        let socket = redis.socket();
        redis.0.wait_for(&socket);
        redis
    }

    /// The path of its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.0.folder.path().join("redis.sock")
    }
}

/// A PostgreSQL server with the empty database `postgres`, of a user of that name who needs no password.
pub struct Postgres(Peer);

impl Postgres {
    /// Makes a cluster, starts it and waits until it answers.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let binaries = postgres_binaries();
        let folder = folder();
        let owner = not_root();
        if let Some(owner) = &owner {
            chown(folder.path(), Some(owner.uid.as_raw()), Some(owner.gid.as_raw())).unwrap();
        }
        let command = |name: &str| {
            let mut command = Command::new(binaries.join(name));
            command.current_dir(folder.path());
            if let Some(owner) = &owner {
                command.uid(owner.uid.as_raw()).gid(owner.gid.as_raw());
            }
            command
        };
        let mut initdb = command("initdb");
        initdb.args(["-D", "data", "-U", "postgres", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8"]);
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut server = command("postgres");
        server.args(["-D", "data", "-c", "listen_addresses=", "-c", "fsync=off", "-k"]).arg(folder.path());
        let isready = |folder: &Path| {
            let mut isready = Command::new(binaries.join("pg_isready"));
            let looked = isready.arg("-h").arg(folder).stdout(Stdio::null()).stderr(Stdio::null()).status();
            looked.unwrap().success().then_some(())
        };
        let peer = Peer::start(folder, server);
        until("PostgreSQL to answer", || isready(peer.folder.path()));
        Self(peer)
    }

    /// The folder of its socket: the `host` of a client.
    #[must_use]
    pub fn host(&self) -> &Path {
        self.0.folder.path()
    }
}

/// A process with a folder; both go with the value.
struct Peer {
    process: Child,
    folder: TempDir,
}

impl Peer {
    fn start(folder: TempDir, mut command: Command) -> Self {
        let log = File::create(folder.path().join("log")).unwrap();
        let command = command.current_dir(folder.path()).stdin(Stdio::null());
        let name = command.get_program().to_owned();
        let process = command.stdout(log.try_clone().unwrap()).stderr(log).spawn();
        let process = process.unwrap_or_else(|error| panic!("{}: {error}; `make test` installs it", name.display()));
        Self { process, folder }
    }

    fn wait_for(&self, file: &Path) {
        until(&format!("{}", file.display()), || {
            file.exists().then_some(()).or_else(|| {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                assert!(!log.contains("Failed"), "{log}");
                None
            })
        });
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("siphon-peer-").tempdir().unwrap()
}

/// Debian keeps a folder for each version; the newest there is.
fn postgres_binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").map(|entries| entries.flatten().map(|entry| entry.path()));
    let newest = versions.into_iter().flatten().max();
    newest.expect("PostgreSQL is not installed; `make test` installs it").join("bin")
}

/// Whom PostgreSQL runs as when this process is root's, as which it refuses to.
fn not_root() -> Option<User> {
    if !geteuid().is_root() {
        return None;
    }
    let known = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).unwrap());
    Some(known.expect("there is no user to run PostgreSQL as"))
}
