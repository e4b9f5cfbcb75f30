"""The only way from closed to open: `release(value, audience=…)`."""
