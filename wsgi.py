"""What a WSGI server loads: granian --interface wsgi wsgi:app."""

from hub.app import create_app
from hub.garbage import look_rarely

app = create_app()
look_rarely()
