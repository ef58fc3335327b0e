"""Downloads that strangers choose never reach our own network, and never fill it either."""

from __future__ import annotations

import asyncio
import pickle
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cluster.clients.image_fetch import ImageFetcher, MediaUnreachable, is_public
from cluster.errors import MediaRefused
from cluster.settings import MediaSettings
from tests.pictures import PUBLIC_ADDRESS, InternetStandIn, answer, encoded, names, noise_picture, picture_server

pytestmark = pytest.mark.anyio

PICTURE = encoded(noise_picture())
CDN = "scontent.cdninstagram.com"


def settings(**changes) -> MediaSettings:
    figures = {"fetch_timeout_s": 2.0, "fetch_attempts_max": 1, "bytes_max": 1_000_000}
    return MediaSettings(_env_file=None, **(figures | changes))


@asynccontextmanager
async def fetcher_of(server, table=None, **changes):
    """A fetcher whose internet is the server: names resolve by the table, public addresses lead to the server."""
    internet = InternetStandIn(server.port)
    table = {CDN: [PUBLIC_ADDRESS]} if table is None else table
    async with ImageFetcher(settings(**changes), resolver=names(table), network=internet) as fetcher:
        yield fetcher, internet


async def refusal_of(fetcher: ImageFetcher, url: str) -> str:
    with pytest.raises(MediaRefused) as refused:
        await fetcher.fetch(url)
    return refused.value.reason


async def test_a_picture_of_an_allowed_host_is_fetched_from_its_checked_address():
    async with picture_server() as server, fetcher_of(server) as (fetcher, internet):
        server.on("/v/t51/photo.jpg?sig=a%3Db&x=1", answer(PICTURE))

        assert await fetcher.fetch(f"http://{CDN}/v/t51/photo.jpg?sig=a%3Db&x=1") == PICTURE

    assert internet.connected_to == [PUBLIC_ADDRESS]
    assert f"Host: {CDN}" in server.requests[0]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://scontent.cdninstagram.com/a.jpg", "scheme_not_allowed"),
        ("file:///etc/passwd", "scheme_not_allowed"),
        ("gopher://scontent.cdninstagram.com/a", "scheme_not_allowed"),
        ("data:image/png;base64,AAAA", "scheme_not_allowed"),
        ("javascript:alert(1)", "scheme_not_allowed"),
        ("//scontent.cdninstagram.com/a.jpg", "scheme_not_allowed"),
        ("", "scheme_not_allowed"),
        ("https://example.com/a.jpg", "host_not_allowed"),
        ("https://evilcdninstagram.com/a.jpg", "host_not_allowed"),
        ("https://cdninstagram.com.evil.example/a.jpg", "host_not_allowed"),
        ("https://localhost/a.jpg", "host_not_allowed"),
        ("https://127.0.0.1/a.jpg", "host_not_allowed"),
        ("https://2130706433/a.jpg", "host_not_allowed"),
        ("https://0x7f.1/a.jpg", "host_not_allowed"),
        ("https://0177.0.0.1/a.jpg", "host_not_allowed"),
        ("https://[::1]/a.jpg", "host_not_allowed"),
        ("https://[::ffff:127.0.0.1]/a.jpg", "host_not_allowed"),
        ("https://[fe80::1%25eth0]/a.jpg", "bad_url"),
        ("https://169.254.169.254/latest/meta-data", "host_not_allowed"),
        ("https://scontent.cdninstagram.com:22/a.jpg", "host_not_allowed"),
        ("https://scontent.cdninstagram.com:0/a.jpg", "bad_url"),
        ("https://scontent.cdninstagram.com:99999/a.jpg", "bad_url"),
        ("https://user:pass@scontent.cdninstagram.com/a.jpg", "bad_url"),
        ("https://scontent.cdninstagram.com@127.0.0.1/a.jpg", "bad_url"),
        ("https://127.0.0.1#@scontent.cdninstagram.com/a.jpg", "host_not_allowed"),
        ("https://127.0.0.1\\@scontent.cdninstagram.com/a.jpg", "bad_url"),
        ("https://127.0.0.1%2f@scontent.cdninstagram.com/a.jpg", "bad_url"),
        ("https://scontent.cdninstagram.com/a.jpg\r\nHost: x", "bad_url"),
        ("https://scontent .cdninstagram.com/a.jpg", "bad_url"),
        ("https://scontent%2ecdninstagram.com/a.jpg", "bad_url"),
        ("https://ѕcontent.cdninstagram.com/a.jpg", "bad_url"),
        ("https:///a.jpg", "bad_url"),
        ("https://[::1/a.jpg", "bad_url"),
        ("https://scontent.cdninstagram.com/" + "a" * 5_000, "bad_url"),
    ],
)
async def test_an_address_that_is_not_allowed_is_refused_without_a_connection(url, reason):
    async with picture_server() as server, fetcher_of(server) as (fetcher, internet):
        assert await refusal_of(fetcher, url) == reason

    assert internet.connected_to == []


