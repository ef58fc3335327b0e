"""One typed client for each outside service."""
