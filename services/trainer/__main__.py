"""`python -m services.trainer`."""

from services.trainer.app import room
from services.trainer.settings import Settings

if __name__ == "__main__":
    room(Settings()).run()
