"""Everything about people that happens in one transaction."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.gateway.people.accounts import Accounts
from services.gateway.people.attempts import AttemptCounter
from services.gateway.people.audit_log import AuditLog
from services.gateway.people.membership import Memberships
from services.gateway.people.recognising import Recognising
from services.gateway.people.sessions import SessionService
from services.gateway.people.tokens import TokenService
from services.gateway.repository.audit import Audit
from services.gateway.repository.changes import announce_change
from services.gateway.repository.sessions import Attempts, Sessions
from services.gateway.repository.tokens import Tokens
from services.gateway.repository.users import Members, Users


class People:
    def __init__(self, session: AsyncSession, key: str) -> None:
        self._session = session
        users, members = Users(session), Members(session)
        tokens, sessions = Tokens(session), Sessions(session)
        self.accounts = Accounts(users, members, tokens, sessions)
        self.members = Memberships(users, members)
        self.tokens = TokenService(tokens, key)
        self.audit = AuditLog(Audit(session))
        self.sessions = SessionService(sessions, tokens, key)
        self.attempts = AttemptCounter(Attempts(session), key)
        self.recognising = Recognising(users, members, tokens, sessions, key)

    async def announce_change(self) -> None:
        """Every gateway hears of it when the transaction is over, this one too."""
        await announce_change(self._session)
