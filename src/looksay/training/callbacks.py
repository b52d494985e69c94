"""What happens after each epoch: the dev score, the state on disk, peeks, curves, progress."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from tqdm import tqdm

from looksay.errors import TrainingError, UsageError
from looksay.files import replacing
from looksay.models.weights import save_weights
from looksay.pictures import training_curves
from looksay.training.checkpoints import save_checkpoint
from looksay.training.optimizers import averaged_weights
from looksay.training.state import CHECKPOINT

logger = logging.getLogger(__name__)

BEST = "best.weights.h5"


class EpochEnd(keras.callbacks.Callback):
    """Scores the averaged weights on dev, keeps the best, peeks, and saves the whole state last.

    score: gives the dev scores (fractions by metric) of the model as it is. peek: writes what the
    model says of some pictures into a folder. history: one dictionary an epoch, so far.
    """

    def __init__(
        self,
        folder: Path,
        history: list[dict[str, float]],
        score: Callable[[], dict[str, float]],
        peek: Callable[[Path], str],
        *,
        patience: int,
        keep_epochs: int,
    ) -> None:
        super().__init__()
        self.folder, self.history = folder, history
        self._score, self._peek = score, peek
        self._patience, self._keep_epochs = patience, keep_epochs

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        try:
            self._save_epoch(epoch, logs or {})
        except (OSError, UsageError) as error:  # the latter from the curves
            raise TrainingError(
                f"{self.folder}: epoch {epoch + 1} cannot be saved "
                f"({getattr(error, 'strerror', None) or error}); the epochs before are kept, and "
                "--resume goes on from them"
            ) from error

    def _save_epoch(self, epoch: int, logs: dict[str, Any]) -> None:
        with averaged_weights(self.model):
            scores = self._score()
            learnt = {n: float(v) for n, v in logs.items() if n in ("loss", "reward")}
            entry = {"epoch": epoch + 1, **learnt, **scores}
            self.history.append(entry)
            best = best_epoch(self.history)
            path = epoch_weights(self.folder, epoch + 1)
            save_weights(self.model, path)
            if best == entry["epoch"]:
                save_weights(self.model, self.folder / BEST)
            text = self._peek(self.folder / "peeks" / path.name.split(".")[0])
        training_curves(self.history, self.folder / "curves.png")
        # a run killed before this line repeats the epoch, one killed after it does not
        save_checkpoint(self.folder / CHECKPOINT, self.model, {"history": self.history})
        self._forget(epoch + 1)
        mark = " (best)" if best == entry["epoch"] else ""
        logger.info(
            "epoch %d: %s, dev CIDEr-D %.1f%s\n%s",
            epoch + 1,
            ", ".join(f"{name} {value:.3f}" for name, value in learnt.items()),
            100 * scores["CIDEr-D"],
            mark,
            text,
        )
        if self._patience and epoch + 1 - best >= self._patience:
            logger.info("no better dev CIDEr-D for %d epochs: stopped", self._patience)
            self.model.stop_training = True

    def _forget(self, epoch: int) -> None:
        """Delete weights of epochs that are neither among the last nor the best, nor the start."""
        for number, path in kept_epochs(self.folder).items():
            if 0 < number <= epoch - self._keep_epochs and number != best_epoch(self.history):
                path.unlink()


def best_epoch(history: list[dict[str, float]]) -> int:
    """The epoch, from 1, with the best dev CIDEr-D; the earliest of equals."""
    return int(max(history, key=lambda entry: (entry["CIDEr-D"], -entry["epoch"]))["epoch"])


def epoch_weights(folder: Path, epoch: int) -> Path:
    """Where a run keeps the weights of an epoch, counted from 1; 0 is what it started from."""
    return folder / "epochs" / f"epoch-{epoch:03d}.weights.h5"


def kept_epochs(folder: Path) -> dict[int, Path]:
    """The weights that a run has kept, by epoch, in order."""
    found = (folder / "epochs").glob("epoch-*.weights.h5")
    return dict(sorted((int(path.name[6:].partition(".")[0]), path) for path in found))


def restore_best(folder: Path, history: list[dict[str, float]]) -> None:
    """Puts the best epoch's weights back: a run stopped just before it wrote down a better epoch
    has left that one's, and where nothing says that runs repeat exactly, it may not come again."""
    if not history:
        return
    kept = epoch_weights(folder, best_epoch(history))
    if kept.exists():  # runs of earlier versions may have let it go
        with replacing(folder / BEST) as temporary:
            shutil.copyfile(kept, temporary)


class TensorBoardScalars(keras.callbacks.Callback):
    """Loss and dev scores for TensorBoard, on any backend (Keras's own callback needs TensorFlow).

    Without the tensorboard package nothing is written.
    """

    def __init__(self, folder: Path, history: list[dict[str, float]]) -> None:
        super().__init__()
        self._history = history
        try:
            from tensorboard.summary import Writer
        except ImportError:
            logger.info("tensorboard is not installed; the curves are in curves.png alone")
            self._writer = None
        else:
            self._writer = Writer(str(folder))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._writer is None:
            return
        for name, value in self._history[-1].items():
            if name != "epoch":
                self._writer.add_scalar(name, value, epoch + 1)
        self._writer.flush()


class Progress(keras.callbacks.Callback):
    """A bar an epoch, on standard error."""

    def __init__(self, num_batches: int, *, disable: bool) -> None:
        super().__init__()
        self._num_batches, self._disable = num_batches, disable

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._bar = tqdm(
            total=self._num_batches,
            desc=f"epoch {epoch + 1}",
            unit="batch",
            disable=self._disable,
            leave=False,
        )

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._bar.update()
        # the bar is redrawn seldom, and reading the loss waits for the device
        if batch % max(1, self._num_batches // 40) == 0 and not self._disable:
            self._bar.set_postfix(loss=f"{float((logs or {}).get('loss', 0.0)):.3f}")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._bar.close()
