"""Statistics: aggregates of documents, bootstraps, intervals, correlations of ranks. Mathematics only."""
