"""What can go wrong with a URL that somebody sent."""

from libs.common.errors import BadInput, Forbidden, NotFound, Unavailable


class SourceIsNotAllowed(Forbidden):
    code, title = "source_not_allowed", "This may not be fetched from"


class SourceIsMalformed(BadInput):
    code, title = "source_malformed", "The source cannot be read as it is named"


class SourceNotFound(NotFound):
    code, title = "source_not_found", "There is nothing at the source"


class SourceUnavailable(Unavailable):
    code, title = "source_unavailable", "The source does not answer"
