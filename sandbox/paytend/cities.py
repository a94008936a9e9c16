"""Cities and card designs of the seeded programme. Code shape `LT_MA` as in the vendor's demo."""

_NAMES = {
    "LT": "AL Alytus, JO Jonava, KA Kaunas, KL Klaipėda, MA Marijampolė, MZ Mažeikiai, PA Panevėžys, SI "
    "Šiauliai, TA Tauragė, TE Telšiai, UT Utena, VI Vilnius",
    "LV": "DA Daugavpils, JE Jelgava, JU Jūrmala, LI Liepāja, OG Ogre, RE Rēzekne, RI Rīga, VA Valmiera, VE "
    "Ventspils",
    "EE": "HA Haapsalu, KJ Kohtla-Järve, NA Narva, PR Pärnu, RA Rakvere, TL Tallinn, TR Tartu, VI Viljandi, "
    "VO Võru",
    "DE": "AA Aachen, AU Augsburg, BI Bielefeld, BL Berlin, BN Bonn, BO Bochum, BR Braunschweig, BS Bremen, "
    "CH Chemnitz, DD Dresden, DO Dortmund, DU Duisburg, ER Erfurt, ES Essen, FM Frankfurt am Main, FR "
    "Freiburg, GE Gelsenkirchen, HA Halle (Saale), HB Hamburg, HN Hannover, KA Karlsruhe, KI Kiel, KO "
    "Köln, KR Krefeld, LE Leipzig, LU Lübeck, MA Mannheim, MD Magdeburg, MO Mönchengladbach, MS "
    "Münster, MU München, MZ Mainz, NU Nürnberg, RO Rostock, ST Stuttgart, WI Wiesbaden",
    "FR": "AM Amiens, BO Bordeaux, BR Brest, CF Clermont-Ferrand, DI Dijon, GR Grenoble, LH Le Havre, LI "
    "Lille, LY Lyon, MA Marseille, MO Montpellier, NA Nantes, NI Nice, PA Paris, RE Rennes, SE "
    "Saint-Étienne, ST Strasbourg, TO Toulouse",
}

CITIES: dict[str, tuple[tuple[str, str], ...]] = {
    country: tuple((f"{country}_{entry[:2]}", entry[3:]) for entry in names.split(", "))
    for country, names in _NAMES.items()
}
"""Country code to (city code, name)."""

SKUS = (
    {"sku": "CTHMCPE20056", "name": "Classic black", "cardScheme": "3", "cardType": "2"},
    {"sku": "CTHMCPE20057", "name": "Baltic blue", "cardScheme": "3", "cardType": "2"},
    {"sku": "CTHMCVE20010", "name": "Virtual", "cardScheme": "3", "cardType": "1"},
)

# Whose nationals may use a national ID card (idType 1); the others need a passport.
_EEA = "AT,BE,BG,CH,CY,CZ,DE,DK,EE,ES,FI,FR,GR,HR,HU,IE,IS,IT,LI,LT,LU,LV,MT,NL,NO,PL,PT,RO,SE,SI,SK"
EEA = frozenset(_EEA.split(","))
