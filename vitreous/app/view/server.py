"""The routes of ``vitreous view``: each hands over to what knows, in the one thread that works."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response

from vitreous import __version__
from vitreous.app.view.desk import Desk
from vitreous.app.view.guard import Guard, TooLarge, everywhere
from vitreous.app.view.predictions import Predictions
from vitreous.app.view.work import Bench
from vitreous.core.errors import VitreousError

PAGE = Path(__file__).with_name("page")
_KINDS = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_REFUSED = 422  # what a sentence explains
_OPENING = "x-vitreous-opening"  # header: which opening a page's request is about
Answer = dict[str, Any]


class Viewer:
    """What is open, what is computed, and the application that serves both.

    Args:
        folder: nothing outside of it is read or written. first: the name of what is opened first,
        in the folder; empty for nothing. host, port: what the server is bound to. framed_by: pages
        that may show this one in a frame.
    """

    def __init__(
        self,
        folder: Path,
        first: str,
        *,
        host: str = "127.0.0.1",
        port: int,
        framed_by: str = "'none'",
    ) -> None:
        self.token = secrets.token_urlsafe(24)
        self.desk, self.first = Desk(folder), first
        self.bench = Bench(self.desk.folders)
        self.predictions = Predictions()
        self.trajectory: Any = None
        self.opening = 0  # how often something was opened
        self.app = Guard(_routes(self), self.token, port, host, framed_by)

    def fresh(self, answer: Answer) -> Answer:
        """``answer``, of something newly opened: what was computed of the last is forgotten."""
        self.predictions, self.trajectory = Predictions(), None
        return answer

    def newly(self, answer: Answer) -> Answer:
        """``fresh``, with the number by which a page says what its later requests are about."""
        self.opening += 1
        return {**self.fresh(answer), "opening": self.opening}

    def close(self) -> None:
        """Stop computing, and remove what the page sent."""
        self.bench.close()
        self.desk.close()


def _routes(viewer: Viewer) -> FastAPI:
    async def about_what_is_open(request: Request) -> None:
        """Two pages share one server: what one asks is never answered about what the other opened
        since.
        """
        number = request.headers.get(_OPENING)
        if number not in (None, str(viewer.opening)) and not _opens(request.url.path):
            raise VitreousError(
                f"'{_open(viewer.desk).name}' was opened since, in another window; open your file "
                "again, or start a second vitreous view"
            )

    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(about_what_is_open)],
    )
    for error in (VitreousError, TooLarge):
        app.add_exception_handler(error, _refused)
    for add in (_page, _opening, _computing, _of_image, _of_run, _to_take_away):
        add(app, viewer)
    return app


async def _done(viewer: Viewer, work: Callable[[], Answer]) -> Answer:
    """The result of a short computation."""
    job = viewer.bench.begin(work)
    while job.ended is None:
        await asyncio.sleep(0.01)
    if job.result is None:
        raise VitreousError(job.error or "it was stopped")
    return job.result


def _page(app: FastAPI, viewer: Viewer) -> None:
    @app.get("/")
    async def index() -> Response:
        return FileResponse(PAGE / "index.html", media_type=_KINDS["html"])

    @app.get("/page/{name}")
    async def page(name: str) -> Response:
        known = {path.name: path for path in PAGE.iterdir()}
        if name not in known:
            return PlainTextResponse("there is no such file", 404)
        return FileResponse(known[name], media_type=_KINDS[name.rpartition(".")[2]])

    @app.get("/api/state")
    async def state() -> Answer:
        about = await _done(viewer, lambda: _about(viewer.desk))
        return {"version": __version__, "first": viewer.first, **about}


def _opening(app: FastAPI, viewer: Viewer) -> None:
    desk = viewer.desk

    @app.post("/api/open")
    async def opened(name: Annotated[str, Body(embed=True)]) -> Answer:
        viewer.bench.stop()
        return await _done(viewer, lambda: viewer.newly(desk.open(name)))

    @app.post("/api/types")
    async def types(names: Annotated[list[str], Body(embed=True)]) -> Answer:
        viewer.bench.stop()
        return await _done(viewer, lambda: viewer.newly(desk.name_types(names)))

    @app.put("/api/send/{name}")
    async def sent(name: str, request: Request) -> Answer:
        content = await request.body()
        viewer.bench.stop()
        return await _done(viewer, lambda: viewer.newly(desk.receive(name, content)))

    @app.get("/api/frame/{number}")
    async def frame(number: int) -> Answer:
        from vitreous.app.view.deformations import frame_of

        walked = viewer.trajectory
        return _open(desk).frame(number) if walked is None else frame_of(walked, number)


def _computing(app: FastAPI, viewer: Viewer) -> None:
    desk, bench = viewer.desk, viewer.bench

    @app.post("/api/predict")
    async def predict(
        model: Annotated[str, Body()],
        angle: Annotated[float | None, Body()] = None,
        relax: Annotated[bool, Body()] = False,
    ) -> Answer:
        from vitreous.app.view.named import bundle_named

        name, asked = bundle_named(desk, model), viewer.predictions
        return bench.begin(lambda: asked.ask(_open(desk), name, angle, relax)).told()

    @app.post("/api/deform")
    async def deform(how: Annotated[Answer, Body()]) -> Answer:
        from vitreous.app.view.named import deformation_named

        chosen = deformation_named(how)
        return bench.begin(lambda: _deformed(viewer, chosen)).told()

    @app.get("/api/job/{number}")
    async def job(number: int) -> Answer:
        return bench[number].told()

    @app.delete("/api/job/{number}")
    async def stop(number: int) -> Answer:
        bench[number].to_stop = True
        return bench[number].told()


def _of_image(app: FastAPI, viewer: Viewer) -> None:
    def image() -> Any:
        if viewer.desk.opened is None or viewer.desk.opened.kind != "image":
            raise VitreousError("no micrograph is open; open one first")
        return viewer.desk.opened

    @app.get("/api/image.png")
    async def pixels() -> Response:
        return Response(image().pixels(), media_type="image/png")

    @app.post("/api/image/detect")
    async def detect(
        fields: Annotated[Answer, Body()], edits: Annotated[list[Any], Body()]
    ) -> Answer:
        return await _done(viewer, lambda: viewer.fresh(image().detect(fields, edits)))

    @app.post("/api/image/correct")
    async def correct(edits: Annotated[list[Any], Body(embed=True)]) -> Answer:
        return await _done(viewer, lambda: viewer.fresh(image().correct(edits)))

    @app.post("/api/image/save")
    async def save() -> Answer:
        return await _done(viewer, image().save)


def _of_run(app: FastAPI, viewer: Viewer) -> None:
    def run() -> Any:
        if viewer.desk.opened is None or viewer.desk.opened.kind != "run":
            raise VitreousError("no run is open; open one first")
        return viewer.desk.opened

    @app.get("/api/run/sample/{number}")
    async def sample(number: int) -> Answer:
        viewer.bench.stop()
        return await _done(viewer, lambda: viewer.fresh(run().show(number)))

    @app.post("/api/run/compare")
    async def compare(name: Annotated[str, Body(embed=True)]) -> Answer:
        return await _done(viewer, lambda: _beside(run(), viewer.desk, name))


def _to_take_away(app: FastAPI, viewer: Viewer) -> None:
    @app.get("/api/file/{name}")
    async def file(name: str) -> Response:
        from vitreous.app.view.files import content_of

        made = await _done(viewer, lambda: {"content": content_of(viewer, name)})
        return Response(
            made["content"],
            media_type="application/octet-stream",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )


def _opens(path: str) -> bool:
    """Whether a request is about something that is still to be opened, or about nothing open."""
    return path in ("/api/state", "/api/open") or path.startswith("/api/send/")


async def _refused(request: Request, error: Exception) -> Response:
    status = 413 if isinstance(error, TooLarge) else _REFUSED
    return JSONResponse({"error": " ".join(str(error).split())}, status)


def _about(desk: Desk) -> Answer:
    """What can be opened, and what can be asked of it."""
    from vitreous.app.view.named import bundles, potentials

    return {"files": desk.files(), "models": bundles(desk), "potentials": potentials()}


def _open(desk: Desk) -> Any:
    if desk.opened is None:
        raise VitreousError("nothing is open; open a file first")
    return desk.opened


def _deformed(viewer: Viewer, chosen: Answer) -> Answer:
    from vitreous.app.view.deformations import carried_out, shown

    run = carried_out(_open(viewer.desk), **chosen)
    viewer.trajectory = run
    return shown(run)


def _beside(run: Any, desk: Desk, name: str) -> Answer:
    """Scores of another run, and its maps of the glass that is shown."""
    from vitreous.app.view.runs import scores

    other = desk.open_run(name)
    maps, why = [], ""
    try:
        maps = run.beside(other, name)
    except VitreousError as error:
        why = str(error)
    return {"name": name, "scores": scores(desk.path_of(name)), "maps": maps, "no_maps": why}


@contextmanager
def serving(
    folder: Path, first: str, host: str, port: int, framed_by: str = "'none'"
) -> Iterator[tuple[str, Any]]:
    """The address of the page and the server, which runs in a thread until the context ends.

    Raises:
        VitreousError: the port is taken, or the host is none of this machine's.
    """
    import uvicorn

    listening = _bound(host, port)
    taken = listening.getsockname()[1]
    viewer = Viewer(folder, first, host=host, port=taken, framed_by=framed_by)
    server = uvicorn.Server(
        uvicorn.Config(
            viewer.app, log_level="warning", access_log=False, lifespan="off", proxy_headers=False
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    name = "127.0.0.1" if everywhere(host) else host
    try:
        yield f"http://{name}:{taken}/?token={viewer.token}", thread
    finally:
        server.should_exit = True
        viewer.close()
        thread.join(5.0)


def _bound(host: str, port: int) -> socket.socket:
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(kind, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:  # the latter of a port that is none
        listening.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise VitreousError(
            f"the page cannot be served at {host}:{port}: {reason}; choose another --port, or 0 "
            "for any that is free"
        ) from None
    listening.listen(128)
    return listening
