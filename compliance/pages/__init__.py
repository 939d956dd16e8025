"""Pages for staff: stored audio and pictures, never public."""
