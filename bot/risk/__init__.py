"""Rules that decide whether to trade; pure, see the domain only."""
