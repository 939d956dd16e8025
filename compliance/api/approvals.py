"""Approvals, their certificates, and what verifies these offline: key set and status lists."""
