"""The broker's log of one validation session, as the section ``logging`` wants it."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.broker import IBKRGateway
from bot.domain.orders import OrderState

NAMES = ("bot", "validation")


@contextmanager
def session_log(section, place: Path, *, archive: bool, worker: str = "") -> Iterator[Path]:
    """Write what the bot logs to ``section.log_file`` below ``place``; yield the file's path."""
    path = below(place, Path(section.log_file))
    path = path.with_stem(path.stem + worker)
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [logging.FileHandler(path, mode="w", encoding="utf-8")]
    if section.console_output:
        handlers.append(logging.StreamHandler(sys.__stderr__))
    stamp = "%(asctime)s " if section.include_timestamps else ""
    loggers = [logging.getLogger(name) for name in NAMES]
    before = [logger.level for logger in loggers]
    for handler in handlers:
        handler.setFormatter(logging.Formatter(f"{stamp}%(levelname)s %(name)s: %(message)s"))
        for logger in loggers:
            logger.addHandler(handler)
    for logger in loggers:
        logger.setLevel(section.level)
    try:
        yield path
    finally:
        for handler in handlers:
            for logger in loggers:
                logger.removeHandler(handler)
        handlers[0].close()
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
        if archive:
            keep(path)


def below(place: Path, file: Path) -> Path:
    """``file`` below ``place``, whose end may be the folder that ``file`` names."""
    folder = file.parent.parts
    if folder and place.parts[-len(folder) :] == folder:
        return place / file.name
    return place / file


def keep(path: Path) -> Path:
    """Copy a log to where the next session does not overwrite it; return the copy's path."""
    folder = path.parent / "archive"
    folder.mkdir(exist_ok=True)
    number = sum(1 for _ in folder.glob(f"{path.stem}_*"))
    return Path(shutil.copy(path, folder / f"{path.stem}_{number + 1:04}{path.suffix}"))


def follow_orders(broker: IBKRGateway) -> None:
    """Log every change of an order with its figures."""
    log = logging.getLogger("validation.orders")

    def changed(state: OrderState) -> None:
        price = None if state.ticket is None else state.ticket.limit_price
        log.info(
            "order %s %s limit %s filled %s of which at %s",
            *(state.order_id, state.status, price, state.filled, state.avg_fill_price),
        )

    broker.on_order(changed)
