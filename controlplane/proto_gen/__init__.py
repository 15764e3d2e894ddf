"""Generated code; see ``scripts/generate_proto.py``."""
