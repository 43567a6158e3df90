"""The TWS API on the wire: bytes, frames and typed messages; standard library only, no I/O."""
