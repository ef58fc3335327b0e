"""The edge: the Serve application, its routes, the five sections and the command line."""
