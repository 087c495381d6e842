"""Guesses in which of the older encodings a text is.

charset-normalizer finds the encodings in which the text makes sense, and the letters in common use decide among them. A
guess that is not clear is none. Everything here blocks.
"""

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from typing import BinaryIO, Final

MIN_CHARSET_BYTES: Final = 4
"""Minimum length of a text: fewer bytes show too little."""

WORD_SEPARATORS: Final = (b"\n", b" ", b",", b".", b";", b"<", b">")

CHARSET_SAMPLE_BYTES: Final = 16 * 2**10
"""Bytes of a text from which its encoding is guessed: those of the first lines that are not ASCII."""

MIN_SCORE_LEAD: Final = 0.05
"""Minimum lead, of 1, of the best guess over any other that reads differently.

This and the next two are tuned on the corpus of tests/data and the texts of tests/test_charsets.py.
"""
MIN_SCORE: Final = 0.6
"""Minimum share of a text, of 1, that a guess must explain."""
MIN_LETTERS: Final = 3
"""Minimum number of different letters outside ASCII that show a less usual encoding: one or two occur in most."""
MIN_ALPHABET_LETTERS: Final = 6
"""The same for an alphabet, in which each byte is a letter."""
NEARLY_ASCII_SHARE: Final = 0.6
"""Minimum share of ASCII, of 1, of a text in which only a character here and there is not ASCII."""
MAX_MESS: Final = 0.4
"""Maximum improbability of a text, of 1, by charset-normalizer."""

UTF_8_WORD: Final = re.compile(
    rb"(?<![\x80-\xff])(?:\A[\x80-\xbf]{1,2})?"
    rb"(?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+"
    rb"(?:[\xc2-\xf4][\x80-\xbf]{0,2}\Z)?(?![\x80-\xff])"
)
"""Adjacent characters of UTF-8 that are not ASCII; at the ends of a text, one may be cut: RFC 3629, section 4."""

DECLARED_CHARSET: Final = re.compile(rb"(?:charset|coding)\s*[=:]\s*[\"']?([\w.-]{2,40})")
"""How HTML, XML, CSS and Python declare their encoding in their first lines."""

COMMON_SIGNS: Final = "“”„‘’‚–—…•«»°§©®€£¡¿·×½¼¾²³№\xa0\xad"
"""Characters that occur in texts of every script, and reveal no encoding."""
CP1252_SIGNS: Final = "".join(
    each for each in bytes(range(0x80, 0x100)).decode("cp1252", errors="ignore") if not each.isalpha() or each in "ƒªºµ"
)
"""All signs of Windows-1252, and its letters that stand alone."""

UNUSUAL_INSIDE_WORDS: Final = (
    r"[^\W\d_][“”„‚…•«»°§©®€£¥¢¡¿×÷¬±¦¨¯¸¶†‡‰™½¼¾²³№][^\W\d_]"
    r"|\d(?=[^\W\d_A-Za-zªºµ¹²³¼½¾])|[^\W\d_A-Za-zªºµ¹²³¼½¾](?=\d)"
)
UNUSUAL_IN_LATIN: Final = re.compile(UNUSUAL_INSIDE_WORDS + r"|ƒ(?=[^\W\d_])")
"""What is rare in words of Latin letters: signs between letters, and digits beside letters outside ASCII."""
UNUSUAL_IN_ALPHABET: Final = re.compile(
    rf"{UNUSUAL_INSIDE_WORDS}|[A-Za-z](?=[^\0-\x7f{COMMON_SIGNS}])|[^\0-\x7f{COMMON_SIGNS}](?=[A-Za-z])"
)
"""What is rare in words of other alphabets: the same, and Latin letters."""
UNUSUAL_IN_IDEOGRAPHS: Final = re.compile(r"(?!)")
"""Matches nothing: Chinese, Japanese and Korean have no such rule."""

