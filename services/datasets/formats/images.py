"""Images and nothing else: flat, or in folders that are no classes; those of subsets are told from others."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Files
from services.datasets.formats.folder_writing import FolderExport, Meaning, without_labels
from services.datasets.formats.format import Content, Sink
from services.datasets.formats.layout import common_folder, may_be_image, not_an_image, placed, set_apart
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.losses import fields_lost, types_lost
from services.datasets.formats.names import check_name, is_of_system
from services.datasets.formats.plan import FileContent, Found, Plan


class Images:
    title = "Images without annotations"
    modalities: frozenset[Modality] = frozenset({"image", "image_text"})
    carries: frozenset[str] = frozenset()

    def fits(self, files: Files) -> bool:
        """For what no other format knows: one image is enough."""
        return any(is_image_path(entry.path) and not is_of_system(entry.path) for entry in files.entries())

    def read(self, files: Files, options: FormatOptions) -> Plan:
        data, problems = set_apart(files)
        images = [entry for entry in data if may_be_image(entry.path)]
        problems += [not_an_image(entry) for entry in data if not may_be_image(entry.path)]
        meaning = _read([entry.path for entry in images])
        samples: dict[str, Found] = {}
        for entry in images:
            place = meaning(entry.path)
            if problem := check_name(place.name, entry.path, samples):
                problems.append(problem)
            else:
                samples[place.name] = Found(FileContent(entry), place.name, subset=place.subset)
        return Plan("image", list(samples.values()), problems)

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        export = FolderExport(partial(without_labels, content), _read)
        for sample, path, meaning in export:
            sink.add(path, sample.read())
            yield from types_lost(sample, self.carries)
            yield from fields_lost(sample)
            yield from export.losses(sample, meaning)


def _read(paths: Sequence[str]) -> Callable[[str], Meaning]:
    root = common_folder(paths)
    places = placed(path.removeprefix(root) for path in paths)

    def meaning(path: str) -> Meaning:
        place = places[path.removeprefix(root)]
        return Meaning(place.subset, None, place.name)

    return meaning
