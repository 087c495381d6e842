"""In which encoding a text is.

UTF-8, and whatever begins with a byte order mark, is certain. Other encodings are guessed: charset-normalizer finds
those in which the text makes sense, and the letters that people write with decide among them. A guess that is not clear
is none. Everything here blocks.
"""

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from typing import BinaryIO, Final

CHUNK: Final = 2**20

MARKS: Final = (
    # In this order: UTF-32's begins like UTF-16's.
    ("utf-32", (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
    ("utf-16", (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)),
)

UNMARKED: Final = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
LEAST_BYTES: Final = 4
LEAST_UNMARKED: Final = 8
"""Of a text in an older encoding, and of one in UTF-16 without a mark: fewer bytes show too little."""

SEPARATORS: Final = (b"\n", b" ", b",", b".", b";", b"<", b">")

LEAST_PLAIN: Final = 0.3
"""How much of it is ASCII, of 1: spaces, digits and the letters of most languages."""

SAMPLE_BYTES: Final = 16 * 2**10
"""How much of a text is looked at to guess its encoding: of its lines that are not ASCII, the first."""

CLEAR: Final = 0.05
"""By how much the best guess is better than any other that reads otherwise.

This and the next two are tuned on the corpus of tests/data and the texts of tests/test_charsets.py.
"""
LEAST: Final = 0.6
"""How much of a text a guess must explain, of 1."""
LEAST_LETTERS: Final = 3
"""How many different letters outside ASCII show an encoding that is less usual: one or two are in most."""
LEAST_OF_ALPHABET: Final = 6
"""The same of an alphabet, in which each byte is a letter."""
NEARLY_ASCII: Final = 0.6
"""How much of a text is ASCII, of 1, where a sign here and there is all that is not."""
MESS: Final = 0.4
"""How unlikely a text may be by charset-normalizer, of 1."""

ASCII: Final = re.compile(r"[\t-\x7e]")
UNWRITTEN: Final = re.compile(r"[\0-\x06\x0e-\x19\x1c-\x1f\x7f-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff]")
"""What no text has that people wrote: control characters, private ones, and what is no character."""

UTF_8_WORD: Final = re.compile(
    rb"(?<![\x80-\xff])(?:\A[\x80-\xbf]{1,2})?"
    rb"(?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+"
    rb"(?:[\xc2-\xf4][\x80-\xbf]{0,2}\Z)?(?![\x80-\xff])"
)
"""Characters of UTF-8 that are not ASCII, side by side; at the ends of a text, one may be cut: RFC 3629, section 4."""

CONTROLS: Final = re.compile(rb"[\0-\x06\x0e-\x19\x1c-\x1f\x7f]")

DECLARED: Final = re.compile(rb"(?:charset|coding)\s*[=:]\s*[\"']?([\w.-]{2,40})")
"""How HTML, XML, CSS and Python say their encoding, in their first lines."""


@dataclass(frozen=True, slots=True)
class Text:
    """How a file reads as text.

    Attributes:
        encoding: Python's name of its encoding.
        size: In bytes, as UTF-8.
    """

    encoding: str
    size: int


SIGNS: Final = "“”„‘’‚–—…•«»°§©®€£¡¿·×½¼¾²³№\xa0\xad"
"""What texts of every script have: it tells no encoding."""
USUAL_SIGNS: Final = "".join(
    each for each in bytes(range(0x80, 0x100)).decode("cp1252", errors="ignore") if not each.isalpha() or each in "ƒªºµ"
)
"""All of Windows-1252, with the letters that stand alone."""

INNER: Final = (
    r"[^\W\d_][“”„‚…•«»°§©®€£¥¢¡¿×÷¬±¦¨¯¸¶†‡‰™½¼¾²³№][^\W\d_]"
    r"|\d(?=[^\W\d_A-Za-zªºµ¹²³¼½¾])|[^\W\d_A-Za-zªºµ¹²³¼½¾](?=\d)"
)
LATIN: Final = re.compile(INNER + r"|ƒ(?=[^\W\d_])")
"""What words in Latin letters seldom have: signs between their letters, and digits beside foreign ones."""
ALPHABET: Final = re.compile(rf"{INNER}|[A-Za-z](?=[^\0-\x7f{SIGNS}])|[^\0-\x7f{SIGNS}](?=[A-Za-z])")
"""What words in other alphabets seldom have: Latin letters, too."""
IDEOGRAPHS: Final = re.compile(r"(?!)")
"""Nothing: Chinese, Japanese and Korean have no such rule."""

FOREIGN_WORD: Final = re.compile(r"(?<![A-Za-z\x80-\U0010ffff])[\x80-\U0010ffff]{2,}(?![A-Za-z\x80-\U0010ffff])")
"""Characters side by side without a Latin letter: words of any script but Latin."""
ALONE: Final = re.compile(rf"(?<![\x80-\U0010ffff])[^\0-\x7f{SIGNS}](?![\x80-\U0010ffff])")
"""A character that is not Latin, and has no other beside it."""
REPEATED: Final = re.compile(r"([^\W\d_A-Za-z])\1{2,}")
"""What no word has: the lines of boxes, in another encoding."""


@dataclass(frozen=True, slots=True)
class Charset:
    """An encoding of one script.

    Attributes:
        title: What people call it.
        script: What does not fit into it.
        common: Its letters outside ASCII: of Latin ones, those of each language; of ideographs, the most frequent.
        others: Other letters; of ideographs, the first bytes of the characters in use.
    """

    title: str
    script: re.Pattern[str]
    common: Sequence[str]
    others: str | Sequence[int] = ""

    @property
    def latin(self) -> bool:
        """Whether it is one of the Latin script."""
        return self.script is LATIN


WESTERN: Final = (
    ("äöüß", "éèàçêâîôûùœëïæ’", "áíóéñúü", "ãõçáéíóúâêôàü", "åäöøæé", "þðáéíóúýöæ", "àèéìòùî", "àéèíóúïüç", "õäöü"),
    "éèàçäöüßáíóñãêâôîûåøæúõëïœìòùýÿšž",
)
"""German; French; Spanish; Portuguese; Swedish, Danish and Norwegian; Icelandic; Italian; Catalan; Estonian."""
CENTRAL: Final = (
    ("áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "ąćęłńóśźż", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "áíéěščřžýůúąęłśżźćńóőűöüäăâîşţđßôľďťňĺŕ",
)
"""Czech, Slovak, Polish, Hungarian, Romanian, Croatian."""
TURKISH: Final = (("çğıöşüİâî",), "û")
CYRILLIC: Final = ("оеаинтсрвлкмдпіуяыьгзбчйхжшюцщэєфъёїґў",)
GREEK: Final = ("αοιετσνηυρπκμλςόάίγέδήωχθώφβύξζψϊϋΐΰ",)
HEBREW: Final = ("יוהלארתבשמנםכדחעקפטצגןזסךץף",)
ARABIC: Final = ("اليمونرتبعدهسفكقحجأةشخصطىذثضزغئءظإآؤپچژگک،؛؟ـًٌٍَُِّْ",)
THAI: Final = ("านรอกเงมยลว่ดทสต้ะปบัคหิีแจพขใไชุูืโ็ถผำ์ธณซศภษฟญฝฉฐฎฏฆฌฑฒฤๆฮฬ๊๋",)
"""Letters of the alphabets, the more frequent first."""
CHINESE: Final = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
TAIWANESE: Final = "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過"
KANA: Final = "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30FB)))) + "ー。、"
KOREAN: Final = "이다는에의가을를고하지은기도로한사리어인시나자대서정아수해일부보있니요것안스라과들그"
CHARSETS: Final = {
    "cp1252": Charset("Windows-1252", LATIN, *WESTERN),
    "gb18030": Charset("GBK", IDEOGRAPHS, (CHINESE,), (*range(0xA1, 0xA4), *range(0xB0, 0xD8))),
    "cp932": Charset("Shift-JIS", IDEOGRAPHS, (KANA,), (0x81, 0x82, *range(0x88, 0x98))),
    "cp949": Charset("EUC-KR", IDEOGRAPHS, (KOREAN,), (*range(0xA1, 0xA4), *range(0xB0, 0xC9))),
    "big5": Charset("Big5", IDEOGRAPHS, (TAIWANESE,), range(0xA1, 0xC7)),
    "euc_jp": Charset("EUC-JP", IDEOGRAPHS, (KANA,), (*range(0xA1, 0xA4), *range(0xB0, 0xD0))),
    "cp1251": Charset("Windows-1251", ALPHABET, CYRILLIC),
    "koi8_r": Charset("KOI8-R", ALPHABET, CYRILLIC),
    "cp866": Charset("DOS code page 866", ALPHABET, CYRILLIC),
    "cp1250": Charset("Windows-1250", LATIN, *CENTRAL),
    "iso8859_2": Charset("ISO 8859-2", LATIN, *CENTRAL),
    "cp1254": Charset("Windows-1254", LATIN, *TURKISH),
    "cp1253": Charset("Windows-1253", ALPHABET, GREEK),
    "cp1255": Charset("Windows-1255", ALPHABET, HEBREW),
    "cp1256": Charset("Windows-1256", ALPHABET, ARABIC),
    "cp874": Charset("Windows-874", ALPHABET, THAI),
    "mac_roman": Charset("Mac OS Roman", LATIN, *WESTERN),
    "cp850": Charset("DOS code page 850", LATIN, *WESTERN),
}
"""The encodings that are guessed, by Python's names, the more usual first. In each of them ASCII is ASCII: what looks
for secrets in the bytes of a file sees what a reader would."""

USUAL: Final = "cp1252"
"""Taken where it explains a Latin text as well as others do: https://encoding.spec.whatwg.org/ decodes by it, too."""

RARE: Final = frozenset({"koi8_r", "cp866", "mac_roman", "cp850"})
"""What no version of Windows writes by itself."""
RARITY: Final = 0.04
"""By how much such a reading must be better, of 1."""

OTHER_NAMES: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "cp950": "big5",
}
"""Names that texts declare -> the larger encodings that programs mean by them:
https://encoding.spec.whatwg.org/#names-and-labels"""


def text_of(stream: BinaryIO) -> Text | None:
    """How a file reads as text, if its encoding is certain; None when it is no text, or in an older encoding."""
    stream.seek(0)
    start = stream.read(4)
    encoding = next((name for name, marks in MARKS if start.startswith(marks)), "utf-8-sig")
    return as_text(stream, encoding, re.compile("\0"))


def guessed(stream: BinaryIO) -> Text | None:
    """How a file that is not in UTF-8 most likely reads as text; None when that is not clear, or it is none."""
    stream.seek(0)
    start = stream.read(SAMPLE_BYTES)
    if not written(start) and b"\0" not in start:
        return None
    names = unmarked(start) if b"\0" in start else older(start, sample(stream))
    return next(filter(None, (as_text(stream, name, UNWRITTEN) for name in names)), None)


def written(start: bytes) -> bool:
    """Whether a file begins as a text may in any encoding that has no NUL bytes: without control characters."""
    return not CONTROLS.search(start)


def foreign(stream: BinaryIO) -> bool:
    """Whether a file seems to be a text that is not in ASCII."""
    stream.seek(0)
    start, lines = stream.read(SAMPLE_BYTES), sample(stream)
    return bool(lines) and written(start) and written(lines)


def title(encoding: str) -> str:
    """What people call an encoding: `Windows-1252`, `UTF-16`."""
    known = CHARSETS.get(encoding)
    return known.title if known else "-".join(encoding.upper().split("-")[:2])


def as_text(stream: BinaryIO, encoding: str, wrong: re.Pattern[str]) -> Text | None:
    """A file read in an encoding, in chunks from its start; None when it cannot be, or has what no text has."""
    decoder = codecs.getincrementaldecoder(encoding)()
    size = 0
    stream.seek(0)
    try:
        while chunk := stream.read(CHUNK):
            text = decoder.decode(chunk)
            if wrong.search(text):
                return None
            size += len(text.encode())
        decoder.decode(b"", final=True)
    except UnicodeError:
        return None
    return Text(encoding, size)


def unmarked(start: bytes) -> list[str]:
    """The one of UTF-16 and UTF-32 in which a text with NUL bytes has the most ASCII, if that is enough to tell."""
    if len(start) < LEAST_UNMARKED:
        return []
    read = {name: start.decode(name, errors="ignore") for name in UNMARKED}
    plain = {name: len(ASCII.findall(text)) / (len(text) or 1) for name, text in read.items()}
    best = max(plain, key=lambda name: plain[name])
    return [best] if plain[best] >= LEAST_PLAIN else []


# Older encodings -----------------------------------------------------------------------------------------


def sample(stream: BinaryIO) -> bytes:
    """The first lines of a file that are not ASCII: the others tell nothing."""
    stream.seek(0)
    found = b""
    while len(found) < SAMPLE_BYTES and (line := stream.readline(SAMPLE_BYTES)):
        found += b"" if line.isascii() else line
    return found[:SAMPLE_BYTES]


def ends(text: bytes) -> Iterator[bytes]:
    """A sample without its last word, if it was cut; where there are no words, with its last character cut off or not.

    No older encoding has a separator within a character, and a character has at most four bytes.
    """
    place = max(text.rfind(each) for each in SEPARATORS) + 1
    if len(text) < SAMPLE_BYTES:
        yield text
    elif place:
        yield text[:place]
    else:
        yield from (text[: len(text) - cut] for cut in range(4))


def older(start: bytes, text: bytes) -> list[str]:
    """The older encoding that a text says that it is in, then the one that it seems to be in."""
    clear = (name for end in ends(text) for name in clearest(end))
    return [*declared(start), *islice(clear, 1)]


def declared(start: bytes) -> Iterator[str]:
    """The encoding that the first lines of a text name, if it is a known one."""
    if found := DECLARED.search(start[:1024]):
        try:
            name = codecs.lookup(found[1].decode()).name
        except LookupError:
            return
        name = OTHER_NAMES.get(name, name.replace("-", "_"))
        yield from [name] if name in CHARSETS else []


def clearest(text: bytes) -> list[str]:
    """The encoding that explains a text best; none when another reading is as good, or it is UTF-8 with a fault."""
    if len(text) < LEAST_BYTES or damaged(text):
        return []
    found = list(readings(text))
    best = max((score for score, _, _ in found), default=0)
    if best < LEAST:
        return []
    (_, name, reading), *others = [each for each in found if each[0] > best - CLEAR]
    doubt = any(differs(name, other) and read != reading for _, other, read in others)
    return [] if doubt or not (name == USUAL or shows(reading, name)) else [name]


def damaged(text: bytes) -> bool:
    """Whether at least half of what is not ASCII is UTF-8."""
    valid = sum(len(each[0]) for each in UTF_8_WORD.finditer(text))
    return valid > 0 and 2 * valid >= sum(each >= 0x80 for each in text)


def differs(name: str, other: str) -> bool:
    """Whether one cannot just take the one encoding for the other."""
    return name != USUAL or not CHARSETS[other].latin


def readings(text: bytes) -> Iterator[tuple[float, str, str]]:
    """How well each encoding explains a text, of 1, and how the text reads in it; the more usual come first."""
    for name, (reading, mess) in read(text).items():
        yield typical(reading, name) - mess - RARITY * (name in RARE), name, reading


def read(text: bytes) -> dict[str, tuple[str, float]]:
    """How a text reads in each encoding in which that makes sense, and how unlikely that is, of 1.

    Of a text that is nearly ASCII, charset-normalizer knows too little to tell.
    """
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only where a text needs it

    matches = from_bytes(text, cp_isolation=list(CHARSETS), threshold=MESS)
    by_name = {name: (str(match), match.chaos) for match in matches for name in match.could_be_from_charset}
    if sum(each < 0x80 for each in text) >= NEARLY_ASCII * len(text):
        with suppress(UnicodeError):
            by_name[USUAL] = (text.decode(USUAL), 0)
    return {name: by_name[name] for name in CHARSETS if name in by_name}


def shows(reading: str, name: str) -> bool:
    """Whether a text has enough different letters to show that it is in an encoding, or in a language."""
    different = {each.lower() for each in reading if not each.isascii() and each not in USUAL_SIGNS}
    return len(different) >= (LEAST_OF_ALPHABET if CHARSETS[name].script is ALPHABET else LEAST_LETTERS)


def typical(text: str, name: str) -> float:
    """How much of what is not ASCII is typical of an encoding, of 1; signs that texts of every script have are not."""
    foreign = [each for each in text if not each.isascii() and (name == USUAL or each not in SIGNS)]
    known = max(sum(weight(each, tongue) for each in foreign) for tongue in letters(name))
    # One or two letters are of no language: all are as good.
    known = len(foreign) if name == USUAL and not shows(text, name) else known
    return (known - odd(text, CHARSETS[name])) / max(1, len(foreign))


def weight(letter: str, tongue: Mapping[str, float]) -> float:
    """How typical a letter is, of 1; capitals are nearly so as their small letters."""
    return tongue.get(letter) or 0.97 * tongue.get(letter.lower(), 0)


def odd(text: str, charset: Charset) -> int:
    """How many characters of a text do not fit into what people write in an encoding."""
    if charset.latin:
        strange = sum(len(each) for each in FOREIGN_WORD.findall(text) if re.search(r"[^\W\d_]", each))
    else:
        strange = len(ALONE.findall(text))
    strange += sum(len(each[0]) for each in REPEATED.finditer(text))
    return strange + turned(text) + len(charset.script.findall(text))


def turned(text: str) -> int:
    """How often a capital follows a small letter, where they are not both ASCII: what KOI8-R makes of Windows-1251."""
    return sum(a.islower() and b.isupper() for a, b in pairwise(text) if not (a.isascii() and b.isascii()))


@cache
def letters(name: str) -> Sequence[Mapping[str, float]]:
    """How typical the letters of an encoding are, of 1, in each of its languages."""
    charset = CHARSETS[name]
    if charset.script is ALPHABET:
        return [{each: 1.2 - rank / len(tongue) for rank, each in enumerate(tongue)} for tongue in charset.common]
    others = dict.fromkeys(charset.others, 0.3) if isinstance(charset.others, str) else ideographs(name, charset.others)
    signs = USUAL_SIGNS if name == USUAL else ""
    return [others | dict.fromkeys(tongue + signs, 1.0) for tongue in charset.common]


def ideographs(name: str, leads: Sequence[int]) -> dict[str, float]:
    """The characters of two bytes of which the first is one of some."""
    pairs = (bytes([lead, trail]) for lead in leads for trail in range(0x40, 0xFF))
    return {each: 0.8 for pair in pairs if len(each := pair.decode(name, errors="replace")) == 1}
