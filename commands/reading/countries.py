"""Countries by their ISO 3166 alpha-2 codes, with the names by which people look for them."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

_NAMES = (
    "AD Andorra, AE United Arab Emirates, AF Afghanistan, AG Antigua and Barbuda, AI Anguilla, AL Albania, "
    "AM Armenia, AO Angola, AR Argentina, AS American Samoa, AT Austria, AU Australia, AW Aruba, "
    "AX Åland Islands, AZ Azerbaijan, BA Bosnia and Herzegovina, BB Barbados, BD Bangladesh, BE Belgium, "
    "BF Burkina Faso, "
    "BG Bulgaria, BH Bahrain, BI Burundi, BJ Benin, BL Saint Barthélemy, BM Bermuda, BN Brunei, BO Bolivia, "
    "BR Brazil, BS Bahamas, BT Bhutan, BW Botswana, BY Belarus, BZ Belize, CA Canada, CD Congo (Kinshasa), "
    "CF Central African Republic, CG Congo (Brazzaville), CH Switzerland, CI Côte d'Ivoire, CK Cook Islands, "
    "CL Chile, CM Cameroon, CN China, CO Colombia, CR Costa Rica, CU Cuba, CV Cabo Verde, CW Curaçao, CY Cyprus, "
    "CZ Czechia, DE Germany, DJ Djibouti, DK Denmark, DM Dominica, DO Dominican Republic, DZ Algeria, EC Ecuador, "
    "EE Estonia, EG Egypt, ER Eritrea, ES Spain, ET Ethiopia, FI Finland, FJ Fiji, FK Falkland Islands, "
    "FM Micronesia, FO Faroe Islands, FR France, GA Gabon, GB United Kingdom, GD Grenada, GE Georgia, "
    "GF French Guiana, GG Guernsey, GH Ghana, GI Gibraltar, GL Greenland, GM Gambia, GN Guinea, GP Guadeloupe, "
    "GQ Equatorial Guinea, GR Greece, GT Guatemala, GU Guam, GW Guinea-Bissau, GY Guyana, HK Hong Kong, "
    "HN Honduras, HR Croatia, HT Haiti, HU Hungary, ID Indonesia, IE Ireland, IL Israel, IM Isle of Man, "
    "IN India, IQ Iraq, IR Iran, IS Iceland, IT Italy, JE Jersey, JM Jamaica, JO Jordan, JP Japan, KE Kenya, "
    "KG Kyrgyzstan, KH Cambodia, KI Kiribati, KM Comoros, KN Saint Kitts and Nevis, KP North Korea, "
    "KR South Korea, KW Kuwait, KY Cayman Islands, KZ Kazakhstan, LA Laos, LB Lebanon, LC Saint Lucia, "
    "LI Liechtenstein, LK Sri Lanka, LR Liberia, LS Lesotho, LT Lithuania, LU Luxembourg, LV Latvia, LY Libya, "
    "MA Morocco, MC Monaco, MD Moldova, ME Montenegro, MF Saint Martin, MG Madagascar, MH Marshall Islands, "
    "MK North Macedonia, ML Mali, MM Myanmar, MN Mongolia, MO Macao, MP Northern Mariana Islands, MQ Martinique, "
    "MR Mauritania, MS Montserrat, MT Malta, MU Mauritius, MV Maldives, MW Malawi, MX Mexico, MY Malaysia, "
    "MZ Mozambique, NA Namibia, NC New Caledonia, NE Niger, NG Nigeria, NI Nicaragua, NL Netherlands, NO Norway, "
    "NP Nepal, NR Nauru, NU Niue, NZ New Zealand, OM Oman, PA Panama, PE Peru, PF French Polynesia, "
    "PG Papua New Guinea, PH Philippines, PK Pakistan, PL Poland, PM Saint Pierre and Miquelon, PR Puerto Rico, "
    "PS Palestine, PT Portugal, PW Palau, PY Paraguay, QA Qatar, RE Réunion, RO Romania, RS Serbia, RU Russia, "
    "RW Rwanda, SA Saudi Arabia, SB Solomon Islands, SC Seychelles, SD Sudan, SE Sweden, SG Singapore, "
    "SH Saint Helena, SI Slovenia, SJ Svalbard, SK Slovakia, SL Sierra Leone, SM San Marino, SN Senegal, "
    "SO Somalia, SR Suriname, SS South Sudan, ST São Tomé and Príncipe, SV El Salvador, SX Sint Maarten, "
    "SY Syria, SZ Eswatini, TC Turks and Caicos Islands, TD Chad, TG Togo, TH Thailand, TJ Tajikistan, "
    "TL Timor-Leste, TM Turkmenistan, TN Tunisia, TO Tonga, TR Türkiye, TT Trinidad and Tobago, TV Tuvalu, "
    "TW Taiwan, TZ Tanzania, UA Ukraine, UG Uganda, US United States, UY Uruguay, UZ Uzbekistan, VA Vatican City, "
    "VC Saint Vincent and the Grenadines, VE Venezuela, VG British Virgin Islands, VI US Virgin Islands, "
    "VN Vietnam, VU Vanuatu, WF Wallis and Futuna, WS Samoa, XK Kosovo, YE Yemen, YT Mayotte, ZA South Africa, "
    "ZM Zambia, ZW Zimbabwe"
)
COUNTRIES: dict[str, str] = {entry[:2]: entry[3:] for entry in _NAMES.split(", ")}

# Whose nationals may identify themselves with a national ID card; the others need a passport (paytend-api.md a.4).
_EEA = "AT BE BG CH CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
EEA = frozenset(_EEA.split())


def find_country(text: str) -> str | None:
    """Return the code of a country that was named by its code or its name, None for neither."""
    plain = text.strip()
    if plain.upper() in COUNTRIES:
        return plain.upper()
    return next((code for code, name in COUNTRIES.items() if fold(name) == fold(plain)), None)


def search(text: str, rows: Iterable[tuple[T, Sequence[str]]]) -> list[T]:
    """Return the rows of which one of the texts fits what was typed, those that begin with it first.

    Accents and capitals make no difference: "Siauliai" finds "Šiauliai".
    """
    wanted = fold(text)
    begins, holds = [], []
    for row, texts in rows:
        folded = [fold(each) for each in texts]
        if any(each.startswith(wanted) for each in folded):
            begins.append(row)
        elif any(wanted in each for each in folded):
            holds.append(row)
    return begins + holds


def fold(text: str) -> str:
    """Return a text without accents and capitals."""
    parts = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
