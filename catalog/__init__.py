"""Licensed stems and the rights in them; legal staff work here through the admin."""
