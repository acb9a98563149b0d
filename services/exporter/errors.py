"""What can go wrong in the exporter room."""

from libs.common.errors import BadInput, Conflict, NotFound, TooLarge


class ExportNotFound(NotFound):
    code, title = "export_not_found", "There is no such export"


class ExportIsNotReady(Conflict):
    code, title = "export_not_ready", "The export has no file"


class ExportIsRegistered(Conflict):
    code, title = "export_registered", "A version of a model is this export"


class FormatIsNotServed(BadInput):
    code, title = "format_not_served", "Deployments do not take this format"


class ParityFailed(BadInput):
    code, title = "parity_failed", "The exported file does not answer like the model"


class ModelNotFound(NotFound):
    code, title = "model_not_found", "There is no such model"


class VersionNotFound(NotFound):
    code, title = "model_version_not_found", "The model has no such version"


class ModelNameIsTaken(Conflict):
    code, title = "model_name_taken", "Another project has a model of this name"


class AliasIsReserved(BadInput):
    code, title = "alias_reserved", "This alias has a fixed meaning"


class AliasNotFound(NotFound):
    code, title = "alias_not_found", "The model has no such alias"


class VersionHasAlias(Conflict):
    code, title = "model_version_has_alias", "An alias points to this version"


class ModelIsOfAnotherTask(Conflict):
    code, title = "model_of_another_task", "The model of this name is for another task"


class UploadIsGone(NotFound):
    code, title = "upload_gone", "The uploaded file is not there any more"


class ImportIsGone(NotFound):
    code, title = "model_import_gone", "The import was given up"


class ModelFileIsTooLarge(TooLarge):
    code, title = "model_file_too_large", "A model of one file has 2 GiB at most"


class ModelFileBreaksOff(BadInput):
    code, title = "model_file_breaks_off", "The file needs more than a model may take"