@pytest.mark.parametrize("host", ["cdninstagram.com", "SCONTENT.CDNINSTAGRAM.COM", "a.b.cdninstagram.com", f"{CDN}."])
async def test_subdomains_and_other_spellings_of_allowed_hosts_are_allowed(host):
    plain = host.lower().removesuffix(".")
    async with picture_server() as server, fetcher_of(server, {plain: [PUBLIC_ADDRESS]}) as (fetcher, _):
        server.on("/a.jpg", answer(PICTURE))

        assert await fetcher.fetch(f"http://{host}/a.jpg") == PICTURE


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:93.184.216.34",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "::7f00:1",
        "2001:db8::1",
        "not an address",
    ],
)
async def test_a_name_that_leads_to_an_address_that_is_not_public_is_refused(address):
    async with picture_server() as server, fetcher_of(server, {CDN: [address]}) as (fetcher, internet):
        assert await refusal_of(fetcher, f"https://{CDN}/a.jpg") == "private_address"

    assert internet.connected_to == []
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC_ADDRESS, "157.240.0.1", "2a03:2880:f01c::1"])
def test_ordinary_addresses_are_public(address):
    assert is_public(address)


async def test_one_private_address_among_public_ones_is_refused():
    table = {CDN: [PUBLIC_ADDRESS, "10.0.0.1"]}
    async with picture_server() as server, fetcher_of(server, table) as (fetcher, internet):
        assert await refusal_of(fetcher, f"https://{CDN}/a.jpg") == "private_address"

    assert internet.connected_to == []


async def test_the_real_resolver_does_not_lead_home_either():
    async with ImageFetcher(settings(hosts=("localhost",))) as fetcher:
        assert await refusal_of(fetcher, "http://localhost/a.jpg") == "private_address"


async def test_a_name_that_changes_its_address_is_connected_where_it_was_checked():
    table = {CDN: [[PUBLIC_ADDRESS], ["127.0.0.1"]]}  # rebinding: the second look-up would lead home
    async with picture_server() as server, fetcher_of(server, table) as (fetcher, internet):
        server.on("/a.jpg", answer(PICTURE))

        assert await fetcher.fetch(f"http://{CDN}/a.jpg") == PICTURE
        assert internet.connected_to == [PUBLIC_ADDRESS]
        assert await refusal_of(fetcher, f"http://{CDN}/a.jpg") == "private_address"

    assert internet.connected_to == [PUBLIC_ADDRESS]


async def test_the_second_address_is_tried_when_the_first_does_not_answer():
    class HalfDead(InternetStandIn):
        async def connect_tcp(self, host, *rest):
            if host == "93.184.216.1":
                self.connected_to.append(host)
                return await super(InternetStandIn, self).connect_tcp("127.0.0.1", 1, *rest[1:])
            return await super().connect_tcp(host, *rest)

    async with picture_server() as server:
        server.on("/a.jpg", answer(PICTURE))
        internet = HalfDead(server.port)
        resolver = names({CDN: ["93.184.216.1", PUBLIC_ADDRESS]})
        async with ImageFetcher(settings(), resolver=resolver, network=internet) as fetcher:
            assert await fetcher.fetch(f"http://{CDN}/a.jpg") == PICTURE

    assert internet.connected_to == ["93.184.216.1", PUBLIC_ADDRESS]


