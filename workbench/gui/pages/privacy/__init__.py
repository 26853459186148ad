"""The Privacy page: what a membership attack learns from each model."""
