"""The encoding of a text: what is certain, what is guessed, and what is left alone."""

import io
import random

import pytest

from gemini_interactions_mcp.files import older_charsets
from gemini_interactions_mcp.files.charsets import TextEncoding, detect_unicode, guess_charset
from gemini_interactions_mcp.files.older_charsets import CHARSET_SAMPLE_BYTES

SHORT = [
    ("cp1252", "naïve"),
    ("cp1252", "café"),
    ("cp1252", "Grüße"),
    ("cp1252", "“Smart quotes” and a dash – here"),
    ("cp1252", "Price: £5 or 7 €"),
    ("cp1252", "<p>Café</p>"),
    ("cp1252", "Name;Straße\nMüller;Hauptstraße 5\n"),
    ("cp1250", "Žluťoučký kůň"),
    ("cp1250", "Árvíztűrő tükörfúrógép"),
    ("cp1251", "Привет"),
    ("cp1251", "Имя;Возраст\nИван;25\n"),
    ("koi8_r", "Привет, мир! Как дела?"),
    ("gb18030", "你好，世界"),
    ("gb18030", "姓名,年龄\n张三,25\n李四,30\n"),
    ("big5", "姓名,年齡\n王小明,25\n"),
    ("cp932", "氏名,年齢\n山田太郎,25\n"),
    ("cp932", "# 設定ファイル\nport = 80\n"),
    ("cp949", "안녕하세요 세계"),
    ("cp949", "이름,나이\n김철수,25\n"),
    ("cp1254", "Türkçe konuşan ğ"),
    ("cp1253", "Όνομα;Ηλικία"),
]


@pytest.mark.parametrize(("encoding", "text"), SHORT)
def test_short_texts_of_each_script_are_read(encoding: str, text: str) -> None:
    found = guess_charset(io.BytesIO(text.encode(encoding)))
    assert found is not None
    assert text.encode(encoding).decode(found.encoding) == text
    assert found.size == len(text.encode())


@pytest.mark.parametrize(
    "content",
    [
        "你好".encode("gb18030"),
        "日本語".encode("euc_jp"),
        b"\xc3",
        b"\xe9\xe9",
        b"A\0",
        b"a\0b",
        b"\0" * 100,
        b"\0\1" * 100,
        b"caf\xe9\0latte",
        b"caf\xe9\1latte" * 9,
        "Grüße, 世界, and more: ä".encode()[:-1],
        ("Grüße\n" * 99).encode() + b"\xff",
    ],
)
def test_what_is_not_clear_is_not_guessed(content: bytes) -> None:
    assert detect_unicode(io.BytesIO(content)) is None
    assert guess_charset(io.BytesIO(content)) is None


@pytest.mark.parametrize("size", [256, 1000, 100_000])
def test_random_bytes_are_no_text(size: int) -> None:
    seed = random.randrange(2**32)
    content = random.Random(seed).randbytes(size)
    assert guess_charset(io.BytesIO(content)) is None, f"seed {seed}"
    # Without control characters, which show most of it.
    content = bytes(each for each in random.Random(seed).randbytes(2 * size) if each >= 0x20 and each != 0x7F)
    assert guess_charset(io.BytesIO(content)) is None, f"seed {seed}"


def test_numbers_in_16_and_32_bits_are_no_text() -> None:
    for width in (2, 4):
        for order in ("little", "big"):
            numbers = b"".join(each.to_bytes(width, order) for each in range(2000))
            assert guess_charset(io.BytesIO(numbers)) is None


def test_the_lines_that_are_not_ascii_decide_wherever_they_are() -> None:
    content = b"Nothing to see here.\n" * 4000 + "Съешь же ещё этих мягких французских булок".encode("cp1251")
    assert len(content) > CHARSET_SAMPLE_BYTES
    assert guess_charset(io.BytesIO(content)) == TextEncoding("cp1251", len(content.decode("cp1251").encode()))


@pytest.mark.slow
def test_what_comes_late_counts_too() -> None:
    start = ("Schöne Grüße aus München.\n" * 1000).encode("cp1252")
    assert guess_charset(io.BytesIO(start)) is not None
    for late in (b"\x81", b"\0", b"\x1f"):
        assert guess_charset(io.BytesIO(start + late)) is None


def test_a_text_without_lines_is_cut_between_its_characters() -> None:
    content = ("这是一个用于测试编码检测的中文句子，它有几个词。" * 1000).encode("gb18030")
    for shift in range(4):
        found = guess_charset(io.BytesIO(b"x" * shift + content))
        assert found is not None
        assert found.encoding == "gb18030"


def test_a_declaration_counts_where_it_is_true() -> None:
    page = "<meta charset='{}'><p>{}"
    assert guess_charset(io.BytesIO(page.format("koi8-r", "да").encode("koi8_r"))) == TextEncoding(
        "koi8_r", len(page.format("koi8-r", "да").encode())
    )
    assert guess_charset(io.BytesIO(page.format("no-such-thing", "Grüße aus Köln").encode("cp1252"))) is not None
    # A text that is not valid GBK is not read as GBK, even if it declares it.
    found = guess_charset(io.BytesIO(page.format("gbk", "Grüße aus Köln, Tschüß").encode("cp1252")))
    assert found is not None
    assert found.encoding == "cp1252"


