"""The finished dataset of the tests of exports, and exports of it."""

from tests.jobs.superres.dataset.export.conftest import dataset as _dataset
from tests.jobs.superres.dataset.export.conftest import export as _export
from tests.jobs.superres.dataset.export.conftest import films as _films

films, dataset, export = _films, _dataset, _export
