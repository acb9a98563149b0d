"""`python -m services.evaluator`."""

from services.evaluator.app import room
from services.evaluator.settings import Settings

if __name__ == "__main__":
    room(Settings()).run()
