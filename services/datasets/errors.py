"""What can go wrong in the datasets room."""

from libs.common.errors import BadInput, Conflict, NotFound


class ProjectNotFound(NotFound):
    code, title = "project_not_found", "There is no such project"


class ProjectNameTaken(Conflict):
    code, title = "project_name_taken", "Another project has this name"


class UploadNotFound(NotFound):
    code, title = "upload_not_found", "There is no such upload"


class UploadIsIncomplete(Conflict):
    code, title = "upload_incomplete", "Parts of the upload are missing"


class UploadIsComplete(Conflict):
    code, title = "upload_complete", "The upload is complete already"


class UploadDiffers(BadInput):
    code, title = "upload_differs", "What arrived is not what was announced"


class DatasetNotFound(NotFound):
    code, title = "dataset_not_found", "There is no such dataset"


class DatasetNameTaken(Conflict):
    code, title = "dataset_name_taken", "Another dataset of the project has this name"


class DatasetIsNotReady(Conflict):
    code, title = "dataset_not_ready", "The dataset is not ready"


class VersionNotFound(NotFound):
    code, title = "dataset_version_not_found", "The dataset has no such version"


class ReportNotFound(NotFound):
    code, title = "report_not_found", "The dataset has no import report yet"


class SampleNotFound(NotFound):
    code, title = "sample_not_found", "There is no such sample"


class SplitNotFound(NotFound):
    code, title = "split_not_found", "There is no such split"


class SplitNameTaken(Conflict):
    code, title = "split_name_taken", "Another split of the dataset has this name"


class SubsetIsEmpty(BadInput):
    code, title = "subset_empty", "A subset would have no sample"


class FormatIsUnknown(BadInput):
    code, title = "format_unknown", "This format cannot be imported"


class ArchiveIsCorrupt(BadInput):
    code, title = "archive_corrupt", "The archive cannot be read"


class ArchiveIsEncrypted(BadInput):
    code, title = "archive_encrypted", "The archive asks for a password"


class ArchiveIsEmpty(BadInput):
    code, title = "archive_empty", "The archive holds no files"


class ArchiveIsBomb(BadInput):
    code, title = "archive_bomb", "The archive unpacks to more than is allowed"


class PathEscapes(BadInput):
    code, title = "path_escapes_archive", "A path in the archive leads out of it"


class ArchiveHasLinks(BadInput):
    code, title = "archive_has_links", "The archive holds links or devices"


class ClassIsEmpty(BadInput):
    code, title = "class_empty", "A class has no sample that can be read"


class DatasetIsEmpty(BadInput):
    code, title = "dataset_empty", "Nothing in the archive is a sample"
