"""Ballots, papers and receipts."""
