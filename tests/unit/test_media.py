"""Pictures in the media folder, and keys that nobody can bend."""

from __future__ import annotations

import asyncio
import hashlib
import stat

import pytest

from cluster.errors import InvalidInput, SetupError
from cluster.media import FolderStore, MediaUnavailable, R2Store, key_of, open_media
from cluster.settings import R2Settings, Settings

pytestmark = pytest.mark.anyio

DATA = b"RIFF....WEBP a picture"
HASH = hashlib.sha256(DATA).hexdigest()
KEY = f"{HASH[:2]}/{HASH}.webp"
BENT_KEYS = [
    "",
    "a.webp",
    "../../etc/passwd",
    f"{HASH[:2]}/../{HASH}.webp",
    f"/{KEY}",
    f"{KEY}/",
    f"{KEY}\n",
    f"{KEY}\0",
    f"00/{HASH[2:]}.webp",
    KEY.upper(),
    KEY.replace(".webp", ".html"),
    f"%2e%2e/{HASH}.webp",
    f"{HASH[:2]}\\{HASH}.webp",
]


@pytest.fixture
def store(tmp_path) -> FolderStore:
    return FolderStore(tmp_path / "media")


def test_a_key_is_the_hash_in_a_folder_of_its_first_two_digits():
    assert key_of(HASH) == KEY
    assert len(KEY) == 72


@pytest.mark.parametrize("text", ["", "ab", HASH.upper(), f"../{HASH[3:]}", f"{HASH}\n"])
def test_a_key_is_made_of_nothing_but_a_hash(text):
    with pytest.raises(InvalidInput):
        key_of(text)


async def test_what_is_put_can_be_got_and_deleted(store):
    assert await store.get(KEY) is None
    assert not await store.exists(KEY)

    await store.put(KEY, DATA)

    assert await store.get(KEY) == DATA
    assert await store.exists(KEY)
    assert store.url(KEY) == f"/media/{KEY}"

    await store.delete(KEY)
    await store.delete(KEY)

    assert await store.get(KEY) is None


@pytest.mark.parametrize("key", BENT_KEYS)
async def test_a_bent_key_is_refused_by_every_method(store, key):
    for call in (store.get, store.exists, store.delete):
        with pytest.raises(InvalidInput):
            await call(key)
    with pytest.raises(InvalidInput):
        await store.put(key, DATA)
    with pytest.raises(InvalidInput):
        store.url(key)


async def test_the_same_picture_stored_at_once_by_many_lies_there_once_and_whole(store, tmp_path):
    await asyncio.gather(*(store.put(KEY, DATA) for _ in range(20)))

    files = [file for file in (tmp_path / "media").rglob("*") if file.is_file()]
    assert [file.read_bytes() for file in files] == [DATA]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o644


async def test_a_picture_cut_by_a_crash_is_written_again(store, tmp_path):
    file = tmp_path / "media" / KEY
    file.parent.mkdir()
    file.write_bytes(DATA[:5])

    await store.put(KEY, DATA)

    assert await store.get(KEY) == DATA


async def test_only_webp_is_kept(store):
    with pytest.raises(InvalidInput):
        await store.put(KEY, DATA, "text/html")


async def test_a_failing_disk_is_unavailable_and_leaves_nothing_half_written(store, tmp_path):
    (tmp_path / "media" / KEY[:2]).write_text("a file where a folder should be")

    with pytest.raises(MediaUnavailable):
        await store.put(KEY, DATA)
    with pytest.raises(MediaUnavailable):
        await store.get(KEY)


def test_a_media_folder_that_cannot_be_made_is_a_matter_of_setup(tmp_path):
    (tmp_path / "media").write_text("in the way")

    with pytest.raises(SetupError):
        FolderStore(tmp_path / "media")


def test_pictures_go_to_the_folder_unless_a_bucket_is_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("R2_BUCKET", raising=False)

    assert isinstance(open_media(Settings.load(tmp_path)), FolderStore)
    assert (tmp_path / "media").is_dir()

    for name, value in {"BUCKET": "b", "ACCOUNT_ID": "acc", "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s"}.items():
        monkeypatch.setenv(f"R2_{name}", value)

    assert isinstance(open_media(Settings.load(tmp_path)), R2Store)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"bucket": "b"},
        {"bucket": "b", "account_id": "a"},
        {"bucket": "b", "account_id": "a", "access_key_id": "k"},
        {"bucket": "b", "access_key_id": "k", "secret_access_key": "s"},
    ],
)
def test_half_configured_r2_names_what_is_missing(given):
    with pytest.raises(SetupError, match="R2_"):
        R2Store(R2Settings(_env_file=None, **given))


def test_r2_urls_need_no_call(monkeypatch):
    given = {"bucket": "pictures", "account_id": "acc", "access_key_id": "k", "secret_access_key": "s"}

    public = R2Store(R2Settings(_env_file=None, **given, public_url="https://cdn.example/"))
    without = R2Store(R2Settings(_env_file=None, **given))

    assert public.url(KEY) == f"https://cdn.example/{KEY}"
    assert without.url(KEY) == f"/media/{KEY}"
    with pytest.raises(InvalidInput):
        public.url("../x")
