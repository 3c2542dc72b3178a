//! How often: per caller in general, and per address and account for logins (RFC 6585; IETF draft RateLimit).

use crate::app::Settings;
use crate::error::ApiError;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::net::IpAddr;
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
    addresses: Keyed<IpAddr>,
    guesses: Keyed<(IpAddr, String)>,
    anonymous: Keyed<IpAddr>,
    quota: u32,
}

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let per_minute = |count: u32| Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        Self {
            callers: keyed(per_minute(settings.requests_per_minute)),
            addresses: keyed(per_minute(settings.logins_per_minute)),
            // One password of one account is guessed from one address at most a third as often.
            guesses: keyed(per_minute(settings.logins_per_minute.div_ceil(3))),
            anonymous: keyed(per_minute(settings.reports_per_minute)),
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
        check(&self.addresses, &from)?;
        check(&self.guesses, &(from, account.to_lowercase()))?;
        Ok(())
    }

    /// Counts what comes without a name: by where it comes from, in memory alone.
    pub(crate) fn admit_anonymous(&self, from: IpAddr) -> Result<(), ApiError> {
        check(&self.anonymous, &from).map(drop)
    }

    /// Forgets who has not called for a while.
    pub(crate) fn forget_idle(&self) {
        self.callers.retain_recent();
        self.addresses.retain_recent();
        self.guesses.retain_recent();
        self.anonymous.retain_recent();
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
