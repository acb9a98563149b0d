"""What can go wrong in the exporter room."""

from libs.common.errors import BadInput, Conflict, NotFound


class ExportNotFound(NotFound):
    code, title = "export_not_found", "There is no such export"


class ExportIsNotReady(Conflict):
    code, title = "export_not_ready", "The export has no file"


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
