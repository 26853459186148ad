"""What is loaded: datasets, models, class counts and samples."""
