//! How often: per caller in general, and per address and account for logins (RFC 6585; IETF draft RateLimit).

use crate::app::Settings;
use crate::error::ApiError;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use uuid::Uuid;

type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// What a caller has left; the answer's headers say it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remaining {
    pub quota: u32,
    pub remaining: u32,
}

pub(crate) struct Limits {
    callers: Keyed<Uuid>,
    networks: Keyed<IpAddr>,
    guesses: Keyed<(IpAddr, String)>,
    anonymous: Keyed<IpAddr>,
    calendars: Keyed<IpAddr>,
    keys: Keyed<IpAddr>,
    quota: u32,
}

/// How many callers may come from one address before looking up their keys is held back: a proxy that is not trusted has
/// the address of all.
const CALLERS_PER_ADDRESS: u32 = 10;

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let at_least_one = |count: u32| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let per_minute = |count: u32| Quota::per_minute(at_least_one(count));
        let logins = settings.logins_per_minute;
        Self {
            callers: keyed(per_minute(settings.requests_per_minute)),
            // Not all at once: who tries one password on many accounts would have them twice within the minute.
            networks: keyed(per_minute(logins).allow_burst(at_least_one(logins - logins / 3))),
            // One password of one account is guessed from one address at most a third as often.
            guesses: keyed(per_minute(logins.div_ceil(3))),
            anonymous: keyed(per_minute(settings.reports_per_minute)),
            calendars: keyed(per_minute(settings.calendars_per_minute)),
            keys: keyed(
                per_minute(settings.requests_per_minute.saturating_mul(CALLERS_PER_ADDRESS))
                    .allow_burst(at_least_one(settings.requests_per_minute)),
            ),
            quota: settings.requests_per_minute,
        }
    }

    /// Counts a request of a caller.
    pub(crate) fn admit(&self, caller: Uuid) -> Result<Remaining, ApiError> {
        let remaining = check(&self.callers, &caller)?;
        Ok(Remaining { quota: self.quota, remaining })
    }

    /// Counts a login: by where it comes from, and by whose it is. The owner at another address is not locked out.
    pub(crate) fn admit_login(&self, from: IpAddr, account: &str) -> Result<(), ApiError> {
        let from = network_of(from);
        check(&self.networks, &from)?;
        check(&self.guesses, &(from, account.to_owned()))?;
        Ok(())
    }

    /// Counts who signs in by an identity provider: there is no password to be guessed.
    pub(crate) fn admit_exchange(&self, from: IpAddr) -> Result<(), ApiError> {
        check(&self.networks, &network_of(from)).map(drop)
    }

    /// Counts what comes without a name: by where it comes from, in memory alone.
    pub(crate) fn admit_anonymous(&self, from: IpAddr) -> Result<(), ApiError> {
        check(&self.anonymous, &network_of(from)).map(drop)
    }

    /// Counts a calendar program: by where it comes from, before its link is looked at.
    pub(crate) fn admit_calendar(&self, from: IpAddr) -> Result<(), ApiError> {
        check(&self.calendars, &network_of(from)).map(drop)
    }

    /// Counts the look-up of a key: whoever has none would else cost a read of the database each time.
    pub(crate) fn admit_key(&self, from: IpAddr) -> Result<(), ApiError> {
        check(&self.keys, &network_of(from)).map(drop)
    }

    /// Forgets who has not called for a while.
    pub(crate) fn forget_idle(&self) {
        self.callers.retain_recent();
        self.networks.retain_recent();
        self.guesses.retain_recent();
        self.anonymous.retain_recent();
        self.calendars.retain_recent();
        self.keys.retain_recent();
    }
}

/// Whoever has an address of IPv6 has the rest of its network, too: 2^64 of them.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

fn keyed<K: Hash + Eq + Clone>(quota: Quota) -> Keyed<K> {
    RateLimiter::dashmap(quota).with_middleware()
}

fn check<K: Hash + Eq + Clone>(limiter: &Keyed<K>, key: &K) -> Result<u32, ApiError> {
    match limiter.check_key(key) {
        Ok(snapshot) => Ok(snapshot.remaining_burst_capacity()),
        Err(not_until) => {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Err(ApiError::TooMany(wait.as_secs() + 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one_guesser() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ] {
            assert_eq!(network_of(address.parse().unwrap()), network.parse::<IpAddr>().unwrap(), "{address}");
        }
    }
}
