"""A pytest run that goes live: whether it may (``asked``), and what it does then (``hooks``)."""
