"""What people do in the admin, one subject a file."""
