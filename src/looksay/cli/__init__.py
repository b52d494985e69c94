"""The command line: `looksay VERB ...`, one small file a verb."""