def test_every_encoding_leaves_ascii_alone() -> None:
    """The search for secrets reads bytes."""
    ascii_text = "".join(map(chr, range(0x20, 0x7F)))
    for name in older_charsets.CHARSETS:
        assert ascii_text.encode().decode(name) == ascii_text


WESTERN = bytes(range(0x80, 0x100)).decode("cp1252", errors="ignore")


def read(content: bytes) -> str | None:
    """Return the text of a file; None if its encoding is not clear."""
    found = guess_charset(io.BytesIO(content))
    return content.decode(found.encoding) if found else None


@pytest.mark.parametrize("form", ["Set it to {} now.\n", "It is {} in a file that says other things, too.\n"])
@pytest.mark.parametrize("letter", WESTERN)
def test_one_letter_or_sign_in_an_english_line_is_that_of_windows(form: str, letter: str) -> None:
    text = form.format(letter)
    assert read(text.encode("cp1252")) == text


@pytest.mark.parametrize(
    "value",
    [*"©®™·¶¦žãçÿ", "×5", "£5", "5 €", "±1", "1º piso", "2ª", "½ cup", "20°C", "10 µm", "¥100", "§ 5", "m³", "«x»"],
)
def test_one_sign_in_the_lines_of_a_table_is_that_of_windows(value: str) -> None:
    text = "id,value\n" + "".join(f"{number},{value}\n" for number in range(50))
    assert read(text.encode("cp1252")) == text


CLEAR = {
    "cp1252": (
        "PAÍS;CIUDAD\nESPAÑA;MADRID\n",
        "Ação, não, pão",
        "FRANÇAIS À ÉTÉ",
        "MÜLLER;KÖLN\n",
        "SÃO PAULO, BRASÍLIA, CEARÁ",
        "José;Müller;Søren;Çelik;François;Zoë",
        "¿Qué?\n",
        "“Hello” – it’s fine…",
    ),
    "cp1250": ("Łódź;Kraków;Gdańsk", "Košice; Žilina; Trenčín", "Szűcs Gergő; Kovács Ödön"),
    "cp1251": (
        "ИВАНОВ ИВАН;МОСКВА;100\nПЕТРОВ ПЁТР;САНКТ-ПЕТЕРБУРГ;200\n",
        "ПРИВЕТ МИР ЭТО ТЕСТ",
        "ОТЧЁТ ЗА ГОД",
        "Name,Город\nBob,Москва\n",
    ),
    "cp1253": ("ΚΑΛΗΜΕΡΑ ΚΟΣΜΕ ΑΘΗΝΑ ΠΑΤΡΑ", "ΕΛΛΗΝΙΚΗ ΔΗΜΟΚΡΑΤΙΑ", "ΟΝΟΜΑ;ΠΟΛΗ\nΓΙΩΡΓΟΣ;ΑΘΗΝΑ\n"),
    "cp1254": ("İstanbul’da güneşli bir gün", "ŞEHİR;İSİM\nİZMİR;ÇAĞLA\n"),
    "cp850": ("Größe und Höhe, Länge",),
    "mac_roman": ("Müller;Straße;Köln",),
}


@pytest.mark.parametrize(("encoding", "text"), [(name, text) for name, texts in CLEAR.items() for text in texts])
def test_capitals_and_names_are_read(encoding: str, text: str) -> None:
    assert read(text.encode(encoding)) == text


UNCLEAR = {
    "cp850": ("Größe",),
    "cp932": ("日本, 12\n", "ﾃｽﾄ,ﾃﾞｰﾀ,ｻﾝﾌﾟﾙ,ﾊﾝｶｸ\n"),
    "big5": ("中文,100\n",),
    "cp1253": ("Ώρα",),
    "cp1252": ("ÄÖÜ", "ÀÉÎÕÜ"),
    "cp437": ("┌──────┐\n│ box  │\n└──────┘\n",),
}


@pytest.mark.parametrize(("encoding", "text"), [(name, text) for name, texts in UNCLEAR.items() for text in texts])
def test_what_too_few_letters_show_is_not_guessed(encoding: str, text: str) -> None:
    assert read(text.encode(encoding)) is None


@pytest.mark.parametrize(
    "content",
    [
        "Hello wörld ä".encode()[:-1],
        "naïve – “x”".encode()[:-2],
        "日本語テスト".encode()[:-1],
        "ä Привет, мир".encode()[1:-1],
        b"An ordinary line. w\xc3\xb6rld\nGr\xf6\xdfe\n",
    ],
)
def test_damaged_utf_8_is_nothing_else(content: bytes) -> None:
    assert read(content) is None
