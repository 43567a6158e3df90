"""One test's conversation with a gateway, as a test author holds it."""
