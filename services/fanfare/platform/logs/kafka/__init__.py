"""The Log port on Apache Kafka: one topic, its partitions those of the record, a Kafka record an entry."""
