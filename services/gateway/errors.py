"""What can go wrong at the HTTP door itself."""

from libs.common.errors import (
    BadInput,
    Conflict,
    Forbidden,
    ModelyardError,
    NotFound,
    TooLarge,
    Unauthorized,
    Unavailable,
)


class TokenIsMissing(Unauthorized):
    code = "token_missing"


class TokenIsUnknown(Unauthorized):
    code = "token_unknown"


class TokenIsExpired(Unauthorized):
    code = "token_expired"


class SessionIsOver(Unauthorized):
    code = "session_over"


class SessionIsMissing(NotFound):
    code = "session_not_found"


class CredentialsAreWrong(Unauthorized):
    """`account` is for the audit log alone: None if there is no such account."""

    code, title = "credentials_wrong", "This is not how one signs in"
    account: str | None = None


class OidcIsOff(NotFound):
    code = "oidc_off"


class SignInFailed(Unauthorized):
    code, title = "sign_in_failed", "The identity provider did not sign you in"


class IssuerIsAway(Unavailable):
    code, title = "issuer_away", "The identity provider does not answer as it should"


class PasswordIsWrong(BadInput):
    code = "password_wrong"


class TooManyAttempts(ModelyardError):
    code, status, title = "too_many_attempts", 429, "Too many tries"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class AccountIsInactive(Unauthorized):
    code = "account_inactive"


class TokenIsLimited(Forbidden):
    code, title = "token_limited", "The token that was sent may not do this"


class TokenIsMissingHere(NotFound):
    """Of those that are kept; none was sent is TokenIsMissing."""


class UserIsMissing(NotFound):
    code = "user_not_found"


class MemberIsMissing(NotFound):
    code = "member_not_found"


class AccountIsTaken(Conflict):
    code, title = "account_taken", "This name belongs to somebody"


class LastAdministratorStays(Conflict):
    code, title = "last_administrator", "Somebody must be able to administer the house"


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


class TooManyStreams(ModelyardError):
    code, status, title = "too_many_streams", 429, "More live streams than one caller may hold open"
