"""Traffic law and habits as tables: who may use which street, which way, how fast."""
