"""Regions: boxes of a photograph, and the backbone's features of what lies in them."""
