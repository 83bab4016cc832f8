"""The Log port and its adapters."""
