"""Campaigns and rounds: commands, decisions, routes."""
