"""Photographs as a person keeps them: searched, described on pages, described in themselves."""
