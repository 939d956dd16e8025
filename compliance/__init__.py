"""Does this song use what it may use? Verification of songs, and the approval API."""
