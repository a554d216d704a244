"""What many would write first: FastAPI and the sqlite3 of the standard library, one durable commit per message."""

import os
import sqlite3
import threading

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

app = FastAPI()
lock = threading.Lock()
database = sqlite3.connect(os.environ["DATABASE"], check_same_thread=False, isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=FULL")
database.execute(
    "CREATE TABLE IF NOT EXISTS messages "
    "(id INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT NULL, body BLOB NOT NULL)"
)
database.execute("CREATE INDEX IF NOT EXISTS by_mailbox ON messages (mailbox, id)")


def keep(mailbox: str, body: bytes) -> None:
    with lock:
        database.execute("INSERT INTO messages (mailbox, body) VALUES (?, ?)", (mailbox, body))


@app.post("/mailboxes/{mailbox}")
async def put(mailbox: str, request: Request) -> Response:
    await run_in_threadpool(keep, mailbox, await request.body())
    return Response("ok")
