"""What events are written in: Avro binary, by schemas that may change while they stream."""
