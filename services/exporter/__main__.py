"""`python -m services.exporter`."""

from services.exporter.app import room
from services.exporter.settings import Settings

if __name__ == "__main__":
    room(Settings()).run()
