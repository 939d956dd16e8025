"""Private details in six languages, beside numbers of memories that are none."""

import pytest

from moderation.screening.pii import find_links, find_private_details

MEMORIES = {
    "en": [
        "We met on 12/05/1998 and married 06/07/2003",
        "1998-2024, 26 years of you",
        "born 19450812, 3.2 kg and 51 cm",
        "5 6 7 8, dance with me, 1 2 3 4",
        "room 1408, flight BA 0117, bus 12 34 56",
        "score 21-15, 21-18, 100000000 kisses",
        "Psalm 23:4, John 3:16, 1 Corinthians 13:4-8",
        "2010 2015 2020 2025, every year better",
        "I love you 3000, 24/7, 365 days",
        "we grew up on 12 Baker Street and never left",
        "Mia was born at 10:45:30 on 2019-03-14",
        "since 1987 until 2024 you taught 1234 pupils",
        "lot 4815162342",
        "Happy 18th! 07.11.2006",
        "the code of our song is 867-5309 haha",
        "order of 1 000 000 hugs",
        "mum at home dot dot dot, meet at Paris",
        "he ran 42.195 km in 3:59:59",
        "Apollo 11, 20 July 1969, 20:17",
        "001 002 003 004 005",
    ],
    "es": [
        "Nos casamos el 12/05/1998 y han pasado 26 años",
        "1998-2024",
        "nació el 14.03.2019 a las 10:45, pesó 3200 gramos",
        "10 000 000 de besos",
        "vivimos en la calle Mayor 12 toda la vida",
        "5 6 7 8 bailamos",
        "desde 1987 hasta 2024 diste clase a 1234 alumnos",
        "número 7, el 10 y el 23, campeones 2010 2012",
        "en la plaza 25 de mayo nos conocimos",
        "la avenida 9 de julio",
        "cuenta conmigo 10 000 000 de veces",
    ],
    "pt": [
        "Casamos em 12/05/1998, 26 anos",
        "1998-2024",
        "nasceu 14.03.2019 às 10:45 com 3200 gramas",
        "10.000.000 de beijos",
        "a rua 25 de março onde nos conhecemos",
        "5 6 7 8",
        "15 de novembro de 1987",
        "na rua das Flores, 12, onde cresci",
        "conta comigo 100 000 000 de vezes, sin 046 454 286",
    ],
    "fr": [
        "Mariés le 12/05/1998, 26 ans",
        "1998-2024",
        "né le 14.03.2019 à 10h45, 3200 grammes",
        "10 000 000 de bisous",
        "au 12 rue de la Paix on a grandi",
        "06 07 2003, notre jour",
        "01 02 03 04 05 06 07",
        "5 6 7 8",
        "depuis 1987 12 34 élèves",
    ],
    "de": [
        "Hochzeit am 12.05.1998, 26 Jahre",
        "1998-2024",
        "geboren 14.03.2019 um 10:45 Uhr, 3200 Gramm",
        "10 000 000 Küsse",
        "in der Gartenstraße 12 bist du groß geworden",
        "5 6 7 8",
        "01.01.2000 bis 31.12.2024",
        "Abi 1987, Diplom 1994, Hochzeit 1998",
        "Gleis 9 3/4, Zug 1234 56",
    ],
    "ko": [
        "1998년 5월 12일에 만나서 26년",
        "1998-2024",
        "2019.03.14 오전 10:45, 3200그램",
        "1000000번 사랑해",
        "5 6 7 8",
        "2010 2015 2020",
        "강남대로 12번지에서 자랐지",
        "010 순간들",
        "19980512 우리 첫날",
        "101호 아줌마 202동",
    ],
}
# A text, the kind of detail in it, and the detail.
DETAILS = {
    "en": [
        ("call me on 07911 123456", "phone", "07911 123456"),
        ("my number is (212) 555-0147", "phone", "(212) 555-0147"),
        ("call 212.555.0147", "phone", "212.555.0147"),
        ("+44 20 7946 0958", "phone", "+44 20 7946 0958"),
        ("write jane.doe@gmail.com", "email", "jane.doe@gmail.com"),
        ("jane dot doe at gmail dot com", "email", "doe at gmail dot com"),
        ("SSN 219-09-9999", "identity_number", "219-09-9999"),
        ("my social is 219099999", "identity_number", "219099999"),
        ("IBAN GB82 WEST 1234 5698 7654 32", "iban", "GB82 WEST 1234 5698 7654 32"),
        ("card 4111-1111-1111-1111", "card", "4111-1111-1111-1111"),
        ("221B Baker Street, London NW1 6XE", "address", "221B Baker Street, London NW1 6XE"),
        (
            "he lives at 742 Evergreen Terrace, Springfield, IL 62704",
            "address",
            "742 Evergreen Terrace, Springfield, IL 62704",
        ),
        ("NHS number 943 476 5919", "identity_number", "943 476 5919"),
        ("passport number 925665416", "identity_number", "925665416"),
        ("SIN 130 692 544", "identity_number", "130 692 544"),
        ("NI number AB123456C", "identity_number", "AB123456C"),
        (
            "meet her at 1600 Pennsylvania Ave NW, Washington, DC 20500",
            "address",
            "1600 Pennsylvania Ave NW, Washington, DC 20500",
        ),
    ],
    "es": [
        ("llámame al 612 345 678", "phone", "612 345 678"),
        ("mi teléfono: +52 55 1234 5678", "phone", "+52 55 1234 5678"),
        ("DNI 12345678Z", "identity_number", "12345678Z"),
        ("mi NIE es X1234567L", "identity_number", "X1234567L"),
        ("escribe a ana@correo.es", "email", "ana@correo.es"),
        ("ES91 2100 0418 4502 0005 1332", "iban", "ES91 2100 0418 4502 0005 1332"),
        ("número de cuenta 0049 1500 05", "identity_number", "0049 1500 05"),
        ("vive en Calle Mayor 12, 3º B, 28013 Madrid", "address", "Calle Mayor 12, 3º"),
        ("Carrera 7 # 12-34, apto 501, Bogotá", "address", "Carrera 7 # 12-34, apto"),
        ("RUT 12.345.678-5", "identity_number", "12.345.678-5"),
        ("Av. Corrientes 1234, piso 5, depto B", "address", "Av. Corrientes 1234, piso"),
        ("CUIT 20-12345678-6", "identity_number", "20-12345678-6"),
    ],
    "pt": [
        ("me liga no (11) 98765-4321", "phone", "(11) 98765-4321"),
        ("meu CPF é 111.444.777-35", "identity_number", "111.444.777-35"),
        ("cpf 11144477735", "identity_number", "11144477735"),
        ("maria@uol.com.br", "email", "maria@uol.com.br"),
        ("Rua das Flores, 123, apto 45, São Paulo", "address", "Rua das Flores, 123, apto"),
        (
            "mora na Avenida Paulista, 1578 - CEP 01310-200",
            "address",
            "Avenida Paulista, 1578 - CEP 01310",
        ),
        ("telemóvel 912 345 678", "phone", "912 345 678"),
        ("NIF 123456789", "identity_number", "123456789"),
        ("Rua Augusta 24, 1100-053 Lisboa", "address", "Rua Augusta 24, 1100-053"),
        ("PT50 0002 0123 1234 5678 9015 4", "iban", "PT50 0002 0123 1234 5678 9015 4"),
    ],
    "fr": [
        ("appelle-moi au 06 12 34 56 78", "phone", "06 12 34 56 78"),
        ("mon numéro: +33 6 12 34 56 78", "phone", "+33 6 12 34 56 78"),
        ("numéro de sécu 1 84 12 76 451 089 46", "identity_number", "1 84 12 76 451 089 46"),
        ("FR14 2004 1010 0505 0001 3M02 606", "iban", "FR14 2004 1010 0505 0001 3M02 606"),
        ("jean.dupont@orange.fr", "email", "jean.dupont@orange.fr"),
        ("12 bis rue de la Paix, 75002 Paris", "address", "12 bis rue de la Paix, 75002"),
        ("elle habite 5 avenue Foch 69006 Lyon", "address", "5 avenue Foch 69006"),
        ("514-555-0199", "phone", "514-555-0199"),
    ],
    "de": [
        ("ruf mich an: 0151 23456789", "phone", "0151 23456789"),
        ("030 901820", "phone", "030 901820"),
        ("+49 151 23456789", "phone", "+49 151 23456789"),
        ("Steuer-ID 86095742719", "identity_number", "86095742719"),
        ("DE89 3704 0044 0532 0130 00", "iban", "DE89 3704 0044 0532 0130 00"),
        ("max@web.de", "email", "max@web.de"),
        ("Musterstraße 12, 10115 Berlin", "address", "Musterstraße 12, 10115"),
        ("er wohnt Am Markt 5, 80331 München", "address", "Am Markt 5, 80331"),
        ("Lindenweg 3a, 50667 Köln", "address", "Lindenweg 3a, 50667"),
        ("AHV 756.9217.0769.85", "identity_number", "756.9217.0769.85"),
        ("SVNR 1237 010180", "identity_number", "1237 010180"),
    ],
    "ko": [
        ("010-1234-5678로 전화해", "phone", "010-1234-5678"),
        ("내 번호 010 9876 5432", "phone", "010 9876 5432"),
        ("주민번호 900101-1234568", "identity_number", "900101-1234568"),
        ("jiwoo@naver.com", "email", "jiwoo@naver.com"),
        ("서울시 강남구 테헤란로 12, 101동 202호", "address", "강남구 테헤란로 12, 101동 202호"),
        ("경기도 성남시 분당구 판교로 235", "address", "경기도 성남시 분당구 판교로 235"),
        ("계좌 110-123-456789", "identity_number", "110-123-456789"),
        ("카드 4111 1111 1111 1111", "card", "4111 1111 1111 1111"),
    ],
}


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, texts in MEMORIES.items() for text in texts]
)
def test_numbers_and_places_of_a_memory_are_not_private(code, text):
    assert not list(find_private_details(text, language=code))
    assert not list(find_links(text))


@pytest.mark.parametrize(
    ("code", "text", "kind", "detail"),
    [(code, *case) for code, cases in DETAILS.items() for case in cases],
)
def test_a_private_detail_is_found_with_its_kind_and_place(code, text, kind, detail):
    found = [
        (each.kind, text[each.start : each.end])
        for each in find_private_details(text, language=code)
    ]
    assert (kind, detail) in found


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("es", "12345678A"),
        ("es", "X1234567A"),
        ("pt", "NIF 123456788"),
        ("de", "Steuer-ID 86095742718"),
        ("en", "NHS 943 476 5918"),
        ("en", "card 4111 1111 1111 1112"),
        ("de", "DE88 3704 0044 0532 0130 00"),
    ],
)
def test_a_number_whose_check_digit_is_wrong_is_no_identity_number(code, text):
    assert "identity_number" not in {
        each.kind for each in find_private_details(text, language=code)
    }
    assert not {"iban", "card"} & {each.kind for each in find_private_details(text, language=code)}
