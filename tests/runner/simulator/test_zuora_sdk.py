"""The official client, which we did not write, takes the simulator for Zuora."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from hashlib import md5
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from runner.simulator import Options, Serving, SystemClock, serving_in_thread

if TYPE_CHECKING:
    from zuora_sdk.zuora_client import ZuoraClient

# The SDK's own code calls what pydantic has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning")

CLIENT = "c" * 36
CSV = b"ID,Rule\na1,R1\nBAD2,R2\n"


@pytest.fixture(scope="module")
def sdk() -> ModuleType:
    """The official client. Its import builds two thousand models unless made to wait until each is used."""
    import pydantic

    lazily = pydantic.ConfigDict(defer_build=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(pydantic.BaseModel.model_config, "defer_build", True)
        patch.setattr(pydantic, "validate_call", partial(pydantic.validate_call, config=lazily))
        import zuora_sdk.zuora_client

    return zuora_sdk


@pytest.fixture
def served() -> Iterator[Serving]:
    """A simulator whose jobs are quick, and whose codes the SDK's models can read: strings."""
    with serving_in_thread(Options(job_seconds=0.05, code_style="string")) as serving:
        yield serving


@pytest.fixture
def client(sdk: ModuleType, served: Serving) -> Iterator[ZuoraClient]:
    """The SDK's own client, which has fetched its token."""
    made = sdk.zuora_client.ZuoraClient(CLIENT, "secret", None)
    made.set_base_url(served.url)
    made.refresh_token()
    yield made
    made.api_client.rest_client.pool_manager.clear()


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """A file to upload: the SDK names it in the request only if it reads it itself."""
    path = tmp_path / "part-1.csv"
    path.write_bytes(CSV)
    return path


def eventually(look: Callable[[], Any], status: str) -> Any:
    """What is looked at, once it has that status."""
    for _ in range(400):
        seen = look()
        if getattr(seen.status, "value", seen.status) == status:
            return seen
        time.sleep(0.01)
    raise AssertionError(f"never {status}: {seen}")


def test_token(client: ZuoraClient) -> None:
    """`OAuthApi.create_token` reads the answer, and knows until when it holds."""
    assert client.token["access_token"]
    assert not client.is_token_expired()


def test_wrong_credentials(sdk: ModuleType, served: Serving) -> None:
    """401, as the SDK expects it."""
    served.simulator.change(client_secret="other")
    made = sdk.zuora_client.ZuoraClient(CLIENT, "secret", None)
    made.set_base_url(served.url)
    with pytest.raises(sdk.rest.ApiException) as refused:
        sdk.OAuthApi(made.api_client).create_token(CLIENT, "secret", grant_type="client_credentials")
    assert refused.value.status == 401
    made.api_client.rest_client.pool_manager.clear()


def test_regenerate_booking(sdk: ModuleType, client: ZuoraClient, served: Serving) -> None:
    """The idList is in the SDK's model."""
    request = sdk.RegenerateBookingRequest(type="Subscription", subscription_name="A-S00000001", subscription_version=1)
    answer = client.regenerate_api().p_ost_regenerate_booking_transaction(request, re_migrate=True)
    assert answer.success is True
    assert all(len(id_) == 32 for id_ in answer.id_list)
    (entry,) = served.simulator.effects.entries()
    assert entry.effects[0].ids == answer.id_list
    assert entry.query == {"reMigrate": "true"}


def test_regenerate_billing(sdk: ModuleType, client: ZuoraClient) -> None:
    """A failure is in the SDK's model too: success false, with a reason."""
    regenerate = client.regenerate_api().p_ost_regenerate_billing_transaction
    assert regenerate(sdk.RegenerateBillingRequest(type="Invoice", number="INV1")).success is True
    failure = regenerate(sdk.RegenerateBillingRequest(type="Invoice", id="MISSING-1"))
    assert failure.success is False
    assert failure.reasons[0].code.endswith("40")
    assert failure.process_id
    assert failure.request_id


def test_revenue_events(sdk: ModuleType, client: ZuoraClient) -> None:
    """By subscription, and by daily consumption."""
    regenerate = client.regenerate_api()
    assert regenerate.p_ost_create_rev_rec_events(subscription_number="A-S00000001", mode="Full").success is True
    request = sdk.DailyConsumptionRevRecRequest(original_charge_id="a")
    assert regenerate.p_ost_generate_rev_rec_events_for_daily_consumption(request).success is True


