"""Report: the verdict criterion by criterion, the pages of the report, and its export."""
