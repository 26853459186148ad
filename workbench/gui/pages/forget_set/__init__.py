"""Selecting the rows to forget, by looking, by rules and by selectors."""
