"""What can go wrong in the trainer room."""

from libs.common.errors import BadInput, Conflict, Forbidden, ModelyardError, NotFound


class ExperimentNotFound(NotFound):
    code, title = "experiment_not_found", "There is no such experiment"


class ExperimentNameIsTaken(Conflict):
    code, title = "experiment_name_taken", "Another experiment of the project has this name"


class ExperimentHasNoRun(Conflict):
    code, title = "experiment_has_no_run", "The experiment was never run"


class TooFewToCompare(BadInput):
    code, title = "too_few_to_compare", "There is nothing to compare with"


class ExperimentIsInUse(Conflict):
    code, title = "experiment_in_use", "The experiment has a run that has not ended"


class DataOfAnotherProject(BadInput):
    code, title = "data_of_another_project", "The data belong to another project"


class DeviceIsUnknown(BadInput):
    code, title = "device_unknown", "No worker has such a device"


class DevicesAreTooFew(BadInput):
    code, title = "devices_too_few", "No machine has so many devices"


class RunNotFound(NotFound):
    code, title = "run_not_found", "There is no such run"


class ConfigIsOutdated(BadInput):
    code, title = "config_outdated", "The configuration does not fit the task any more"


class RunOfAnotherExperiment(BadInput):
    code, title = "run_of_another_experiment", "The run belongs to another experiment"


class CheckpointDoesNotFit(BadInput):
    code, title = "checkpoint_does_not_fit", "A run cannot begin with this checkpoint"


class RunHasEnded(Conflict):
    code, title = "run_has_ended", "The run has already ended"


class RunGoesOn(Conflict):
    code, title = "run_goes_on", "The run has not ended yet"


class RunIsInUse(Conflict):
    code, title = "run_in_use", "Something that goes on needs the run's model"


class RunIsComplete(Conflict):
    code, title = "run_is_complete", "The run has done all its epochs"


class RunHasNoModel(Conflict):
    code, title = "run_has_no_model", "The run has ended without a checkpoint"


class CheckpointNotFound(NotFound):
    code, title = "checkpoint_not_found", "There is no such checkpoint"


class CheckpointIsNeeded(Conflict):
    code, title = "checkpoint_needed", "The run would go on from this checkpoint"


class KeyIsForeign(Forbidden):
    code, title = "key_is_foreign", "This lease gives no right to these bytes"


class NodeNotFound(NotFound):
    code, title = "node_not_found", "There is no such node"


class TrainingWasKilled(ModelyardError):
    """By a signal: want of memory, an administrator or a driver's crash. Another attempt may well succeed."""

    code, status, title, retryable = "training_killed", 503, "The training process was killed", True


class TrainingBroke(ModelyardError):
    """By an error that nobody has foreseen; the same again would end the same."""

    code, status, title = "training_broke", 422, "The training process broke off"


class WorkerDiskIsFull(ModelyardError):
    """Of one machine, at this moment: another attempt may well succeed."""

    code, status, title, retryable = "worker_disk_full", 503, "The worker's disk is full", True


class CheckpointIsGone(NotFound):
    code, title = "checkpoint_gone", "The checkpoint to go on from is not there any more"
