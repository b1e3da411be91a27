//! EventHorizon's blog: components and islands.
