"""looksay looks at a picture, says what it shows, and shows where it looked for every word."""

__version__ = "0.1.0"
