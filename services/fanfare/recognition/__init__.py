"""Recognition: rules are published, what they award is written into the record, and hosts give titles."""
