//! Date (RFC 3261 20.17): always GMT, always in the form of RFC 1123. The clock is an argument elsewhere.

use crate::grammar;
use crate::{ByteStr, HeaderError, UnixTime};

use super::printed_header;

/// A date with a resolution of seconds, from 1970 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub UnixTime);

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;

impl Date {
    /// Reads `Sat, 13 Nov 2010 23:29:00 GMT`. The weekday is not checked against the date.
    pub fn parse(value: impl Into<ByteStr>) -> Result<Self, HeaderError> {
        let value = value.into();
        parse(&value).map(|seconds| Self(UnixTime(seconds))).ok_or(HeaderError::Malformed("Date", "not a date in GMT"))
    }

    /// Appends the value as it is printed.
    pub fn write(&self, out: &mut Vec<u8>) {
        let Self(UnixTime(seconds)) = *self;
        let (days, second) = (seconds / SECONDS_OF_A_DAY, seconds % SECONDS_OF_A_DAY);
        let (year, month, day) = civil(days);
        let weekday = usize::try_from(days % 7).ok().and_then(|day| WEEKDAYS.get(day)).unwrap_or(&"Thu");
        let month = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"Jan");
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let text = format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT");
        out.extend_from_slice(text.as_bytes());
    }
}

printed_header!(Date);

fn parse(value: &[u8]) -> Option<u64> {
    let (weekday, rest) = grammar::split_once(value, b',')?;
    WEEKDAYS.iter().find(|name| name.as_bytes().eq_ignore_ascii_case(grammar::trim(weekday)))?;
    let mut words = rest.split(|byte| grammar::is_blank(*byte)).filter(|word| !word.is_empty());
    let day = grammar::parse_u64(words.next()?)?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| name.as_bytes().eq_ignore_ascii_case(month))? as u64 + 1;
    let year = grammar::parse_u64(words.next()?).filter(|year| (1970..=9999).contains(year))?;
    let mut clock = words.next()?.split(|byte| *byte == b':').map(grammar::parse_u64);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let is_gmt = words.next()?.eq_ignore_ascii_case(b"GMT") && words.next().is_none() && clock.next().is_none();
    let days = days_from_civil(year, month, day);
    let is_date = day > 0 && civil(days) == (year, month, day) && hour < 24 && minute < 60 && second <= 60;
    (is_gmt && is_date).then_some(days * SECONDS_OF_A_DAY + hour * 3600 + minute * 60 + second)
}

/// Days since 1970-01-01, counted in years that begin in March, so that the leap day is the last.
const fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day;
    // 719469 days lie between 0000-03-01 and 1970-01-01, of which the day's own number takes one.
    (year * 365 + year / 4 - year / 100 + year / 400 + day_of_year).saturating_sub(719_469)
}

/// Year, month and day of a number of days since 1970-01-01.
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era;
    (if month <= 2 { year + 1 } else { year }, month, day)
}
