"""What can go wrong with deployments and predictions."""

from libs.common.errors import (
    BadInput,
    Conflict,
    Forbidden,
    ModelyardError,
    NotFound,
    TooLarge,
    Unavailable,
)


class DeploymentIsUnknown(NotFound):
    code, title = "deployment_unknown", "There is no such deployment"


class DeploymentNameIsTaken(Conflict):
    code, title = "deployment_name_taken", "Another project has a deployment of this name"


class TaskIsAnother(Conflict):
    code, title = "deployment_of_another_task", "A deployment keeps its task"


class NoCanary(Conflict):
    code, title = "no_canary", "No version is on trial"


class CanaryIsTheVersionServed(Conflict):
    code, title = "canary_is_served", "This version is served already"


class CanaryDoesNotLoad(Conflict):
    code, title = "canary_does_not_load", "What does not answer is not made the deployment's version"


class NothingToRollBackTo(Conflict):
    code, title = "nothing_to_roll_back_to", "This deployment never served another version"


class DeploymentIsNotReady(Unavailable):
    code, title = "deployment_not_ready", "The model is not loaded yet"


class TritonIsAway(Unavailable):
    code, title = "triton_away", "The inference server does not answer"


class ImageIsRefused(BadInput):
    code, title = "image_refused", "An image cannot be used"


class NothingToScore(BadInput):
    code, title = "samples_unusable", "None of the samples can be used"


class ImagesAreTooLarge(TooLarge):
    """All that is wrong is the number of pixels."""

    code, title = "images_too_large", "An image has too many pixels"


class PredictionIsRefused(Forbidden):
    code, title = "prediction_refused", "The model is not sure enough of its answer"


class ModelDoesNotLoad(Conflict):
    code, title = "model_does_not_load", "Triton cannot load the model"


class RepositoryIsNotWritable(ModelDoesNotLoad):
    code, title = "model_repository_not_writable", "The folder that Triton reads cannot be written"


class ModelFails(ModelyardError):
    """Of a model that is loaded: not for lack of an image's quality, which was checked before."""

    code, status, title = "model_failed", 502, "The model gave no usable answer"


class FileIsGone(ModelDoesNotLoad):
    code, title = "file_gone", "The model file is not stored any more"


class FileIsCorrupt(ModelDoesNotLoad):
    code, title = "file_corrupt", "The model file is not what was exported"
