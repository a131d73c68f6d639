"""The administrators' server: what the command line shows, over HTTP (spec 80 §1.1).

`application` puts it together, `access` decides who may see what, `guard` protects every request, `routes` are the
addresses, a module for each part. FastAPI and uvicorn, the optional extra `web`, are imported here alone.
"""
