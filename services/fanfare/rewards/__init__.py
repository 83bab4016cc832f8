"""Rewards: what hosts give to fans, who may have it, and how it reaches them."""
