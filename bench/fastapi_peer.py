"""PEER: the list of open jobs by FastAPI over the same table, by SQLAlchemy's ORM and by asyncpg alone.

uvicorn bench.fastapi_peer:app        (/jobs by the ORM, /jobs-asyncpg without)
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ARRAY, BigInteger, DateTime, Text, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ADDRESS = os.environ["DATABASE_URL"]
CONNECTIONS = 8
PAGE = 20


class Base(DeclarativeBase):
    pass


class Job(Base):
    __tablename__ = "jobs_job"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    vertical: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    budget: Mapped[int] = mapped_column(BigInteger)
    poster_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text))


class ListedJob(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    description: str
    vertical: str
    status: str
    budget: int
    poster_id: UUID
    created_at: datetime
    skills: list[str]


class Page(BaseModel):
    results: list[ListedJob]
    next: str


# The columns are the peer's own and no part comes from a caller.
NEWEST = f"""
    SELECT {", ".join(ListedJob.model_fields)} FROM jobs_job
     WHERE status = 'OPEN' ORDER BY created_at DESC, id DESC LIMIT {PAGE}
"""  # noqa: S608
engine = create_async_engine(
    "postgresql+asyncpg://", async_creator=partial(asyncpg.connect, ADDRESS), pool_size=CONNECTIONS, max_overflow=0
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(ADDRESS, min_size=CONNECTIONS, max_size=CONNECTIONS) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/jobs", response_model=Page)
async def by_orm() -> dict[str, Any]:
    query = select(Job).where(Job.status == "OPEN").order_by(Job.created_at.desc(), Job.id.desc()).limit(PAGE)
    async with sessions() as session:
        rows = (await session.scalars(query)).all()
    return {"results": rows, "next": place_of(rows[-1].created_at, rows[-1].id)}


@app.get("/jobs-asyncpg")
async def by_asyncpg(request: Request) -> Page:
    rows = await request.app.state.pool.fetch(NEWEST)
    last = rows[-1]
    return Page(results=[ListedJob(**row) for row in rows], next=place_of(last["created_at"], last["id"]))


def place_of(created_at: datetime, id: UUID) -> str:
    return f"{created_at.isoformat()}|{id}"
