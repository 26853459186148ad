"""The cards of the metrics, one family a module; `metrics.catalogue` has them all by name."""
