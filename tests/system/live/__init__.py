"""The live side against gateways that lie and clients that do not care; "live" is simulated."""
