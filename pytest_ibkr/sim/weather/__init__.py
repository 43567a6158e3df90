"""Weather: named, seeded, composable scenarios of what gateways do to people."""
