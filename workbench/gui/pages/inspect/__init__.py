"""The Inspect page: one row, as every model sees it."""
