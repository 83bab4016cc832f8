"""What an auditor asks of an archive: count it otherwise, as of another moment, and where a figure comes from."""