FOREIGN_WORD: Final = re.compile(r"(?<![A-Za-z\x80-\U0010ffff])[\x80-\U0010ffff]{2,}(?![A-Za-z\x80-\U0010ffff])")
"""Adjacent characters outside ASCII without a Latin letter beside them: words of any script but Latin."""
LONE_CHARACTER: Final = re.compile(rf"(?<![\x80-\U0010ffff])[^\0-\x7f{COMMON_SIGNS}](?![\x80-\U0010ffff])")
"""A character outside ASCII without another beside it."""
TRIPLED_LETTER: Final = re.compile(r"([^\W\d_A-Za-z])\1{2,}")
"""A letter three times in a row, which no word has: box-drawing characters read in another encoding."""


@dataclass(frozen=True, slots=True)
class Charset:
    """An encoding of one script.

    Attributes:
        title: Its name for people.
        script: Matches what is rare in its texts.
        common: Its letters outside ASCII: of Latin ones, those of each language; of ideographs, the most frequent.
        others: Other letters; of ideographs, the first bytes of the characters in use.
    """

    title: str
    script: re.Pattern[str]
    common: Sequence[str]
    others: str | Sequence[int] = ""

    @property
    def latin(self) -> bool:
        """Whether its script is Latin."""
        return self.script is UNUSUAL_IN_LATIN


WESTERN: Final = (
    ("äöüß", "éèàçêâîôûùœëïæ’", "áíóéñúü", "ãõçáéíóúâêôàü", "åäöøæé", "þðáéíóúýöæ", "àèéìòùî", "àéèíóúïüç", "õäöü"),
    "éèàçäöüßáíóñãêâôîûåøæúõëïœìòùýÿšž",
)
"""German; French; Spanish; Portuguese; Swedish, Danish and Norwegian; Icelandic; Italian; Catalan; Estonian."""
CENTRAL_EUROPEAN: Final = (
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
"""Letters of the alphabets, the most frequent first."""
CHINESE: Final = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
TAIWANESE: Final = "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過"
KANA: Final = "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30FB)))) + "ー。、"
KOREAN: Final = "이다는에의가을를고하지은기도로한사리어인시나자대서정아수해일부보있니요것안스라과들그"
CHARSETS: Final = {
    "cp1252": Charset("Windows-1252", UNUSUAL_IN_LATIN, *WESTERN),
    "gb18030": Charset("GBK", UNUSUAL_IN_IDEOGRAPHS, (CHINESE,), (*range(0xA1, 0xA4), *range(0xB0, 0xD8))),
    "cp932": Charset("Shift-JIS", UNUSUAL_IN_IDEOGRAPHS, (KANA,), (0x81, 0x82, *range(0x88, 0x98))),
    "cp949": Charset("EUC-KR", UNUSUAL_IN_IDEOGRAPHS, (KOREAN,), (*range(0xA1, 0xA4), *range(0xB0, 0xC9))),
    "big5": Charset("Big5", UNUSUAL_IN_IDEOGRAPHS, (TAIWANESE,), range(0xA1, 0xC7)),
    "euc_jp": Charset("EUC-JP", UNUSUAL_IN_IDEOGRAPHS, (KANA,), (*range(0xA1, 0xA4), *range(0xB0, 0xD0))),
    "cp1251": Charset("Windows-1251", UNUSUAL_IN_ALPHABET, CYRILLIC),
    "koi8_r": Charset("KOI8-R", UNUSUAL_IN_ALPHABET, CYRILLIC),
    "cp866": Charset("DOS code page 866", UNUSUAL_IN_ALPHABET, CYRILLIC),
    "cp1250": Charset("Windows-1250", UNUSUAL_IN_LATIN, *CENTRAL_EUROPEAN),
    "iso8859_2": Charset("ISO 8859-2", UNUSUAL_IN_LATIN, *CENTRAL_EUROPEAN),
    "cp1254": Charset("Windows-1254", UNUSUAL_IN_LATIN, *TURKISH),
    "cp1253": Charset("Windows-1253", UNUSUAL_IN_ALPHABET, GREEK),
    "cp1255": Charset("Windows-1255", UNUSUAL_IN_ALPHABET, HEBREW),
    "cp1256": Charset("Windows-1256", UNUSUAL_IN_ALPHABET, ARABIC),
    "cp874": Charset("Windows-874", UNUSUAL_IN_ALPHABET, THAI),
    "mac_roman": Charset("Mac OS Roman", UNUSUAL_IN_LATIN, *WESTERN),
    "cp850": Charset("DOS code page 850", UNUSUAL_IN_LATIN, *WESTERN),
}
"""Python's name of each encoding that is guessed, the most usual first. All of them contain ASCII, so that a search for
secrets in the bytes of a file finds what a reader would see."""

DEFAULT_CHARSET: Final = "cp1252"
"""Preferred where it explains a Latin text as well as others: the default of https://encoding.spec.whatwg.org/, too."""

RARE_CHARSETS: Final = frozenset({"koi8_r", "cp866", "mac_roman", "cp850"})
"""Encodings that no version of Windows writes by default."""
RARE_CHARSET_PENALTY: Final = 0.04
"""Lead, of 1, that a rare encoding needs."""

CHARSET_ALIASES: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "cp950": "big5",
}
"""Name that a text declares -> the larger encoding that programs use for it:
https://encoding.spec.whatwg.org/#names-and-labels"""


