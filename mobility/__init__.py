"""Cross-border multimodal accessibility: two countries, one network."""

from mobility.compiled import keep_compiled

keep_compiled()
