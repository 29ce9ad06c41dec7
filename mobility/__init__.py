"""Cross-border multimodal accessibility: two countries, one network."""
