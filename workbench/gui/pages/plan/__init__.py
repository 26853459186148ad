"""The Plan page: one draft that can be edited and undone, and the plans that are locked."""
