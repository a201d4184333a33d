"""Models: names to weights on this disk, as safetensors or GGUF, never pickle; nothing here reads them."""
