//! The caller that the extractors of a request share, so that the application identifies it once.

use std::{net::IpAddr, ptr, sync::Arc};

use eventhorizon::{Caller, Horizon};
use http::{Extensions, HeaderMap};
use parking_lot::Mutex;

use crate::extractors::peer;

/// The caller that an extractor of the request built last. It is an extension of the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedCaller(Arc<Mutex<Option<(Horizon, Caller)>>>);

impl SharedCaller {
    /// Returns the one of the request with these extensions.
    pub(crate) fn from_extensions(extensions: &mut Extensions) -> Self {
        extensions.get_or_insert_default::<Self>().clone()
    }

    /// Returns the caller, if an extractor for this site built one.
    pub(crate) fn get(&self, horizon: &Horizon) -> Option<Caller> {
        let shared = self.0.lock();
        let (site, caller) = shared.as_ref()?;
        ptr::eq(site.config(), horizon.config()).then(|| caller.clone())
    }

    fn set(&self, horizon: &Horizon, caller: &Caller) {
        *self.0.lock() = Some((horizon.clone(), caller.clone()));
    }
}

/// Returns the caller that the extractors of a request share. After a middleware changed the headers, the address or
/// the number of extensions, it is a new one.
pub(crate) fn shared_caller(horizon: &Horizon, headers: &HeaderMap, extensions: &mut Extensions) -> Caller {
    let shared = SharedCaller::from_extensions(extensions);
    let peer = peer(horizon, headers, extensions);
    let address = horizon.client_addr(peer, headers);
    // Without the shared caller, which would contain itself.
    let others = extensions.len() - 1;
    let is_current = |caller: &Caller| {
        caller.address() == address && caller.headers() == headers && caller.extensions().len() == others
    };
    if let Some(caller) = shared.get(horizon).filter(is_current) {
        return caller;
    }
    let caller = new_caller(horizon, peer, headers, extensions);
    shared.set(horizon, &caller);
    caller
}

/// Returns a caller with these headers and extensions, without the [`SharedCaller`].
pub(crate) fn new_caller(horizon: &Horizon, peer: IpAddr, headers: &HeaderMap, extensions: &Extensions) -> Caller {
    let mut extensions = extensions.clone();
    extensions.remove::<SharedCaller>();
    horizon.caller(peer, headers).with_all(extensions)
}
