"""One open project as the window sees it: reading, changes, selection, choice, compute."""
