"""Bytes to rows: the drive folder, the readers, and what a file says about itself."""
