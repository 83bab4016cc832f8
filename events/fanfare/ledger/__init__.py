"""The ledger: Merkle trees, tiles, signed notes and receipts as RFC 9162 and C2SP define them. Bytes only, and alone."""
