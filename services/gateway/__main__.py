"""`python -m services.gateway`."""

from services.gateway.app import run
from services.gateway.settings import Settings

if __name__ == "__main__":
    run(Settings())  # type: ignore[call-arg]  # the secrets come from the environment
