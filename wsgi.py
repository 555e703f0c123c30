"""What a WSGI server loads: granian --interface wsgi wsgi:app."""

from hub.app import create_app

app = create_app()
