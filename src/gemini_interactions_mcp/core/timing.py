"""All delays, periods, deadlines, leases and back-offs of a server, in one object that is handed to what waits."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Durations in seconds; a tuple has one for each repetition, whose number it limits.

    Attributes:
        In `api`:
        connect: Time-out for connecting to the API or to a proxy.
        create: Deadline for a background request to be accepted.
        foreground: Deadline for a foreground request to be answered, on its own connection.
        read: Deadline for a call that is free.
        backoffs: Back-off before each further attempt at a call, where sending it again certainly costs nothing.
        store_lag: Back-off before each retry of a request that continues an interaction which Google does not find yet.
        hang_up: Time-out for closing a stream's response.
        upload: Deadline for sending or fetching a file: 2 GB at 1.2 Mbit/s. `upload_idle` gives up a dead connection
            much sooner.
        upload_idle: Time without activity after which a connection that moves a file counts as broken.
        upload_backoffs: Back-off before each attempt to resume an interrupted upload or download, which is given up
            after that many failures in a row without progress.
        processing: Deadline for Google to process an uploaded file, or to index it.
        first_processing_poll: Initial interval of polling a file that Google processes or indexes; grows to
            `slowest_processing_poll`.
        slowest_processing_poll: Maximum interval of that polling.
        voices: Time for which a list of voices holds.
        voices_retry: Time until voices are listed again that could not be.
        redirect: Time-out of a phase of resolving one redirect link, such as connecting.
        all_redirects: Time-out for all links together; those still unresolved can be resolved by a later call.

        In `files`:
        upload_report: Interval of progress reports of an upload.
        staged: Time for which a filled sandbox waits for the call that uses it; Google keeps one for 7 days.

        store_settling: Time for which a file is not sent again that a file search store may have got: its documents
            are searched for it. Not less than `processing`: a document may be listed once it is indexed. Large files
            get more.

        In `journal`:
        busy: Default time-out of a statement while another program holds the database: two servers on one
            journal are normal.
        held: Time for which the database counts as held by another program; statements without patience left fail at
            once.
        listener_ping: Interval of asking whether the connection that listens for changes still works, and time-out of
            the answer.
        database_close: Time limit for closing the database while statements are at work.

        In `runs`:
        first_poll: Delay before the second read of a run; grows to `slowest_poll`.
        slowest_poll: Maximum delay between two reads.
        tolerance: Age up to which 403 and 404 for a run mean "not yet".
        unlisted: Age up to which the API may not find an existing interaction that a request continues.
        stuck: Age after which a run in progress is reported as stuck; Deep Research ends within 60
            minutes (https://ai.google.dev/gemini-api/docs/deep-research).
        stream_idle: Time without an event after which a stream of a background interaction counts as dead.
        foreground_idle: The same for a stream that carries the only answer.
        freshness: Age of the last sign from Google after which a run is read for a caller who reads or waits.
        glance: Time limit for such a read; after that, the next read may be answered sooner.
        find: Default time limit for reading an interaction that a caller asks for.
        refresh: Time limit for the reads at Google before a list: openai-agents and google-adk give a call 5 s.
        grace: Time for which the server that follows a run may save its result before another does.
        enrichment: Time limit for the reads that complete a streamed answer.
        answer_lag: Time limit for rereading a completed interaction that shows no answer.
        usage_lag: Delay before each read of the token counts that an answer came without.
        lease: Lease duration; renewed three times per period.
        patience: Time limit for a journal that another program holds, for what can be written later: an answer waits
            with it.
        write_retry: Period of the attempts to write changes that the journal could not take.
        pruning: Period of pruning the journal.
        notification: Time limit for notifying subscribers.
        list_notification: Minimum interval between two notifications of changed resource lists.
        list_poll: Period of the checks for resources that other servers have added.
        refusal: Time for which a model's refusals of background are remembered.
        foreign_naming: Time limit for the id of a request that another process sends.
        shutdown_naming: Time limit for the ids of requests in flight at shutdown: hosts kill after 2 s (mcp 2.3,
            client/stdio.py).
        least_report: Minimum interval between two progress reports.
        most_report: Maximum interval between two progress reports.

        In `server`:
        naming: Minimum time that a call waits for an id; openai-agents and google-adk time out after 5 s.
        lookup: Minimum time that a call waits for Google to return an interaction, for the same reason.
        planning: Minimum time that a call waits until its files are compared with what a store has.
        planned: Time for which that comparison holds for an identical call.
        agreement: Time that an agreement lasts while files are uploaded; each call that uses it renews it.
        layout: Deadline for laying out a document, which hosts wait 45 to 60 seconds for; the longest one takes 15.
        attaching: Time for which a result waits for its view, which can read the rest itself.
        tenant_idle: Time without a request after which what the requests of a remote principal use is closed.
        disconnect: Time limit for closing the connections to Google at shutdown.

        In `transports`:
        access_recheck: Time after which the rows of a token and its principal are read again, also while a stream is
            open.
        issuer_fetch: Deadline for fetching the keys of an authorization server.
        issuer_keys: Time for which these keys hold.
        issuer_unknown_key: Minimum interval between fetches because of a key that is not known: anybody can name one.
        issuer_retry: Time after a failed fetch until the next.
        readiness: Time for which a check of readiness holds.
        readiness_output: The same of the check that writes into the output folder or the store.
        readiness_answer: Deadline for each such check.

        In `doctor`:
        host_start: Deadline for a server to be started as a host starts it, and to list its tools; uvx may have to
            fetch it first.

        In `doctor --live`:
        probe: Deadline for a probe.
        agent_probe: Deadline for a probe with an agent.
        probe_reads: Delay before each read of something that may take time to appear.
        probe_exchange: Deadline for one exchange, including its stream.
        probe_quota: Maximum delay of a 429 that is waited for.
        probe_cleanup: Deadline for deleting everything that was made.
    """

    # api
    connect: float = 15.0
    create: float = 120.0
    foreground: float = 900.0
    read: float = 60.0
    backoffs: tuple[float, ...] = (0.5, 1.0)
    store_lag: tuple[float, ...] = (2.0, 4.0, 8.0, 16.0, 30.0)
    hang_up: float = 1.0
    upload: float = 4 * 3600.0
    upload_idle: float = 60.0
    upload_backoffs: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
    processing: float = 1800.0
    first_processing_poll: float = 0.2
    slowest_processing_poll: float = 5.0
    voices: float = 3600.0
    voices_retry: float = 60.0
    redirect: float = 10.0
    all_redirects: float = 30.0

    # files
    upload_report: float = 0.5
    staged: float = 6 * 3600.0
    store_settling: float = 2400.0

    # journal
    busy: float = 5.0
    held: float = 1.0
    listener_ping: float = 10.0
    database_close: float = 1.0

    # runs
    first_poll: float = 2.0
    slowest_poll: float = 30.0
    tolerance: float = 300.0
    unlisted: float = 600.0
    stuck: float = 65 * 60.0
    stream_idle: float = 90.0
    foreground_idle: float = 900.0
    freshness: float = 2.0
    glance: float = 4.0
    find: float = 30.0
    refresh: float = 3.0
    grace: float = 0.7
    enrichment: float = 3.0
    answer_lag: float = 8.0
    usage_lag: tuple[float, ...] = (5.0, 10.0, 15.0)
    lease: float = 30.0
    patience: float = 2.0
    write_retry: float = 1.0
    pruning: float = 86_400.0
    notification: float = 5.0
    list_notification: float = 1.0
    list_poll: float = 10.0
    refusal: float = 300.0
    foreign_naming: float = 4.0
    shutdown_naming: float = 1.6
    least_report: float = 1.0
    most_report: float = 5.0

    # server
    naming: float = 4.0
    lookup: float = 4.0
    planning: float = 2.0
    planned: float = 60.0
    agreement: float = 600.0
    attaching: float = 2.0
    layout: float = 40.0
    tenant_idle: float = 600.0
    disconnect: float = 0.5

    # transports
    access_recheck: float = 3.0
    issuer_fetch: float = 10.0
    issuer_keys: float = 3600.0
    issuer_unknown_key: float = 30.0
    issuer_retry: float = 5.0
    readiness: float = 1.0
    readiness_output: float = 30.0
    readiness_answer: float = 6.0

    # doctor
    host_start: float = 60.0

    # doctor --live
    probe: float = 180.0
    agent_probe: float = 900.0
    probe_reads: tuple[float, ...] = (0.0, 2.0, 5.0, 10.0)
    probe_exchange: float = 120.0
    probe_quota: float = 60.0
    probe_cleanup: float = 20.0


DEFAULT_TIMING: Final = Timing()
"""The timing of a real server."""