async def test_redirects_within_the_allowed_hosts_are_followed():
    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a", answer(status="302 Found", headers=["Location: /b"]))
        server.on("/b", answer(status="301 Moved", headers=[f"Location: http://{CDN}/c"]))
        server.on("/c", answer(PICTURE))

        assert await fetcher.fetch(f"http://{CDN}/a") == PICTURE

    assert server.paths() == ["/a", "/b", "/c"]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1/secret", "host_not_allowed"),
        ("http://example.com/a.jpg", "host_not_allowed"),
        ("file:///etc/passwd", "scheme_not_allowed"),
        ("http://inside.cdninstagram.com/a", "private_address"),
        ("//169.254.169.254/latest", "host_not_allowed"),
        ("http://user@scontent.cdninstagram.com/a", "bad_url"),
    ],
)
async def test_a_redirect_is_checked_like_a_first_address(location, reason):
    table = {CDN: [PUBLIC_ADDRESS], "inside.cdninstagram.com": ["10.0.0.5"]}
    async with picture_server() as server, fetcher_of(server, table) as (fetcher, internet):
        server.on("/a", answer(status="302 Found", headers=[f"Location: {location}"]))

        assert await refusal_of(fetcher, f"http://{CDN}/a") == reason

    assert internet.connected_to == [PUBLIC_ADDRESS]
    assert len(server.requests) == 1


async def test_redirects_have_an_end():
    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a", answer(status="302 Found", headers=["Location: /a"]))

        assert await refusal_of(fetcher, f"http://{CDN}/a") == "too_many_redirects"

    assert len(server.requests) == 1 + settings().redirects_max


async def test_a_redirect_to_nowhere_is_refused():
    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a", answer(status="302 Found"))

        assert await refusal_of(fetcher, f"http://{CDN}/a") == "bad_redirect"


@pytest.mark.parametrize(
    ("status", "reason", "is_transient"),
    [
        ("403 Forbidden", "expired", False),
        ("410 Gone", "expired", False),
        ("404 Not Found", "not_found", False),
        ("401 Unauthorized", "http_error", False),
        ("204 No Content", "http_error", False),
        ("429 Too Many Requests", "http_error", True),
        ("503 Service Unavailable", "http_error", True),
    ],
)
async def test_a_failed_answer_says_whether_a_later_try_may_succeed(status, reason, is_transient):
    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a", answer(status=status))

        with pytest.raises(MediaRefused) as refused:
            await fetcher.fetch(f"http://{CDN}/a")

    assert (refused.value.reason, refused.value.transient) == (reason, is_transient)


async def test_a_passing_failure_is_tried_again_and_a_lasting_one_is_not():
    async with picture_server() as server, fetcher_of(server, fetch_attempts_max=3) as (fetcher, _):
        server.on("/shaky", answer(status="503 Unavailable"), answer(status="502 Bad Gateway"), answer(PICTURE))
        server.on("/gone", answer(status="410 Gone"))

        assert await fetcher.fetch(f"http://{CDN}/shaky") == PICTURE
        assert await refusal_of(fetcher, f"http://{CDN}/gone") == "expired"

    assert server.paths() == ["/shaky"] * 3 + ["/gone"]


async def test_tries_have_an_end():
    async with picture_server() as server, fetcher_of(server, fetch_attempts_max=2) as (fetcher, _):
        server.on("/a", answer(status="500 Oops"))

        with pytest.raises(MediaUnreachable):
            await fetcher.fetch(f"http://{CDN}/a")

    assert len(server.requests) == 2


