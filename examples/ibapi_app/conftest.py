"""The official client, connected."""

import pytest
from app import App


@pytest.fixture
def app(ibkr):
    app = App()
    app.start(ibkr.host, ibkr.port, ibkr.client_id)
    yield app
    app.stop()
