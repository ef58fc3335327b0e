"""`following models pull` against a server that speaks as much of the hub's HTTP as its client asks for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deployments.hub_cache import MANIFEST, read_manifest, snapshot_folder
from deployments.hub_download import PART
from deployments.registry import hub_artefacts
from loadtests.local_cluster import own_environment, run_cli
from tests.local_server import serving
from tests.unit.deployments.production_checkpoints import write_one

SLOT = "language"


@dataclass
class Hub:
    """Serves one repository's files, all at one commit; weights are large files, the others git blobs."""

    repository: str
    revision: str
    files: dict[str, bytes]
    sent: list[tuple[str, str | None]] = field(default_factory=list)
    cut_after: int | None = None  # bytes of the first large file, once
    damage: bool = False

    def app(self):
        base = f"/api/models/{self.repository}"
        return Starlette(
            routes=[
                Route(base, self.describe),
                Route(f"{base}/revision/{{revision}}", self.describe),
                Route(f"{base}/tree/{{revision}}", self.tree),
                Route(f"/{self.repository}/resolve/{{revision}}/{{name}}", self.file, methods=["GET", "HEAD"]),
            ]
        )

    async def describe(self, _request):
        return JSONResponse({"id": self.repository, "sha": self.revision, "siblings": []})

    async def tree(self, request):
        assert request.path_params["revision"] == self.revision
        return JSONResponse([self.entry(name, data) for name, data in self.files.items()])

    def entry(self, name, data):
        blob_id = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        entry = {"type": "file", "path": name, "size": len(data), "oid": blob_id}
        if is_large(name):
            entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        return entry

    async def file(self, request):
        name = request.path_params["name"]
        if name not in self.files:
            return Response(status_code=404, headers={"X-Error-Code": "EntryNotFound"})
        data = self.files[name]
        entry = self.entry(name, data)
        etag = entry["lfs"]["oid"] if "lfs" in entry else entry["oid"]
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": self.revision, "Accept-Ranges": "bytes"}
        if request.method == "HEAD":
            return Response(headers={**headers, "Content-Length": str(len(data))})
        asked = request.headers.get("range")
        self.sent.append((name, asked))
        if self.damage and is_large(name):
            data = bytes(len(data))
        if is_large(name) and self.cut_after is not None:
            cut, self.cut_after = self.cut_after, None
            return Cut(data[:cut], headers={**headers, "Content-Length": str(len(data))})
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        if start:
            told = f"bytes {start}-{len(data) - 1}/{len(data)}"
            return Response(data[start:], 206, {**headers, "Content-Range": told})
        return Response(data, headers=headers)


class Cut(Response):
    """A body that ends before its announced length, and the connection with it."""

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        raise ConnectionAbortedError


def is_large(name):
    return name.endswith((".safetensors", ".bin", ".model"))


@pytest.fixture
def hub(tmp_path):
    (row,) = hub_artefacts(SLOT, tmp_path)
    folder = write_one(tmp_path / "published", row)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    unneeded = {
        "README.md": b"# model",
        "tf_model.h5": b"other weights",
        "pytorch_model.bin": b"the same in another form",
    }
    return Hub(row.name, row.pin, files | unneeded)


@pytest.fixture
def following(hub, tmp_path):
    home = tmp_path / "home"
    with serving(hub.app()) as address:
        environment = own_environment(home) | {
            "HF_ENDPOINT": address,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DOWNLOAD_TIMEOUT": "5",
            "HF_HOME": str(tmp_path / "hf"),
        }
        yield lambda *arguments: run_cli(environment, tmp_path / "cwd", "models", *arguments, timeout_s=60)


def test_what_is_needed_is_pulled_verified_and_listed(following, hub, tmp_path):
    pulled = following("pull", SLOT)
    listed = {row["name"]: row for row in json.loads(following("--json").stdout)}

    assert pulled.returncode == 0, pulled.stderr
    assert f"✓ {hub.repository}" in pulled.stdout
    cache_dir = tmp_path / "home" / "models"
    snapshot = read_manifest(cache_dir)[hub.repository]
    assert snapshot.revision == hub.revision
    assert set(snapshot.files) == set(hub.files) - {"README.md", "tf_model.h5", "pytorch_model.bin"}
    folder = snapshot_folder(cache_dir, hub.repository, hub.revision)
    assert all((folder / name).read_bytes() == hub.files[name] for name in snapshot.files)
    row = listed[hub.repository]
    assert (row["state"], row["revision"], row["size_bytes"]) == ("present", hub.revision, snapshot.size_bytes)
    assert {row["state"] for name, row in listed.items() if name.startswith("cardiffnlp/")} == {"missing"}


def test_a_second_pull_asks_for_nothing_and_mends_what_was_spoilt(following, hub, tmp_path):
    following("pull", SLOT)
    count = len(hub.sent)
    following("pull", SLOT)
    assert len(hub.sent) == count

    path = snapshot_folder(tmp_path / "home" / "models", hub.repository, hub.revision) / "config.json"
    path.resolve().write_bytes(b"spoilt")
    mended = following("pull", SLOT)

    assert mended.returncode == 0, mended.stderr
    assert path.read_bytes() == hub.files["config.json"]
    assert [name for name, _ in hub.sent[count:]] == ["config.json"]


def test_an_interrupted_pull_goes_on_where_it_stopped(following, hub, tmp_path):
    weights = hub.files["model.safetensors"]
    folder = snapshot_folder(tmp_path / "home" / "models", hub.repository, hub.revision)
    folder.mkdir(parents=True)
    (folder / f"model.safetensors{PART}").write_bytes(weights[:1000])

    pulled = following("pull", SLOT)

    assert pulled.returncode == 0, pulled.stderr
    assert ("model.safetensors", "bytes=1000-") in hub.sent
    assert (folder / "model.safetensors").read_bytes() == weights
    assert not list(folder.glob(f"*{PART}"))


def test_a_connection_that_breaks_is_opened_again(following, hub):
    hub.cut_after = 1000

    pulled = following("pull", SLOT)

    assert pulled.returncode == 0, pulled.stderr
    names = [name for name, _ in hub.sent]
    assert len(names) == len(set(names)) + 1


def test_a_file_that_arrives_damaged_is_not_kept_as_verified(following, hub, tmp_path):
    hub.damage = True

    pulled = following("pull", SLOT)

    assert pulled.returncode == 1
    assert "arrived damaged" in pulled.stderr
    assert not (tmp_path / "home" / "models" / MANIFEST).exists()


def test_a_hub_that_does_not_know_the_model_is_told_without_a_stack_trace(following, hub):
    hub.repository = "someone/else"

    pulled = following("pull", "sentiment")

    assert pulled.returncode == 1
    assert "could not be fetched" in pulled.stderr
    assert "Traceback" not in pulled.stderr


def test_an_unknown_slot_is_told(following):
    pulled = following("pull", "trend_detection")

    assert pulled.returncode == 1
    assert "nothing to pull for trend_detection" in pulled.stderr
