"""`python -m services.inference`."""

from services.inference.app import room
from services.inference.settings import Settings

if __name__ == "__main__":
    room(Settings()).run()