def read_charset_sample(stream: BinaryIO) -> bytes:
    """Read the first lines of a file that are not ASCII: the others reveal nothing."""
    stream.seek(0)
    found = b""
    while len(found) < CHARSET_SAMPLE_BYTES and (line := stream.readline(CHARSET_SAMPLE_BYTES)):
        found += b"" if line.isascii() else line
    return found[:CHARSET_SAMPLE_BYTES]


def iter_sample_ends(text: bytes) -> Iterator[bytes]:
    """Yield a sample without its last word if it was cut; without words, each way to cut off a last character.

    No older encoding has a separator within a character, and a character has at most four bytes.
    """
    place = max(text.rfind(each) for each in WORD_SEPARATORS) + 1
    if len(text) < CHARSET_SAMPLE_BYTES:
        yield text
    elif place:
        yield text[:place]
    else:
        yield from (text[: len(text) - cut] for cut in range(4))


def guess_older_charsets(start: bytes, text: bytes) -> list[str]:
    """Return the older encoding that a text declares, then the one that explains it best."""
    clear = (name for end in iter_sample_ends(text) for name in find_clearest_charset(end))
    return [*find_declared_charset(start), *islice(clear, 1)]


def find_declared_charset(start: bytes) -> Iterator[str]:
    """Yield the encoding that the first lines of a text declare, if it is known."""
    if found := DECLARED_CHARSET.search(start[:1024]):
        try:
            name = codecs.lookup(found[1].decode()).name
        except LookupError:
            return
        name = CHARSET_ALIASES.get(name, name.replace("-", "_"))
        yield from [name] if name in CHARSETS else []


def find_clearest_charset(text: bytes) -> list[str]:
    """Return the encoding that explains a text best; none if another is as good, or the text is damaged UTF-8."""
    if len(text) < MIN_CHARSET_BYTES or is_damaged_utf8(text):
        return []
    found = list(score_readings(text))
    best = max((score for score, _, _ in found), default=0)
    if best < MIN_SCORE:
        return []
    (_, name, reading), *others = [each for each in found if each[0] > best - MIN_SCORE_LEAD]
    doubt = any(makes_doubtful(name, other) and read != reading for _, other, read in others)
    return [] if doubt or not (name == DEFAULT_CHARSET or shows_charset(reading, name)) else [name]


def is_damaged_utf8(text: bytes) -> bool:
    """Whether at least half of what is not ASCII is valid UTF-8."""
    valid = sum(len(each[0]) for each in UTF_8_WORD.finditer(text))
    return valid > 0 and 2 * valid >= sum(each >= 0x80 for each in text)


def makes_doubtful(name: str, other: str) -> bool:
    """Whether another encoding makes a guess doubtful; a Latin one does not if the guess is Windows-1252."""
    return name != DEFAULT_CHARSET or not CHARSETS[other].latin


