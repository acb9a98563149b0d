"""The console's server: error boundary, safe headers, sign-in on the local stack, memory settings."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from boundary import show_failure
from headers import SafeHeaders
from local_login import LocalLogin
from settings import settings
from starlette.applications import Starlette
from starlette.middleware import Middleware

APP = Path(__file__).parent / "app.py"


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    # What is loaded now lives for ever: keep it out of every later collection.
    gc.collect()
    gc.freeze()
    yield


app = st.App(
    str(APP),
    lifespan=lifespan,
    on_script_error=show_failure,
    middleware=[Middleware(SafeHeaders, settings=settings()), Middleware(LocalLogin, settings=settings())],
)
