use std::cell::RefCell;

use super::*;
use crate::reports::{
    DimensionBucket, DimensionBucketSelection, EventBucket, EventBucketSelection, ReportReader, SessionColumns,
    TopicBucket, TopicBucketSelection, TopicSelection,
};

/// An empty store that notes whether the histograms of topics are read.
#[derive(Default)]
struct NotedReads(RefCell<Vec<(String, bool)>>);

impl ReportReader for NotedReads {
    type Error = SessionColumnsError;

    fn topic_buckets(
        &self,
        selection: &TopicBucketSelection<'_>,
        _: &mut dyn FnMut(TopicBucket<'_>),
    ) -> Result<(), Self::Error> {
        let topics = match selection.topics {
            TopicSelection::Page(page) => page.to_owned(),
            topics => format!("{topics:?}"),
        };
        self.0.borrow_mut().push((topics, selection.needs_reading_times));
        Ok(())
    }

    fn dimension_buckets(
        &self,
        _: &DimensionBucketSelection,
        _: &mut dyn FnMut(DimensionBucket<'_>),
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    fn event_buckets(
        &self,
        _: &EventBucketSelection<'_>,
        _: &mut dyn FnMut(EventBucket<'_>),
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    fn sessions(&self, _: DayRange, _: bool, _: &mut dyn FnMut(&SessionColumns<'_>)) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// A histogram is the largest part of a bucket.
#[test]
fn histograms_are_read_once_and_only_for_a_median() {
    let metrics = [
        Metric::Visits,
        Metric::FinishedShare,
        Metric::Likes,
        Metric::MedianTimeOnPage,
    ];
    let reads = |query: &Query| {
        let reader = NotedReads::default();
        answer(&reader, query, &SiteTimeZone::utc(), &Capabilities::ALL, None).unwrap();
        let reads = reader.0.into_inner();
        let mut reads: Vec<_> = reads
            .iter()
            .map(|(topics, times)| format!("{topics} {times}"))
            .collect();
        reads.sort();
        reads
    };
    assert_eq!(
        reads(&query(2, &metrics, &[])),
        ["All false", "Pages true", "Site false"]
    );
    assert_eq!(
        reads(&query(2, &metrics[..3], &[])),
        ["All false", "Pages false", "Site false"]
    );
    let page = query(2, &metrics[1..], &[]).filter(is(Dimension::Page, "a"));
    assert_eq!(reads(&page), ["a true"]);
}
