"""The only way to a real gateway: a process of its own that forwards what the guard allows."""
