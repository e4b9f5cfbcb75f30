"""What departments receive: one reader a format, each ends in a validated table."""
