"""Every query of the product. Stores never commit; the edge that opened the transaction does."""
