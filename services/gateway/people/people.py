"""Everything about people that happens in one transaction."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.gateway.people.accounts import Accounts
from services.gateway.people.membership import Memberships
from services.gateway.people.recognising import Recognising
from services.gateway.people.tokens import TokenService
from services.gateway.repository.tokens import Tokens
from services.gateway.repository.users import Members, Users


class People:
    def __init__(self, session: AsyncSession, key: str) -> None:
        users, members, tokens = Users(session), Members(session), Tokens(session)
        self.accounts = Accounts(users, members, tokens)
        self.members = Memberships(users, members)
        self.tokens = TokenService(tokens, key)
        self.recognising = Recognising(users, members, tokens)
