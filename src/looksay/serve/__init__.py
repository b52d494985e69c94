"""The HTTP service and its web page (the extra `serve`): `looksay serve`.

`app.create_app` makes the application, `listening.serve` runs it. Nothing here is imported before
it is needed, since a base install has no FastAPI.
"""
