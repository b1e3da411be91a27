//! EventHorizon's blog: a folder of Markdown as posts, pages and feeds.
