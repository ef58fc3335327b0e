"""What `following up` does, step by step; each step finds what runs already and starts only what does not."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from api.commands.overview import api_health, urls
from api.commands.steps import Steps
from cluster.embedded import processes
from cluster.embedded.doctor import examine
from cluster.errors import FollowingError, SetupError
from cluster.serve_config import local_config, validate

if TYPE_CHECKING:
    from rich.console import Console

    from cluster.embedded.installation import Installation
    from cluster.embedded.serve_control import ApplicationState

API_HEALTHY_S_MAX = 60.0
LOOKUP_S_MAX = 120.0
DEMO_USER = "demo"
DEPLOYED_FILE = "deployed.json"


def start(console: Console, installation: Installation, username: str | None) -> None:
    """Start what is not running, wait until healthy, and look a creator up; raises FollowingError saying what is wrong."""
    with installation.locked():
        steps = Steps(console)
        ran_before = _is_running(installation)
        if not ran_before:
            _prepare(steps, installation)
        _start_services(steps, installation)
        _start_serve(steps, installation)
        _wait_for_api(steps, installation)
    state = "was running already" if ran_before else "is up"
    console.print(f"\n[bold green]The cluster {state}[/] after {steps.elapsed_s:.1f} s.\n", highlight=False)
    if username is not None:
        _look_up(console, steps, installation, username, show=not ran_before)
    _print_ways_in(console, installation, username)


def migrate_database(installation: Installation) -> tuple[str, ...]:
    """Bring the schema up to date and write the runtime settings; returns the names of what was applied."""
    import asyncio

    from cluster.migrations import migrate

    database = installation.configured.database
    url = database.url.get_secret_value() if database.url is not None else None
    if installation.postgres is not None:
        url = installation.postgres.owner_url
    assert url is not None
    migrated = asyncio.run(
        migrate(
            url,
            installation.home,
            api_url=database.api_url.get_secret_value() if database.api_url is not None else None,
            worker_url=database.worker_url.get_secret_value() if database.worker_url is not None else None,
        )
    )
    installation.write_runtime(owner_url=url, api_url=migrated.api_url, worker_url=migrated.worker_url)
    return migrated.applied


def _is_running(installation: Installation) -> bool:
    parts = installation.components()
    return (
        all(part.state in {"running", "external"} for part in parts) and api_health(installation.base_url) == "healthy"
    )


def _prepare(steps: Steps, installation: Installation) -> None:
    """Remove the remains of a half-finished start, and check the machine before anything is started."""
    head = installation.head
    if head.members() and not head.running():
        with steps.step("Repair") as step:
            step.done(f"removed {head.stop()} left-over processes of an earlier start")
    with steps.step("Check the machine") as step:
        checks = examine(installation)
        wrong = [check for check in checks if check.blocking and not check.ok]
        if wrong:
            text = "\n".join(f"{check.name}: {check.detail}. {check.remedy}" for check in wrong)
            raise SetupError(f"This machine cannot run the cluster yet.\n{text}")
        step.done(", ".join(check.detail for check in checks if check.name in {"Python", "Memory"}))


def _start_services(steps: Steps, installation: Installation) -> None:
    head = installation.head
    launched = not head.running()
    if launched:
        head.launch()  # takes seconds, most of them waiting: the other services start meanwhile
    _start_store_and_cache(steps, installation)
    with steps.step("Ray") as step:
        if launched:
            step.say("waiting for the head")
            head.wait_ready()
        step.done(f"{head.dashboard_url} {_how(launched=launched)}")


def _start_store_and_cache(steps: Steps, installation: Installation) -> None:
    with steps.step("Postgres") as step:
        if installation.postgres is None:
            step.done("DATABASE_URL")
        else:
            launched = not installation.postgres.running()
            installation.postgres.start()
            step.done(f"{processes.LOOPBACK}:{installation.postgres.port} {_how(launched=launched)}")
    with steps.step("Valkey") as step:
        if installation.valkey is None:
            step.done("REDIS_URL")
        else:
            launched = not installation.valkey.running()
            installation.valkey.start()
            step.done(f"{processes.LOOPBACK}:{installation.configured.cache.port} {_how(launched=launched)}")
    with steps.step("Upstream") as step:
        if installation.simulator is None:
            step.done("the configured source")
        else:
            launched = not installation.simulator.running()
            step.done(f"simulator at {installation.simulator.start()} {_how(launched=launched)}")
    with steps.step("Schema") as step:
        applied = migrate_database(installation)
        step.done(f"{len(applied)} migrations applied" if applied else "up to date")


def _start_serve(steps: Steps, installation: Installation) -> None:
    server = installation.configured.server
    config = local_config(server.host, server.port)
    fingerprint = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
    deployed = installation.home / "run" / DEPLOYED_FILE
    serve = installation.serve()
    with steps.step("Deploy") as step:
        state = serve.state()
        known = deployed.read_text() if deployed.exists() else ""
        if state.status == "NOT_STARTED" or state.failed or known != fingerprint:
            step.say("checking serve_config.yaml")
            validate(config)
            step.say("starting Serve and HAProxy")
            serve.deploy(config)
            deployed.write_text(fingerprint)
        final = serve.wait_healthy(lambda state: step.say(_progress(state)))
        step.done(f"{len(final.deployments)} deployments healthy")


def _progress(state: ApplicationState) -> str:
    if not state.deployments:
        return "importing the application"
    waiting = [deployment.name.removesuffix("Deployment") for deployment in state.deployments if not deployment.healthy]
    healthy = len(state.deployments) - len(waiting)
    return f"{healthy}/{len(state.deployments)} healthy" + (f", waiting for {', '.join(waiting)}" if waiting else "")


def _wait_for_api(steps: Steps, installation: Installation) -> None:
    with steps.step("API") as step:
        health = ""

        def healthy() -> bool:
            nonlocal health
            health = api_health(installation.base_url)
            step.say(health)
            return health == "healthy"

        if not processes.wait_until(healthy, limit_s=API_HEALTHY_S_MAX, poll_s=0.3):
            raise SetupError(
                f"The API is not healthy after {API_HEALTHY_S_MAX:.0f} s.",
                url=f"{installation.base_url}/api/health",
                it_says=health,
                log=str(installation.head.session_logs / "serve"),
            )
        step.done(installation.base_url)


def _look_up(console: Console, steps: Steps, installation: Installation, username: str, *, show: bool) -> None:
    """One lookup, so that the first thing a newcomer sees is an answer."""
    settings = installation.settings()
    if settings.auth.url:
        console.print("No lookup: SUPABASE_URL is set, so that tokens come from there.", style="dim")
        return
    if not show:
        return
    import asyncio

    from api.local_issuer import issue_token
    from api.lookup_client import look_up
    from api.report import render
    from api.sections import CreatorAnswer

    with steps.step(f"Look up {username}") as step:
        asking = look_up(
            installation.base_url,
            issue_token(settings, DEMO_USER),
            username,
            wait_s=LOOKUP_S_MAX,
            on_step=lambda now: step.say(f"{now.step} {now.done}/{now.total}"),
        )
        answer = CreatorAnswer.model_validate_json(asyncio.run(asking))
        step.done("complete" if answer.meta.completeness.complete else "incomplete: the report says what is missing")
    console.print()
    render(answer)


def _print_ways_in(console: Console, installation: Installation, username: str | None) -> None:
    settings = installation.settings()
    places = urls(installation)
    name = username or "natgeo"
    rows = {
        "API docs": places["docs"],
        "Ray dashboard": f"{places['dashboard']}  (token: {settings.home / 'ray.token'})",
        "Pictures": f"{places['media']}  (files: {settings.home / 'media'})" if settings.r2.bucket is None else "R2",
        "Metrics": places["metrics"],
    }
    console.print()
    for title, place in rows.items():
        console.print(f"[bold]{title:<14}[/] {place}", highlight=False)
    if not settings.auth.url:
        from api.local_issuer import issue_token

        try:
            token = issue_token(settings, DEMO_USER)
        except FollowingError as error:
            console.print(f"No demo token: {error}", style="yellow")
        else:
            command = f'curl -H "Authorization: Bearer {token}" "{places["api"]}/api/v1/search/creator/{name}?wait=30"'
            console.print("\n[bold]Try it[/]")
            console.print(command, markup=False, highlight=False, soft_wrap=True)
    console.print("\nStop it with [bold]make down[/] (`following down`); the data stays.", highlight=False)


def _how(*, launched: bool) -> str:
    return "" if launched else "(was running)"
