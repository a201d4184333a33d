"""The options that commands share, each group of them a value."""
