"""What can go wrong in the datasets room."""

from libs.common.errors import BadInput, Conflict, Forbidden, NotFound, Unavailable

# Of a source of any kind it is said in the same words as of a URL.
from libs.common.web.errors import SourceIsMalformed as SourceIsMalformed
from libs.common.web.errors import SourceIsNotAllowed as SourceIsNotAllowed
from libs.common.web.errors import SourceNotFound as SourceNotFound
from libs.common.web.errors import SourceUnavailable as SourceUnavailable


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


class SampleHasNoThumbnail(NotFound):
    code, title = "sample_has_no_thumbnail", "The sample is no image"


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


class SourceIsGated(Forbidden):
    code, title = "source_gated", "The owner of the source gives access to some only"


class SourceIsTooLarge(BadInput):
    code, title = "source_too_large", "The source holds more than is allowed"


class DiskIsFull(Unavailable):
    code, title = "disk_full", "There is no room left on the disk"


class DatasetIsBusy(Conflict):
    code, title = "dataset_busy", "The dataset is at work"


class SampleHasChanged(Conflict):
    code, title = "sample_changed", "The sample was changed meanwhile"


class AnnotationsDoNotFit(BadInput):
    code, title = "annotations_do_not_fit", "Annotations do not fit the sample"


class DetectionNotFound(NotFound):
    code, title = "detection_not_found", "There is no such detection, or its time is over"


class ExportNotFound(NotFound):
    code, title = "dataset_export_not_found", "There is no such export of the dataset"


class ExportIsNotReady(Conflict):
    code, title = "dataset_export_not_ready", "The export is not ready"


class FormatCannotCarry(BadInput):
    code, title = "format_cannot_carry", "The format has no place for these samples"


class ComparisonsAreTooMany(BadInput):
    code, title = "comparisons_too_many", "This would take too long to compare"


class FieldIsUnknown(BadInput):
    code, title = "field_unknown", "No sample has this field"


class NamesAreUnknown(BadInput):
    code, title = "names_unknown", "No sample has this name"


class NamesOverlap(BadInput):
    code, title = "names_overlap", "A sample is named for two subsets"


class RuleNeverFits(BadInput):
    code, title = "rule_never_fits", "A rule takes no sample"


class SubsetIsUnnamed(BadInput):
    code, title = "subset_unnamed", "A value cannot be the name of a subset"


class SplitsAreApart(BadInput):
    code, title = "splits_apart", "These splits cannot be combined"


class DatasetsDiffer(BadInput):
    code, title = "datasets_differ", "The datasets are of different kinds"


class DatasetsLeak(BadInput):
    code, title = "datasets_leak", "What one dataset trains on, another holds out"


class SplitWasOvertaken(Conflict):
    code, title = "split_overtaken", "Another split was saved meanwhile"
