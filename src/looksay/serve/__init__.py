"""The HTTP service and its web page (the extra `serve`): `looksay serve`.

The server's process answers requests (`app.make_app`, run by `listening`) and has its captions from
a worker's (`supervisor`, `worker`), which it replaces when that dies. `app.create_app` makes an
application that captions in its own process, for other servers. Nothing here is imported before it
is needed, since a base install has no FastAPI.
"""
