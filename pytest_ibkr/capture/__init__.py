"""What a gateway said, kept as files; may import snapshot and wire, opens no socket."""
