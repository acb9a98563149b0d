"""`python -m services.notifier`."""

from services.notifier.app import room
from services.notifier.settings import Settings

if __name__ == "__main__":
    room(Settings()).run()  # type: ignore[call-arg]  # the key comes from the environment