async def test_a_body_that_announces_too_much_is_not_read():
    async def huge(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        await writer.drain()

    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a", huge)

        assert await refusal_of(fetcher, f"http://{CDN}/a") == "too_large"


async def test_a_body_without_length_is_given_up_at_the_limit():
    sent = 0

    async def endless(writer):
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\xff\xd8\xff\xe0")
        for _ in range(10_000):
            writer.write(bytes(65_536))
            await writer.drain()
            sent += 65_536

    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a", endless)

        assert await refusal_of(fetcher, f"http://{CDN}/a") == "too_large"

    assert sent < 50_000_000


async def test_a_compressed_bomb_is_not_unpacked():
    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a", answer(b"\x1f\x8b" + bytes(64), headers=["Content-Encoding: gzip"]))

        assert await refusal_of(fetcher, f"http://{CDN}/a") == "not_an_image"


async def test_a_page_is_recognised_by_its_first_bytes_whatever_it_claims():
    async def page(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 900000\r\n\r\n<html>" + b" " * 64)
        await writer.drain()
        await asyncio.sleep(5)

    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a", page)
        began = asyncio.get_running_loop().time()

        assert await refusal_of(fetcher, f"http://{CDN}/a") == "not_an_image"
        assert asyncio.get_running_loop().time() - began < 1


async def test_an_empty_body_is_no_image():
    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a", answer(b""))

        assert await refusal_of(fetcher, f"http://{CDN}/a") == "not_an_image"


async def test_a_slow_body_ends_at_the_deadline_of_the_whole_download():
    async def drip(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n\xff\xd8\xff\xe0")
        for _ in range(100):  # each byte comes well before a read would time out
            await asyncio.sleep(0.05)
            writer.write(b"x")
            await writer.drain()

    async with picture_server() as server, fetcher_of(server, fetch_timeout_s=0.4) as (fetcher, _):
        server.on("/a", drip)

        assert await refusal_of(fetcher, f"http://{CDN}/a") == "timeout"


async def test_a_connection_that_breaks_off_is_worth_another_try():
    async def cut(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + PICTURE[:100])
        await writer.drain()

    async with picture_server() as server, fetcher_of(server, fetch_attempts_max=2) as (fetcher, _):
        server.on("/a", cut, answer(PICTURE))

        assert await fetcher.fetch(f"http://{CDN}/a") == PICTURE


async def test_an_answer_that_is_no_http_is_unreachable():
    async def noise(writer):
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        await writer.drain()

    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a", noise)

        assert await refusal_of(fetcher, f"http://{CDN}/a") == "unreachable"


async def test_a_name_without_address_may_come_back():
    async with picture_server() as server, fetcher_of(server, {}) as (fetcher, _):
        with pytest.raises(MediaUnreachable) as unreachable:
            await fetcher.fetch(f"https://{CDN}/a.jpg")

    assert unreachable.value.reason == "unresolvable"


async def test_our_own_origin_is_allowed_only_when_it_is_set_and_only_exactly():
    async with picture_server() as server, picture_server() as neighbour:
        url = server.on("/a.jpg", answer(PICTURE))
        aside = server.on("/aside", answer(status="302 Found", headers=[f"Location: {neighbour.origin}/a.jpg"]))
        async with ImageFetcher(settings(allow_origin=server.origin)) as fetcher:
            assert await fetcher.fetch(url) == PICTURE
            assert await refusal_of(fetcher, f"{neighbour.origin}/a.jpg") == "host_not_allowed"
            assert await refusal_of(fetcher, url.replace("http:", "https:")) == "host_not_allowed"
            assert await refusal_of(fetcher, url.replace("127.0.0.1", "localhost")) == "host_not_allowed"
            assert await refusal_of(fetcher, aside) == "host_not_allowed"
        async with ImageFetcher(settings()) as fetcher:
            assert await refusal_of(fetcher, url) == "host_not_allowed"

    assert neighbour.requests == []


async def test_tls_names_the_host_and_checks_its_certificate(tmp_path):
    context, seen = own_tls(tmp_path)
    async with picture_server(context) as server, fetcher_of(server) as (fetcher, internet):
        server.on("/a.jpg", answer(PICTURE))

        assert await refusal_of(fetcher, f"https://{CDN}/a.jpg") == "unreachable"  # nobody vouches for our certificate

    assert internet.connected_to == [PUBLIC_ADDRESS]
    assert seen == [CDN]
    assert server.requests == []


async def test_a_refusal_survives_pickling_and_hides_the_signature():
    async with picture_server() as server, fetcher_of(server) as (fetcher, _):
        server.on("/a?sig=secret", answer(status="410 Gone"))
        with pytest.raises(MediaRefused) as refused:
            await fetcher.fetch(f"http://{CDN}/a?sig=secret")

    copy = pickle.loads(pickle.dumps(refused.value))
    assert (copy.reason, copy.transient, copy.status) == ("expired", False, 502)
    assert "secret" not in str(copy)


def own_tls(folder) -> tuple[ssl.SSLContext, list[str]]:
    """A server's TLS context with a certificate of our own for the CDN's name, and the names that clients asked for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CDN)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(CDN)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    seen: list[str] = []
    context.sni_callback = lambda _socket, host, _context: seen.append(host)
    return context, seen
