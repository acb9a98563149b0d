"""What can go wrong at the HTTP door itself."""

from libs.common.errors import BadInput, Conflict, Forbidden, ModelyardError, TooLarge, Unauthorized


class TokenIsMissing(Unauthorized):
    code = "token_missing"


class TokenIsUnknown(Unauthorized):
    code = "token_unknown"


class TokenIsExpired(Unauthorized):
    code = "token_expired"


class RoleIsTooLow(Forbidden):
    code, title = "role_too_low", "Your role may not do this"


class OriginIsForeign(Forbidden):
    code, title = "foreign_origin", "This page may not change anything here"


class BodyTooLarge(TooLarge):
    code = "body_too_large"


class TooManyFiles(TooLarge):
    code, title = "too_many_files", "More files than one request may have"


class UrlsAreNotFetched(Forbidden):
    code, title = "urls_not_fetched", "Images are not fetched from elsewhere"


class ContentTypeIsUnknown(ModelyardError):
    code, status, title = "content_type_unknown", 415, "This kind of content is not understood here"


class KeyWasUsed(BadInput):
    code, title = "idempotency_key_reused", "This Idempotency-Key belongs to another request"


class RequestIsUnderWay(Conflict):
    code, title = "request_under_way", "The first request with this Idempotency-Key is not finished"


class RangeIsOutside(ModelyardError):
    code, status, title = "range_outside", 416, "The content ends before this range begins"
