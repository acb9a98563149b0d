"""`python -m services.trainer.worker`."""

from services.trainer.worker.app import run
from services.trainer.worker.settings import Settings

if __name__ == "__main__":
    run(Settings())
