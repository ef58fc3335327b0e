"""The R2 store against a real S3 server on loopback."""

from __future__ import annotations

import hashlib
import logging

import boto3
import pytest
from moto.server import ThreadedMotoServer

from cluster.media import MediaUnavailable, R2Store
from cluster.settings import R2Settings

pytestmark = pytest.mark.anyio

DATA = b"RIFF....WEBP a picture"
HASH = hashlib.sha256(DATA).hexdigest()
KEY = f"{HASH[:2]}/{HASH}.webp"
BUCKET = "pictures"


@pytest.fixture(scope="module")
def endpoint():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def settings(endpoint) -> R2Settings:
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()
    return R2Settings(
        _env_file=None,
        bucket=BUCKET,
        endpoint_url=endpoint,
        access_key_id="k",
        secret_access_key="s",
        retries_max=2,
        timeout_s=2,
    )


async def test_what_is_put_can_be_got_and_deleted(settings):
    store = R2Store(settings)
    assert await store.get(KEY) is None
    assert not await store.exists(KEY)

    await store.put(KEY, DATA)

    assert await store.get(KEY) == DATA
    assert await store.exists(KEY)

    await store.delete(KEY)
    await store.delete(KEY)

    assert await store.get(KEY) is None


async def test_without_a_public_url_pictures_come_through_our_own_route(settings):
    assert R2Store(settings).url(KEY) == f"/media/{KEY}"


async def test_uploads_carry_no_checksum_trailer_that_r2_would_refuse(settings):
    store = R2Store(settings)
    sent = []
    store._client.meta.events.register("before-send.s3.PutObject", lambda request, **_: sent.append(request.headers))

    await store.put(KEY, DATA)

    assert not {name.lower() for name in sent[0]} & {
        "x-amz-trailer",
        "x-amz-checksum-crc32",
        "x-amz-sdk-checksum-algorithm",
    }
    assert store._client.meta.region_name == "auto"


async def test_a_missing_bucket_does_not_look_like_a_missing_picture(settings):
    store = R2Store(settings.model_copy(update={"bucket": "nowhere"}))

    with pytest.raises(MediaUnavailable):
        await store.get(KEY)
    with pytest.raises(MediaUnavailable):
        await store.put(KEY, DATA)


async def test_a_server_that_is_away_is_unavailable(settings):
    store = R2Store(settings.model_copy(update={"endpoint_url": "http://127.0.0.1:1"}))

    with pytest.raises(MediaUnavailable):
        await store.put(KEY, DATA)
