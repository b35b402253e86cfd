//! Recognises scanners by parts of their User-Agent header. It looks for honest fools; a scanner that lies gets past.

/// Texts to look for, in lower case.
#[derive(Debug)]
pub(super) struct ScannerPatterns {
    patterns: Vec<Box<[u8]>>,
    /// The bytes that a pattern begins with, in both cases.
    starts: Box<[bool; 256]>,
}

impl ScannerPatterns {
    /// Patterns of nothing but blanks are left out: they would match everything.
    pub(super) fn new(patterns: &[String]) -> Self {
        let mut starts = Box::new([false; 256]);
        let mut kept = Vec::new();
        for pattern in patterns {
            let pattern = pattern.trim().to_ascii_lowercase();
            let Some(first) = pattern.as_bytes().first() else { continue };
            for first in [*first, first.to_ascii_uppercase()] {
                if let Some(starts) = starts.get_mut(usize::from(first)) {
                    *starts = true;
                }
            }
            kept.push(pattern.into_bytes().into_boxed_slice());
        }
        Self { patterns: kept, starts }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether one of the patterns stands anywhere in the text.
    pub(super) fn match_any(&self, agent: &[u8]) -> bool {
        let mut rest = agent;
        while let Some((first, tail)) = rest.split_first() {
            if self.starts.get(usize::from(*first)).is_some_and(|starts| *starts) && self.match_here(rest) {
                return true;
            }
            rest = tail;
        }
        false
    }

    fn match_here(&self, text: &[u8]) -> bool {
        let starts_with =
            |pattern: &[u8]| text.get(..pattern.len()).is_some_and(|head| head.eq_ignore_ascii_case(pattern));
        self.patterns.iter().any(|pattern| starts_with(pattern))
    }
}
