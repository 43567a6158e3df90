"""Decides what may pass between programs and a real gateway; pure, and never obeys by itself."""
