"""What can go wrong in the notifier room."""

from libs.common.errors import BadInput, Conflict, NotFound


class ChannelNotFound(NotFound):
    code, title = "channel_not_found", "There is no such channel"


class ChannelNameIsTaken(Conflict):
    code, title = "channel_name_taken", "Another channel has this name"


class ChannelKeepsItsKind(BadInput):
    code, title = "channel_kind", "A channel keeps its kind"


class LogChannelStays(Conflict):
    code, title = "log_channel_stays", "The log channel belongs to the house"


class RuleNeverFits(BadInput):
    code, title = "rule_never_fits", "A rule can never fit"


class TargetIsNotAllowed(BadInput):
    code, title = "target_not_allowed", "Messages may not be sent there"


class MailIsNotSetUp(BadInput):
    code, title = "mail_not_set_up", "This installation has no mail server"


class Refused(Exception):
    """Of one delivery, for good: another try would end in the same way. Says why, without secrets."""


class SealIsForeign(Refused):
    """The key is gone with which a channel's target was closed: the channel has to be made anew."""


class PutOff(Exception):
    """Of one delivery, for now. `after_seconds` is what the receiver has asked for."""

    def __init__(self, reason: str, after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds
