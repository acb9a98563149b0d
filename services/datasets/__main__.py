"""`python -m services.datasets`."""

from services.datasets.app import room
from services.datasets.settings import Settings

if __name__ == "__main__":
    room(Settings()).run()
