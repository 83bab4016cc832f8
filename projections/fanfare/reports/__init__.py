"""The transparency report and its two independent counters."""
