"""The Runs page: the queue of a plan, what each run does, and how it ended."""
