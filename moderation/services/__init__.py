"""What changes stored data: one function a business action, each in one transaction."""