def score_readings(text: bytes) -> Iterator[tuple[float, str, str]]:
    """Yield the score of each encoding, at most 1, its name, and the text read in it; the most usual first."""
    for name, (reading, mess) in read_in_charsets(text).items():
        yield score_typical(reading, name) - mess - RARE_CHARSET_PENALTY * (name in RARE_CHARSETS), name, reading


def read_in_charsets(text: bytes) -> dict[str, tuple[str, float]]:
    """Return the text read in each encoding in which it makes sense, and how improbable that is, of 1.

    Of a text that is nearly ASCII, charset-normalizer sees too little.
    """
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only where a text needs it

    matches = from_bytes(text, cp_isolation=list(CHARSETS), threshold=MAX_MESS)
    by_name = {name: (str(match), match.chaos) for match in matches for name in match.could_be_from_charset}
    if sum(each < 0x80 for each in text) >= NEARLY_ASCII_SHARE * len(text):
        with suppress(UnicodeError):
            by_name[DEFAULT_CHARSET] = (text.decode(DEFAULT_CHARSET), 0)
    return {name: by_name[name] for name in CHARSETS if name in by_name}


def shows_charset(reading: str, name: str) -> bool:
    """Whether a text has enough different letters to show an encoding or a language."""
    different = {each.lower() for each in reading if not each.isascii() and each not in CP1252_SIGNS}
    return len(different) >= (MIN_ALPHABET_LETTERS if CHARSETS[name].script is UNUSUAL_IN_ALPHABET else MIN_LETTERS)


def score_typical(text: str, name: str) -> float:
    """Return the share, of 1, of what is not ASCII that is typical of an encoding; common signs do not count."""
    foreign = [each for each in text if not each.isascii() and (name == DEFAULT_CHARSET or each not in COMMON_SIGNS)]
    known = max(sum(weigh_letter(each, tongue) for each in foreign) for tongue in build_letter_weights(name))
    # One or two letters show no language: all are as good.
    known = len(foreign) if name == DEFAULT_CHARSET and not shows_charset(text, name) else known
    return (known - count_odd(text, CHARSETS[name])) / max(1, len(foreign))


def weigh_letter(letter: str, tongue: Mapping[str, float]) -> float:
    """Return how typical a letter is, of 1; a capital is nearly as typical as its small letter."""
    return tongue.get(letter) or 0.97 * tongue.get(letter.lower(), 0)


def count_odd(text: str, charset: Charset) -> int:
    """Count the characters of a text that are unusual in texts of an encoding."""
    if charset.latin:
        strange = sum(len(each) for each in FOREIGN_WORD.findall(text) if re.search(r"[^\W\d_]", each))
    else:
        strange = len(LONE_CHARACTER.findall(text))
    strange += sum(len(each[0]) for each in TRIPLED_LETTER.finditer(text))
    return strange + count_case_flips(text) + len(charset.script.findall(text))


def count_case_flips(text: str) -> int:
    """Count capitals behind small letters, unless both are ASCII: Windows-1251 read as KOI8-R has many."""
    return sum(a.islower() and b.isupper() for a, b in pairwise(text) if not (a.isascii() and b.isascii()))


@cache
def build_letter_weights(name: str) -> Sequence[Mapping[str, float]]:
    """Return how typical each letter of an encoding is, of 1, for each of its languages."""
    charset = CHARSETS[name]
    if charset.script is UNUSUAL_IN_ALPHABET:
        return [{each: 1.2 - rank / len(tongue) for rank, each in enumerate(tongue)} for tongue in charset.common]
    others = (
        dict.fromkeys(charset.others, 0.3) if isinstance(charset.others, str) else list_ideographs(name, charset.others)
    )
    signs = CP1252_SIGNS if name == DEFAULT_CHARSET else ""
    return [others | dict.fromkeys(tongue + signs, 1.0) for tongue in charset.common]


def list_ideographs(name: str, leads: Sequence[int]) -> dict[str, float]:
    """Return the characters of two bytes whose first byte is one of `leads`."""
    pairs = (bytes([lead, trail]) for lead in leads for trail in range(0x40, 0xFF))
    return {each: 0.8 for pair in pairs if len(each := pair.decode(name, errors="replace")) == 1}
