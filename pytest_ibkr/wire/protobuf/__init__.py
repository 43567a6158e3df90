"""Bodies of server versions 201 to 225: one semantic model, a second form on the wire.

Imported only once such a version was agreed on; see ``wire.codec``.
"""
