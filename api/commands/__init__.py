"""The command line, one file for each subject; api/cli.py registers them. Heavy imports stay inside the functions."""
