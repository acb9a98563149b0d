"""How every list is asked for over HTTP."""

from typing import Annotated

from fastapi import Depends, Query

from libs.common.contracts.base import PageQuery


async def page_query(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
) -> PageQuery:
    return PageQuery(limit=limit, cursor=cursor)


Paging = Annotated[PageQuery, Depends(page_query)]
