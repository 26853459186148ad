"""Plan, references, controls and verdict: what an audit is, free of torch and of windows."""
