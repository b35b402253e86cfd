//! Users and their hashed secrets. Whether a user exists cannot be told from the work that a look-up makes.

use hashbrown::HashMap;

use super::algorithm::{Algorithm, HexDigest, RawDigest, from_hex};

/// H(user:realm:password).
#[derive(Clone, Copy)]
pub(super) struct Ha1(RawDigest);

impl Ha1 {
    pub(super) fn of(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> Self {
        Self(algorithm.raw(&[user.as_bytes(), realm.as_bytes(), password.as_bytes()]))
    }

    /// `None` unless the text is a digest of that algorithm.
    pub(super) fn from_hex(algorithm: Algorithm, text: &str) -> Option<Self> {
        from_hex(text.trim().as_bytes(), algorithm.length()).map(Self)
    }

    pub(super) fn hex(&self) -> HexDigest {
        HexDigest::of(&self.0)
    }
}

/// The secrets of one user in one realm.
struct RealmHashes {
    md5: [u8; 16],
    sha256: [u8; 32],
    sha512_256: [u8; 32],
}

impl RealmHashes {
    fn new(user: &str, realm: &str, password: &str) -> Self {
        let [md5, sha256, sha512_256] = Algorithm::ALL.map(|algorithm| Ha1::of(algorithm, user, realm, password).0);
        Self { md5: cut(&md5), sha256: cut(&sha256), sha512_256: cut(&sha512_256) }
    }

    fn ha1(&self, algorithm: Algorithm) -> Ha1 {
        Ha1(RawDigest::of(match algorithm {
            Algorithm::Md5 => &self.md5,
            Algorithm::Sha256 => &self.sha256,
            Algorithm::Sha512_256 => &self.sha512_256,
        }))
    }
}

fn cut<const N: usize>(digest: &[u8]) -> [u8; N] {
    digest.first_chunk().copied().unwrap_or([0; N])
}

struct User {
    password: Box<str>,
    /// In the order of [`Users::realms`].
    hashes: Box<[RealmHashes]>,
}

impl User {
    fn new(name: &str, password: &str, realms: &[String]) -> Self {
        Self {
            password: password.into(),
            hashes: realms.iter().map(|realm| RealmHashes::new(name, realm, password)).collect(),
        }
    }
}

/// A table of users with the hashes for the realms that are known beforehand.
pub(super) struct Users {
    realms: Vec<String>,
    users: HashMap<Box<str>, User>,
    /// Stands in for a user that does not exist.
    nobody: User,
}

impl Users {
    pub(super) fn new(mut realms: Vec<String>, users: Vec<(String, String)>) -> Self {
        let mut seen = hashbrown::HashSet::new();
        realms.retain(|realm| seen.insert(realm.clone()));
        let hashed = |(name, password): (String, String)| {
            let user = User::new(&name, &password, &realms);
            (name.into_boxed_str(), user)
        };
        let users = users.into_iter().map(hashed).collect();
        let nobody = User::new("", "", &realms);
        Self { realms, users, nobody }
    }

    /// The secret of a user, and whether there is such a user; when not, the secret is one that counts for nothing.
    pub(super) fn ha1(&self, algorithm: Algorithm, name: &str, realm: &str) -> (Ha1, bool) {
        let found = self.users.get(name);
        let user = found.unwrap_or(&self.nobody);
        let place = self.realms.iter().position(|known| known == realm);
        let ha1 = match place.and_then(|place| user.hashes.get(place)) {
            Some(hashes) => hashes.ha1(algorithm),
            None => Ha1::of(algorithm, name, realm, &user.password),
        };
        (ha1, found.is_some())
    }
}
