"""FastAPI with a batching queue over onnxruntime: what waits is scored together, at most 32 texts, in a thread.

`fastapi_app.py SCORER MODELS THREADS PORT`; prints `ready` once it listens."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from scorers import load

LABELS = ("negative", "neutral", "positive")


class Text(BaseModel):
    text: str


def build(rows, threads: int) -> FastAPI:
    queue: asyncio.Queue[tuple[str, asyncio.Future]] = asyncio.Queue()
    pool = ThreadPoolExecutor(threads)

    async def lane() -> None:
        loop = asyncio.get_running_loop()
        while True:
            waiting = [await queue.get()]
            while len(waiting) < 32 and not queue.empty():
                waiting.append(queue.get_nowait())
            scores = await loop.run_in_executor(pool, rows, [text for text, _ in waiting])
            for (_, answer), row in zip(waiting, scores):
                if not answer.done():
                    answer.set_result(row)

    @asynccontextmanager
    async def lifespan(_: FastAPI):
        lanes = [asyncio.create_task(lane()) for _ in range(threads)]
        print("ready", flush=True)
        yield
        for task in lanes:
            task.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/score")
    async def score(body: Text) -> dict:
        answer = asyncio.get_running_loop().create_future()
        queue.put_nowait((body.text, answer))
        row = await answer
        return {"label": LABELS[int(row.argmax())], "scores": dict(zip(LABELS, map(float, row)))}

    return app


def main(scorer: str, models: str, threads: str, port: str) -> None:
    rows = load(scorer, Path(models), 1)
    rows(["a text to warm up with"] * 32)
    uvicorn.run(build(rows, int(threads)), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