def test_without_a_token(sdk: ModuleType, client: ZuoraClient) -> None:
    """The SDK raises what it raises for 401."""
    client.api_client.default_headers["Authorization"] = "Bearer stolen"
    with pytest.raises(sdk.rest.ApiException) as refused:
        client.regenerate_api().p_ost_regenerate_billing_transaction(
            sdk.RegenerateBillingRequest(type="Invoice", number="INV1")
        )
    assert refused.value.status == 401


def test_backfill(sdk: ModuleType, client: ZuoraClient, part: Path) -> None:
    """Create, list (at the SDK's own path), follow, fetch the result."""
    jobs = sdk.DataBackfillJobApi(client.api_client)
    created = jobs.p_ost_create_data_backfill_job(
        type=sdk.Job(import_type=sdk.JobType.RATEPLANCHARGE),
        file=str(part),
        checksum=md5(CSV).hexdigest(),
    )
    assert created.success is True
    job = eventually(lambda: jobs.g_et_data_backfill_job_by_id(created.job_id).job, "Completed")
    assert (job.import_type, job.uploaded_file_name) == (sdk.JobType.RATEPLANCHARGE, "part-1.csv")
    assert (job.total_count, job.success_count, job.failed_count) == (2, 1, 1)
    assert job.completed_on > job.uploaded_on
    assert [listed.id for listed in jobs.g_et_list_data_backfill_jobs().jobs] == [created.job_id]
    result = sdk.FilesApi(client.api_client).get_files(job.result_file_id)
    with zipfile.ZipFile(io.BytesIO(result)) as archive:
        (name,) = archive.namelist()
        assert archive.read(name).splitlines()[0] == b"ID,Rule,Success,Error Message"


def test_stopping_a_backfill(sdk: ModuleType, client: ZuoraClient, served: Serving, part: Path) -> None:
    """Stopped while it is pending, it is canceled."""
    served.simulator.change(job_seconds=60.0)
    jobs = sdk.DataBackfillJobApi(client.api_client)
    details = sdk.Job(import_type=sdk.JobType.INVOICEDETAIL)
    created = jobs.p_ost_create_data_backfill_job(type=details, file=str(part))
    request = sdk.PUTStopBookingDateBackfillJobByIdRequest(status="Stopping")
    stopped = jobs.p_ut_stop_data_backfill_job_by_id(
        created.job_id, put_stop_booking_date_backfill_job_by_id_request=request
    )
    assert stopped.success is True
    assert jobs.g_et_data_backfill_job_by_id(created.job_id).job.status == "Canceled"


def test_booking_dates(sdk: ModuleType, client: ZuoraClient) -> None:
    """Create, follow, list."""
    jobs = sdk.BookingDateBackfillJobApi(client.api_client)
    created = jobs.p_ost_create_booking_date_backfill_job()
    job = eventually(lambda: jobs.g_et_booking_date_backfill_job_by_id(created.job_id).job, "COMPLETED")
    assert (job.progress, job.error_count, job.batch_sent_count) == ("100.00%", 0, job.batch_finished_count)
    assert [listed.id for listed in jobs.g_et_list_booking_date_backfill_jobs().jobs] == [created.job_id]


def test_journal_runs(sdk: ModuleType, client: ZuoraClient, served: Serving) -> None:
    """Create, retrieve, cancel, delete."""
    served.simulator.change(job_seconds=0.4)
    runs, invoice_item = client.journal_runs_api(), sdk.JournalRunTransactionType.INVOICE_ITEM
    request = sdk.CreateJournalRunRequest(
        accounting_period_name="Nov-2026",
        journal_entry_date=date(2026, 11, 30),
        transaction_types=[sdk.CreateJournalRunRequestTransactionType(type=invoice_item)],
    )
    created = runs.create_journal_run(request, idempotency_key="k")
    assert created.journal_run_number == "JR-00000001"
    run = runs.get_journal_run(created.journal_run_number)
    assert (run.number, run.status) == ("JR-00000001", "Pending")
    assert run.transaction_types[0].type == "Invoice Item"
    assert runs.cancel_journal_run(created.journal_run_number).success is True
    eventually(lambda: runs.get_journal_run(created.journal_run_number), "Cancelled")
    assert runs.delete_journal_run(created.journal_run_number).success is True


