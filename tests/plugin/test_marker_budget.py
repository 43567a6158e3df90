"""The marker ``ibkr_budget``: a test that used more of the gateway than it may, fails."""

from __future__ import annotations

TEST = """
    import socket

    import pytest

    def ask_for_the_time(ibkr, times):
        with socket.create_connection((ibkr.host, ibkr.port)) as client:
            def send(text):
                payload = text.replace(";", "\\0").encode()
                client.sendall(len(payload).to_bytes(4, "big") + payload)

            client.sendall(b"API\\0")
            send("v178..178")
            client.recv(4096)
            send(f"71;2;{ibkr.client_id};;")
            for _ in range(times):
                send("49;1;")
            ibkr.journal.wait_for(
                lambda _entry: len(ibkr.journal.requests("reqCurrentTime")) == times
            )
"""


def test_a_test_over_its_budget_ends_with_an_error_that_says_by_how_much(run) -> None:
    result = run(
        TEST
        + """
    @pytest.mark.ibkr_budget(requests=3)
    def test_within(ibkr):
        ask_for_the_time(ibkr, 2)

    @pytest.mark.ibkr_budget(requests=3, lines=0)
    def test_over(ibkr):
        ask_for_the_time(ibkr, 4)

    @pytest.mark.ibkr_budget(requests=3)
    def test_that_failed_anyway(ibkr):
        ask_for_the_time(ibkr, 4)
        assert False
    """
    )

    result.assert_outcomes(passed=2, errors=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*OverBudget: the test used more of the gateway than its budget: 5 messages of clients,*"]
    )


def test_a_budget_without_a_gateway_or_without_figures_is_a_collection_error(run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.ibkr_budget(lines=1)
        def test_nothing_to_measure():
            pass

        @pytest.mark.ibkr_budget()
        def test_no_figure(ibkr):
            pass
        """
    )

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*marker ibkr_budget*"])
