"""Long-lived Ray actors: durable work that outlives a request."""
