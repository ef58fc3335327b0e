"""Scripts that make `deployments/weights/`; nothing else imports them."""
