"""Every SQL statement of the trainer room, one file per noun."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.trainer.repository.alerts import Alerts
from services.trainer.repository.archive import Archive
from services.trainer.repository.checkpoints import Checkpoints
from services.trainer.repository.experiments import Experiments
from services.trainer.repository.house import House
from services.trainer.repository.logs import Logs
from services.trainer.repository.nodes import Nodes
from services.trainer.repository.owners import Owners
from services.trainer.repository.readings import Readings
from services.trainer.repository.runs import Runs
from services.trainer.repository.series import Series
from services.trainer.repository.standings import Standings
from services.trainer.repository.sweeps import Sweeps
from services.trainer.repository.workers import Workers


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self.owners = Owners(session)
        self.experiments = Experiments(session)
        self.runs = Runs(session)
        self.checkpoints = Checkpoints(session)
        self.series = Series(session)
        self.logs = Logs(session)
        self.standings = Standings(session)
        self.sweeps = Sweeps(session)
        self.workers = Workers(session)
        self.nodes = Nodes(session)
        self.readings = Readings(session)
        self.alerts = Alerts(session)
        self.archive = Archive(session)
        self.house = House(session)
