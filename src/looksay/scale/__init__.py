"""Captions and features beyond one machine, on Ray Data: the same code, many workers.

Nothing here is imported unless it is asked for; it needs the extra `ray`.
"""
