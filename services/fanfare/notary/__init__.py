"""The notary: one writer that keeps each partition as a Merkle tree, signs how far it has come, and refuses on doubt."""
