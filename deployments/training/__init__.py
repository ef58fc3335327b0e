"""Scripts that make the committed weights and tables; nothing here runs in a cluster."""
