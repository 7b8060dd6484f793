"""The language in which a person is asked: English, or one for which there is a catalogue.

The English text is itself the key of its translation, as in gettext, but without its files: a catalogue is one module with one table, and
nothing of it is imported for English. Placeholders are those of ``str.format``. What is filled in is shown as it is in every language: an
address, a name, a number. Numbers have the same point in every language and never a comma for it. The commas that English puts between
thousands are left out elsewhere: whoever reads them for the point would take 80,000 for eighty.

What extensions, the audit chain, policies and the person's own program get to read is English whatever is chosen here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Language = Literal["en", "de"]

ENGLISH: Final[Language] = "en"
VARIABLE: Final = "STRONGROOM_LANGUAGE"
"""By which the host tells the program that asks the person; one that comes from elsewhere is overwritten."""
_LOCALES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
_MOST_REMEMBERED: Final = 256

_chosen: dict[Literal["language"], Language] = {"language": ENGLISH}
_catalogue: dict[str, str] = {}
_letters: dict[str, str] = {}
_filled: dict[str, tuple[str, Mapping[str, object]]] = {}
"""English sentences as they were last filled in, with their templates and values."""


def say(template: str, /, **values: object) -> str:
    """``template`` in the language in use, filled in. Of the values none is translated, but for what ``sentence`` made."""
    told = {name: words(value) if isinstance(value, str) and value in _filled else value for name, value in values.items()}
    text = _catalogue.get(template, template)
    return text.format(**told) if told else text


def words(text: str) -> str:
    """A whole text, or what ``sentence`` made, in the language in use; one that is not in the catalogue as it is."""
    found = _filled.get(text)
    return _catalogue.get(text, text) if found is None else say(found[0], **found[1])


def sentence(template: str, /, **values: object) -> str:
    """``template`` filled in, in English, whatever the language: for what is compared or written down, and shown to a person as well.
    ``words`` puts the newest of them into the language in use, as long as nothing is joined to them."""
    text = template.format(**values) if values else template
    _filled.pop(text, None)
    _filled[text] = (template, values)
    if len(_filled) > _MOST_REMEMBERED:
        del _filled[next(iter(_filled))]
    return text


def joined(texts: Sequence[str], between: str = "{first} and {second}") -> str:
    """One or more texts, as ``sentence`` makes them, with that between."""
    told = texts[0]
    for text in texts[1:]:
        told = sentence(between, first=told, second=text)
    return told


def whole(number: int) -> str:
    """A whole number, in English with a comma between thousands."""
    return f"{number:,}" if in_use() == ENGLISH else str(number)


def letter(name: str, english: str) -> str:
    """The letter that, with Alt, does what ``name`` says."""
    return _letters.get(name, english)


def in_use() -> Language:
    """The language that was chosen."""
    return _chosen["language"]


def use(language: str) -> None:
    """Choose the language of this process, before anything is said in it; one that is not known is English."""
    _catalogue.clear()
    _letters.clear()
    _chosen["language"] = ENGLISH
    if language == "de":
        from native_host.language.german import LETTERS, SENTENCES

        _chosen["language"] = "de"
        _catalogue.update(SENTENCES)
        _letters.update(LETTERS)


def language_of(environ: Mapping[str, str], wished: Language | None = None) -> Language:
    """The language to use: the one that the person's settings name, else that of the environment (POSIX: XBD section 8.2), else English."""
    if wished is not None:
        return wished
    locale = next((environ[name] for name in _LOCALES if environ.get(name)), "")
    return "de" if locale == "de" or locale.startswith(("de_", "de.", "de@", "de-")) else ENGLISH
