//! Metrics that count nothing, for builds without the feature `metrics`.

use std::marker::PhantomData;

use horizon_backend::Backend;

#[derive(Clone, Debug, Default)]
pub(crate) struct Counter;

#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge;

#[derive(Clone, Debug)]
pub(crate) struct Family<L, M>(PhantomData<(L, M)>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Registry;

impl Counter {
    pub(crate) fn inc(&self) {}
}

impl Gauge {
    pub(crate) fn inc(&self) {}

    pub(crate) fn dec(&self) {}

    pub(crate) fn set(&self, _: i64) {}
}

impl<L, M: Default> Family<L, M> {
    pub(crate) fn get_or_create(&self, _: &L) -> M {
        M::default()
    }
}

impl<L, M> Default for Family<L, M> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl Registry {
    pub(crate) fn register<M>(&mut self, _: &str, _: &str, _: M) {}
}

pub(crate) fn registry(_: &Backend) -> Registry {
    Registry
}