class Turned(SystemClock):
    """The machine's time, and as much more as the test says."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@pytest.fixture
def turned(sdk: ModuleType) -> Iterator[tuple[ZuoraClient, Turned]]:
    """The SDK's client of a simulator whose jobs take 400 s, and its clock."""
    clock = Turned()
    with serving_in_thread(Options(job_seconds=400, code_style="string"), clock=clock) as serving:
        client = sdk.zuora_client.ZuoraClient(CLIENT, "secret", None)
        client.set_base_url(serving.url)
        client.refresh_token()
        yield client, clock
        client.api_client.rest_client.pool_manager.clear()


def test_every_status_of_every_job(sdk: ModuleType, turned: tuple[ZuoraClient, Turned], tmp_path: Path) -> None:
    """Pending, under way, completed, failed, stopped before and after it began: all are in the SDK's models."""
    client, clock = turned
    backfills = sdk.DataBackfillJobApi(client.api_client)
    dates, runs = sdk.BookingDateBackfillJobApi(client.api_client), client.journal_runs_api()
    stopping = sdk.PUTStopBookingDateBackfillJobByIdRequest(status="Stopping")
    details = sdk.Job(import_type=sdk.JobType.INVOICEDETAIL)
    types = [sdk.CreateJournalRunRequestTransactionType(type=sdk.JournalRunTransactionType.INVOICE_ITEM)]
    uploaded, dated, numbers = [], [], []
    for name in ("part.csv", "FAIL.csv", "early.csv", "late.csv"):
        (tmp_path / name).write_bytes(CSV)
        created = backfills.p_ost_create_data_backfill_job(type=details, file=str(tmp_path / name))
        uploaded.append(created.job_id)
        dated.append(dates.p_ost_create_booking_date_backfill_job().job_id)
        period = f"{name.partition('.')[0]}-2026"
        request = sdk.CreateJournalRunRequest(
            accounting_period_name=period, journal_entry_date=date(2026, 11, 30), transaction_types=types
        )
        numbers.append(runs.create_journal_run(request).journal_run_number)

    def stop(at: int) -> None:
        request = {"put_stop_booking_date_backfill_job_by_id_request": stopping}
        assert backfills.p_ut_stop_data_backfill_job_by_id(uploaded[at], **request).success is True
        assert dates.p_ut_stop_booking_date_backfill_job_by_id(dated[at], **request).success is True
        assert runs.cancel_journal_run(numbers[at]).success is True

    seen: dict[str, set[str]] = {"backfill": set(), "dates": set(), "run": set()}
    for act in (lambda: stop(2), lambda: None, lambda: stop(3), lambda: None, lambda: None):
        act()
        for job in backfills.g_et_list_data_backfill_jobs().jobs:
            assert backfills.g_et_data_backfill_job_by_id(job.id).job.status == job.status
            seen["backfill"].add(job.status)
        for job in dates.g_et_list_booking_date_backfill_jobs().jobs:
            assert dates.g_et_booking_date_backfill_job_by_id(job.id).job.status == job.status
            seen["dates"].add(job.status)
        seen["run"] |= {runs.get_journal_run(number).status for number in numbers}
        clock.ahead += 110
    assert seen == {
        "backfill": {"Pending", "Processing", "Completed", "Failed", "Stopping", "Stopped", "Canceled"},
        "dates": {"ACCEPTED", "PROCESSING", "COMPLETED", "STOPPED"},
        "run": {"Pending", "Processing", "Completed", "Error", "CancelInprogress", "Cancelled"},
    }


def test_accounting_periods(client: ZuoraClient, served: Serving) -> None:
    """Listed, retrieved, balanced and closed, as the SDK's models have them."""
    periods = client.accounting_periods_api()
    listed = periods.get_all_accounting_periods().accounting_periods
    first = listed[0]
    assert (first.status, str(first.start_date)[-3:]) == ("Open", "-01")
    served.simulator.change(job_seconds=0)
    assert periods.run_trial_balance(first.id).success is True
    period = periods.get_accounting_period(first.id)
    assert (period.name, period.run_trial_balance_status) == (first.name, "Completed")
    assert periods.close_accounting_period(first.id).success is True
    assert periods.get_accounting_period(first.id).status == "Closed"
