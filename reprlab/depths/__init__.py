"""Depths: groups that share a space, variance drift, and the lens, all by depth."""
