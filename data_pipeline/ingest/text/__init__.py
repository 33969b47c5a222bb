"""What a text file says about itself: its encoding, its dialect, its decimal mark and its order of dates."""
