"""Why a backup, a restore or an upgrade did not happen."""

from libs.common.errors import BadInput, Conflict, ModelyardError, NotFound


class FolderIsNoBackup(BadInput):
    code, title = "folder_is_no_backup", "This folder is none of ours"


class FolderIsBusy(Conflict):
    code, title = "folder_is_busy", "Another backup writes to this folder"


class StackIsBusy(Conflict):
    code, title = "stack_is_busy", "Another backup of this stack is under way"


class FolderHasNoSpace(Conflict):
    code, title = "folder_has_no_space", "The disk of the backup is too small"


class BackupNotFound(NotFound):
    code, title = "backup_not_found", "There is no such backup"


class BackupIsDamaged(Conflict):
    code, title = "backup_is_damaged", "The backup is not what it was when it was made"


class StackIsNotEmpty(Conflict):
    code, title = "stack_is_not_empty", "A backup is restored into an empty stack only"


class StackIsInUse(Conflict):
    code, title = "stack_is_in_use", "Rooms are at work"


class SecretsDiffer(Conflict):
    code, title = "secrets_differ", "The stack has other secrets than the backup"


class BackupIsNewer(Conflict):
    code, title = "backup_is_newer", "The backup was made by a newer version"


class BytesVanish(Conflict):
    code, title = "bytes_vanish", "Bytes are deleted faster than they are copied"


class DatabaseToolFailed(ModelyardError):
    """The message ends with the words of the program that tried."""

    code, status, title = "database_tool_failed", 500, "PostgreSQL's own tool failed"


class MigrationFailed(ModelyardError):
    code, status, title = "migration_failed", 500, "The upgrade was taken back"
